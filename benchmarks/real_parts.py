"""Measure lifting of real hands, faces and bodies alone: `python -m benchmarks.real_parts --hands DIR ...`.

None of these data sets is ours to pass on. All are in public repositories, and may be used for research only:

- 583 left hands of several people with 21 joints each, fitted to the pictures and a depth camera: the folder
  `data/real_world_testset` of https://github.com/3d-hand-shape/hand-graph-cnn (Ge et al., CVPR 2019). Their
  joints are projected with their camera, so the 2D is exact.
- AFLW2000-3D, 2,000 faces of photographs with 68 landmarks (Zhu et al., CVPR 2016): the file
  `test.configs/AFLW2000-3D.pts68.npy` of https://github.com/cleardusk/3DDFA. A face model was fitted to each
  photograph without perspective, so x and y are the 2D, and only the size of the picture is known. Faces have
  no true size; each is taken to be so large that the outer corners of the eyes are 90 mm apart.
- HumanEva-I, three people with markers before three cameras (Sigal, Balan and Black, IJCV 2010): the files
  `data_2d_humaneva15.npz` and `data_3d_humaneva15.npz` in `data` of https://github.com/Gerrystev/VideoPose3D.
  Twelve joints, without head, hands and feet, are given as projections by the cameras that fit the two files
  best, every 20th frame. The hips of this set are 9 cm apart, where COCO's are 20.

Errors are at the root of hands, at the middle of faces and between the hips of bodies (MPJPE), there with the
best scale (N-MPJPE), and after Procrustes alignment (PA-MPJPE). The MPJPE of faces
depends on the size that they are taken to have.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from scipy.io import loadmat

from wholebody_lift import Lifter
from wholebody_lift.skeleton import INDEX, NUM_KEYPOINTS, PARTS
from wholebody_lift.train.evaluation import metrics
from wholebody_lift.train.markdown import table

Floats = npt.NDArray[np.float64]

FACE_PICTURE = (450, 450)
"""Width and height of AFLW2000-3D's pictures in pixels."""
EYE_CORNERS_MM = 90.0
"""Between the outer corners of the eyes, as in adults (Farkas, Anthropometry of the Head and Face)."""

HUMANEVA_JOINTS: dict[str, tuple[int, int]] = {
    "shoulder": (2, 5),
    "elbow": (3, 6),
    "wrist": (4, 7),
    "hip": (8, 11),
    "knee": (9, 12),
    "ankle": (10, 13),
}
"""Left and right joints of HumanEva that are keypoints of COCO."""
HUMANEVA_STEP = 20


class Part(NamedTuple):
    """N people of whom one part is in the picture."""

    name: str
    keypoints: list[int]
    """Numbers of the part's keypoints."""
    xy: Floats
    """(N, 133, 2) pixels, NaN elsewhere."""
    truth: Floats
    """(N, the part's keypoints, 3) mm in camera axes, from anywhere."""
    camera: dict[str, Any]
    """What `Lifter.lift` is given of the camera."""


def hands(folder: Path) -> Part:
    """The left hands in a folder with `pose_gt.mat` and `params.mat`."""
    truth = 10.0 * loadmat(folder / "pose_gt.mat")["pose_gt"].astype(np.float64)  # they are in cm
    focal_and_centre = loadmat(folder / "params.mat")["cam_param"].astype(np.float64)
    K = np.tile(np.eye(3), (len(truth), 1, 1))
    K[:, 0, 0], K[:, 1, 1], K[:, 0, 2], K[:, 1, 2] = focal_and_centre.T
    projected = truth @ K.swapaxes(1, 2)
    keypoints = list(PARTS["left_hand"])
    return Part(
        "hand", keypoints, _among_all(projected[..., :2] / projected[..., 2:], keypoints), truth, {"K": K}
    )


def faces(file: Path) -> Part:
    """The faces in a file of shape (N, 3, 68): x to the right and y down in pixels, z towards the camera."""
    points = np.load(file, allow_pickle=False).astype(np.float64).swapaxes(1, 2)
    keypoints = list(PARTS["face"])
    truth = points * (1.0, 1.0, -1.0)
    right, left = (INDEX[f"face-{corner}"] - keypoints[0] for corner in (36, 45))
    between = np.linalg.norm(truth[:, left] - truth[:, right], axis=-1)
    truth *= (EYE_CORNERS_MM / between)[:, None, None]
    xy = _among_all(points[..., :2], keypoints)
    return Part("face", keypoints, xy, truth, {"image_size": FACE_PICTURE})


def bodies(folder: Path) -> Part:
    """The people with markers in a folder with HumanEva's two files."""
    loaded = [
        np.load(folder / f"data_{d}_humaneva15.npz", allow_pickle=True)[f"positions_{d}"].item()
        for d in ("2d", "3d")
    ]
    seen: dict[tuple[str, int], list[tuple[Floats, Floats]]] = {}
    for subject, actions in loaded[1].items():
        for action, world in actions.items():
            for number, picture in enumerate(loaded[0][subject][action]):
                n = min(len(world), len(picture))
                rows = slice(0, n, HUMANEVA_STEP)
                seen.setdefault((subject.rpartition("/")[2], number), []).append(
                    (1000.0 * world[rows].astype(np.float64), picture[rows].astype(np.float64))
                )
    joints = [joint for pair in HUMANEVA_JOINTS.values() for joint in pair]
    keypoints = [INDEX[f"{side}_{name}"] for name in HUMANEVA_JOINTS for side in ("left", "right")]
    xy, truth, Ks = [], [], []
    for pieces in seen.values():
        world, picture = (np.concatenate(column) for column in zip(*pieces, strict=True))
        K, rotation, translation = camera_of(world.reshape(-1, 3), picture.reshape(-1, 2))
        xyz = world[:, joints] @ rotation.T + translation
        projected = xyz @ K.T
        xy.append(projected[..., :2] / projected[..., 2:])
        truth.append(xyz)
        Ks.append(np.tile(K, (len(xyz), 1, 1)))
    return Part(
        "body",
        keypoints,
        _among_all(np.concatenate(xy), keypoints),
        np.concatenate(truth),
        {"K": np.concatenate(Ks)},
    )


def camera_of(xyz: Floats, xy: Floats) -> tuple[Floats, Floats, Floats]:
    """K (3, 3), rotation (3, 3) and translation (3,) of the camera that projects points (N, 3) to pixels
    (N, 2): the direct linear transform (Hartley and Zisserman, chapter 7), and its RQ decomposition."""
    middle, size = xyz.mean(0), xyz.std()
    centre, pixels = xy.mean(0), xy.std()
    world = np.c_[(xyz - middle) / size, np.ones(len(xyz))]
    u, v = ((xy - centre) / pixels).T
    nothing = np.zeros_like(world)
    equations = np.r_[np.c_[world, nothing, -u[:, None] * world], np.c_[nothing, world, -v[:, None] * world]]
    P = np.linalg.svd(equations, full_matrices=False)[2][-1].reshape(3, 4)
    P = np.array([[pixels, 0, centre[0]], [0, pixels, centre[1]], [0, 0, 1]]) @ P
    P = P @ np.r_[np.c_[np.eye(3) / size, -middle / size], [[0, 0, 0, 1]]]
    Q, R = np.linalg.qr(P[::-1, :3].T)
    K, rotation = R.T[::-1, ::-1], Q.T[::-1]
    signs = np.sign(np.diag(K))
    K, rotation = K * signs, signs[:, None] * rotation
    translation = np.linalg.solve(K, P[:, 3])
    if np.linalg.det(rotation) < 0:
        rotation, translation = -rotation, -translation
    return np.asarray(K / K[2, 2]), rotation, translation


def _among_all(xy: Floats, keypoints: list[int]) -> Floats:
    everything = np.full((len(xy), NUM_KEYPOINTS, 2), np.nan)
    everything[:, keypoints] = xy
    return everything


def half(part: Part, which: str) -> Part:
    """The first or the second half of the people, in the order of the files, or all of them."""
    middle = len(part.truth) // 2
    rows = {"first": slice(None, middle), "second": slice(middle, None), "all": slice(None)}[which]
    camera = {name: value[rows] if name == "K" else value for name, value in part.camera.items()}
    return part._replace(xy=part.xy[rows], truth=part.truth[rows], camera=camera)


def errors(found: Floats, part: Part) -> dict[str, float]:
    """Mean errors in mm of the part's keypoints (N, M, 3)."""
    xyz, truth = (torch.from_numpy(points) for points in (found, part.truth))
    roots = _ROOTS[part.name] or range(len(part.keypoints))
    found_at, true_at = (points - points[:, list(roots)].mean(1, keepdim=True) for points in (xyz, truth))
    scale = (found_at * true_at).sum((1, 2)) / found_at.square().sum((1, 2))
    return {
        "MPJPE": (found_at - true_at).norm(dim=-1).mean().item(),
        "N-MPJPE": (scale[:, None, None] * found_at - true_at).norm(dim=-1).mean().item(),
        "PA-MPJPE": metrics.procrustes_aligned(xyz, truth).mean().item(),
    }


_ROOTS = {"hand": [0], "face": [], "body": [6, 7]}
"""Positions, among a part's keypoints, of those whose midpoint is aligned; none means that of all."""


def measure(lifter: Lifter, part: Part) -> dict[str, float]:
    """Lift the people and measure them."""
    pose = lifter.lift(part.xy, **part.camera)
    return errors(pose.xyz[:, part.keypoints].astype(np.float64), part)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.real_parts", description=__doc__.partition("\n\n")[0]
    )
    parser.add_argument("--hands", type=Path, help="folder with pose_gt.mat and params.mat")
    parser.add_argument("--faces", type=Path, help="AFLW2000-3D.pts68.npy")
    parser.add_argument("--bodies", type=Path, help="folder with HumanEva's two files")
    parser.add_argument("--weights", nargs="+", default=["base", "tiny"], help="(default: base tiny)")
    parser.add_argument("--half", choices=("first", "second", "all"), default="all", help="(default: all)")
    parser.add_argument("--out", type=Path, help="write everything as JSON as well")
    arguments = parser.parse_args()
    readers = {hands: arguments.hands, faces: arguments.faces, bodies: arguments.bodies}
    parts = [read(path) for read, path in readers.items() if path is not None]
    if not parts:
        parser.error(
            "expected --hands, --faces or --bodies, got none; the module's docstring has the addresses"
        )
    found = []
    for weights in arguments.weights:
        lifter = Lifter.from_pretrained(weights)
        for part in (half(part, arguments.half) for part in parts):
            row = {"part": part.name, "people": len(part.truth), "weights": weights, **measure(lifter, part)}
            found.append(row)
    columns = ("MPJPE", "N-MPJPE", "PA-MPJPE")
    head = ("Part", "People", "Weights", *(f"{name}, mm" for name in columns))
    rows = [
        [row["part"], f"{row['people']:,}", row["weights"], *(f"{row[name]:.1f}" for name in columns)]
        for row in found
    ]
    print(table(head, rows))
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
