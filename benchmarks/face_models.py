"""Compare the rig's mean face with free models of faces: `python -m benchmarks.face_models ICT MEDIAPIPE`.

ICT is a checkout of ICT-FaceKit (https://github.com/ICT-VGL/ICT-FaceKit, MIT), whose mean face comes from
scans of people; MEDIAPIPE is canonical_face_model.obj of MediaPipe (mediapipe/modules/face_geometry/data in
https://github.com/google-ai-edge/mediapipe, Apache-2.0). Both have vertices for the 68 landmarks.

The table shows by how much the landmarks of each model, after a similarity alignment, are further outwards,
upwards and to the front than the rig's, in mm on a face of `individual.FACE_MM`, next to the means that
training uses (`individual.PLACES`).

- ICT-FaceKit is aligned by all landmarks. Training has its offsets, to about a millimetre.
- MediaPipe is aligned by all but the jaw line.
- The upper half of the jaw line (landmarks 0 to 4) begins in front of the ears in both models, whereas the
  annotation scheme (Sagonas et al., ICCV workshops 2013) begins at the ears. There, training has the mean of
  both, whose depth is moved towards that of the rig's ears: half way at landmark 0, not at all at 4.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from wholebody_lift._types import Floats
from wholebody_lift.formats.detections.mediapipe import FACE_VERTICES
from wholebody_lift.skeleton import INDEX, MIRROR, PARTS
from wholebody_lift.train import markdown
from wholebody_lift.train.synthetic import individual
from wholebody_lift.train.synthetic.bones import BONES
from wholebody_lift.train.synthetic.rig import load_rig

PEOPLE = 400
JAW = range(17)
UPPER_JAW = range(5)
TOWARDS_EARS = 0.5

_FIRST = PARTS["face"].start
_OTHER_SIDE = np.array([MIRROR[i] - _FIRST for i in PARTS["face"]])


def aligned(points: Floats, target: Floats, by: list[int]) -> Floats:
    """Points (K, 3) after the similarity transform that brings those of the landmarks `by` closest to the
    target's."""
    middle, wanted = points[by].mean(0), target[by].mean(0)
    U, S, Vt = np.linalg.svd((points[by] - middle).T @ (target[by] - wanted))
    signs = np.array([1, 1, np.sign(np.linalg.det(U @ Vt))])
    size = (S * signs).sum() / np.square(points[by] - middle).sum()
    moved: Floats = size * (points - middle) @ (U * signs) @ Vt + wanted
    return moved


def offsets(model: Floats, rig: Floats, by: list[int]) -> Floats:
    """By how much landmarks (68, 3) are further to the left, up and to the front than the rig's, the mean of
    both sides, as on the left."""
    there = aligned(model, rig, by)
    difference: Floats = (there + there[_OTHER_SIDE] * [-1, 1, 1]) / 2 - rig
    return difference


def rigs_face() -> tuple[Floats, Floats]:
    """Landmarks (68, 3) and the right ear (3,) of the rig's mean face; x to the left, y up, z to the
    front."""
    rig, generator = load_rig(), torch.Generator().manual_seed(0)
    still = torch.eye(3).expand(PEOPLE, len(BONES), 3, 3)
    people = rig(rig.sample_shape(PEOPLE, generator), still).double().numpy()
    ears = [INDEX["right_ear"], INDEX["left_ear"]]
    heads = np.concatenate((people[:, list(PARTS["face"])], people[:, ears]), 1)[:, :, [0, 2, 1]] * [1, 1, -1]
    landmarks = list(range(68))
    mean = heads[0]
    for _ in range(5):
        mean = np.mean([aligned(head, mean, landmarks) for head in heads], 0)
        mean = mean - mean[landmarks].mean(0)
        mean *= individual.FACE_MM / np.sqrt(np.square(mean[landmarks]).sum(1).mean())
    other = np.append(_OTHER_SIDE, [69, 68])
    mean = (mean + mean[other] * [-1, 1, 1]) / 2
    return mean[:68], mean[68]


def vertices(obj: Path) -> Floats:
    """The vertices (V, 3) of a Wavefront OBJ file."""
    rows = (line.split() for line in obj.read_text().splitlines())
    return np.array([row[1:4] for row in rows if row and row[0] == "v"], dtype=np.float64)


def ict_landmarks(checkout: Path) -> Floats:
    """The landmarks (68, 3) of ICT-FaceKit's mean face."""
    folder = checkout / "FaceXModel"
    numbers = json.loads((folder / "vertex_indices.json").read_text())["idx_to_landmark_verts"]
    return vertices(folder / "generic_neutral_mesh.obj")[numbers]


def mediapipe_landmarks(obj: Path) -> Floats:
    """The landmarks (68, 3) of MediaPipe's canonical face, as the reader of its results places them."""
    landmarks: Floats = vertices(obj)[np.array(FACE_VERTICES)].mean(1)
    return landmarks


def of_training(ict: Floats, mediapipe: Floats, rig: Floats, ear: Floats) -> Floats:
    """The offsets (68, 3) that follow from those of both models."""
    found = ict.copy()
    step = TOWARDS_EARS * (ear[2] - (rig + (ict + mediapipe) / 2)[0, 2])
    for i in UPPER_JAW:
        found[i] = (ict[i] + mediapipe[i]) / 2
        found[i, 2] += step * (1 - i / UPPER_JAW[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare the rig's mean face with free models of faces.")
    parser.add_argument("ict", type=Path, help="a checkout of ICT-FaceKit")
    parser.add_argument("mediapipe", type=Path, help="MediaPipe's canonical_face_model.obj")
    arguments = parser.parse_args()
    rig, ear = rigs_face()
    everything = list(range(68))
    ict = offsets(ict_landmarks(arguments.ict), rig, everything)
    mediapipe = offsets(mediapipe_landmarks(arguments.mediapipe), rig, everything[len(JAW) :])
    columns = (ict, mediapipe, of_training(ict, mediapipe, rig, ear))
    rows = []
    for place in individual.PLACES:
        means = [column[list(place.keypoints)].mean(0) * [-1, 1, 1] for column in columns]
        cells = [", ".join(f"{value:.1f}" for value in mean) for mean in (*means, place.mean)]
        rows.append([place.feature, ", ".join(map(str, place.keypoints)), *cells])
    header = ["Feature", "Landmarks", "ICT-FaceKit", "MediaPipe", "Of both", "In training"]
    print(markdown.table(header, rows))


if __name__ == "__main__":
    main()
