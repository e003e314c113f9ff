"""Whether OpenSim's full-body model, posed by a .mot of ours, stands as the keypoints do.

    python -m benchmarks.opensim_model Rajagopal2016.osim

Needs the package `opensim` (PyPI) and the model of Rajagopal et al. (2016), which is in the repository
opensim-org/opensim-models on GitHub. The squats of the examples are lifted and written as .mot, which
OpenSim's own reader loads; its coordinates are given to the model, and the directions of its limbs are
compared with those between our keypoints. The model's joints lie elsewhere than keypoints do, which alone
makes some degrees.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from wholebody_lift import Lifter, Pose3D, formats
from wholebody_lift.body.joint_angles import POSITIONS
from wholebody_lift.skeleton import INDEX

ROOT = Path(__file__).resolve().parents[1]
LIMBS = {
    "thigh": (("femur", "hip"), ("tibia", "knee")),
    "shank": (("tibia", "knee"), ("talus", "ankle")),
    "upper arm": (("humerus", "shoulder"), ("ulna", "elbow")),
    "forearm": (("radius", "elbow"), ("hand", "wrist")),
}
"""The body of the model, and the keypoint, at each end."""


def directions(model: Any, state: Any, limb: str, side: str) -> np.ndarray:
    bodies = [f"{body}_{side[0]}" for body, _ in LIMBS[limb]]
    ends = [model.getBodySet().get(body).getTransformInGround(state).p() for body in bodies]
    start, end = (np.array([point[axis] for axis in range(3)]) for point in ends)
    return end - start


def compare(pose: Pose3D, path: Path, model_path: Path) -> dict[str, np.ndarray]:
    """By limb, the angles between model and keypoints in degrees, of all frames and both sides."""
    import opensim

    opensim.Logger.setLevelString("Error")
    model = opensim.Model(str(model_path))
    state = model.initSystem()
    table = opensim.TimeSeriesTable(str(path))
    values = table.getMatrix().to_numpy()
    coordinates = {one.getName(): one for one in model.getCoordinateSet()}
    xyz = pose.to("opensim").xyz
    found: dict[str, list[float]] = {limb: [] for limb in LIMBS}
    for row, keypoints in zip(values, xyz, strict=True):
        for name, value in zip(table.getColumnLabels(), row, strict=True):
            coordinates[name].setLocked(state, False)
            coordinates[name].setValue(state, value if name in POSITIONS else np.deg2rad(value), False)
        model.realizePosition(state)
        for limb, ends in LIMBS.items():
            for side in ("left", "right"):
                theirs = directions(model, state, limb, side)
                start, end = (keypoints[INDEX[f"{side}_{keypoint}"]] for _, keypoint in ends)
                ours = end - start
                cosine = theirs @ ours / np.linalg.norm(theirs) / np.linalg.norm(ours)
                found[limb].append(float(np.degrees(np.arccos(np.clip(cosine, -1, 1)))))
    return {limb: np.array(angles) for limb, angles in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare a .mot in OpenSim's model with its keypoints")
    parser.add_argument("model", type=Path, help="Rajagopal2016.osim")
    arguments = parser.parse_args()
    frames = formats.read(ROOT / "examples" / "data" / "squats.json", fps=30)
    pose = Lifter.from_pretrained().lift_sequence(frames)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "squats.mot"
        formats.write(pose, path)
        for limb, angles in compare(pose, path, arguments.model).items():
            print(f"{limb:10} {angles.mean():5.1f} degrees on average, at most {angles.max():.1f}")


if __name__ == "__main__":
    main()
