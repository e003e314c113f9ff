"""Published body measurements, and the same measurements of the adults of `Rig.sample_shape`.

The survey is ANSUR II: 4,082 men and 1,986 women of the U.S. Army, measured from 2010 to 2012 (Gordon et al.
2014, "2012 Anthropometric Survey of U.S. Army Personnel: Methods and Summary Statistics", NATICK/TR-15/007).
The means and standard deviations are computed from its public data files, with each measurement divided by
that person's own stature: training targets are scaled to one stature, so only proportions matter. The
proportions of Drillis and Contini (1966), as given by Winter ("Biomechanics and Motor Control of Human
Movement", figure 4.1), serve as a second reference; they have no spread and are the same for both sexes.

An anthropometrist measures between bones felt under the skin, whereas a keypoint marks the centre of a joint.
Where the two agree within the width of a finger, means are compared. Where they do not, as at the shoulder,
`Measurement.apart` says why, and spreads and the ratio of women to men are compared instead.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from wholebody_lift.skeleton import FACE_FEATURES, INDEX
from wholebody_lift.train.synthetic.build_rig import load_anny
from wholebody_lift.train.synthetic.phenotypes import LOCAL_CHANGES, PHENOTYPES, Shape
from wholebody_lift.train.synthetic.rig import Rest, Rig


class Spread(NamedTuple):
    """Mean and standard deviation: of the stature in mm, of everything else in percent of the stature."""

    mean: float
    deviation: float


class Measurement(NamedTuple):
    """A published measurement, and its counterpart on synthetic people in the rest pose."""

    survey: str
    """Name of the dimension in ANSUR II, or the difference of two."""
    men: Spread
    women: Spread
    ours: str
    """Where the synthetic people are measured."""
    drillis: float | None = None
    """Value of Drillis and Contini, in percent of the stature."""
    apart: str = ""
    """Why the survey's length and ours differ; empty if they are the same length."""


_FROM_JOINT = "the acromion lies above and outside the joint"

MEASUREMENTS: dict[str, Measurement] = {
    "stature": Measurement("stature", Spread(1756.2, 68.6), Spread(1628.5, 64.2), "soles to top of the head"),
    "hip height": Measurement(
        "trochanterion height", Spread(51.28, 1.52), Spread(51.90, 1.44), "floor to hip", 53.0
    ),
    "thigh": Measurement(
        "trochanterion height - lateral femoral epicondyle height",
        *(Spread(23.30, 1.22), Spread(23.29, 1.07), "hip to knee", 24.5),
    ),
    "shank": Measurement(
        "lateral femoral epicondyle height - lateral malleolus height",
        *(Spread(23.84, 0.83), Spread(24.75, 1.07), "knee to ankle", 24.6),
    ),
    "foot length": Measurement(
        "foot length", Spread(15.44, 0.52), Spread(15.13, 0.53), "heel to big toe, level", 15.2
    ),
    "forearm": Measurement(
        "radiale-stylion length", Spread(15.25, 0.61), Spread(14.82, 0.68), "elbow to root of the hand", 14.6
    ),
    "hand length": Measurement(
        "hand length",
        *(Spread(11.01, 0.42), Spread(11.12, 0.47), "root of the hand along the middle finger", 10.8),
    ),
    "span": Measurement(
        "span",
        *(Spread(103.30, 2.74), Spread(101.95, 2.92), "shoulder breadth, and twice upper arm, forearm, hand"),
    ),
    "eye to top of head": Measurement(
        "sitting height - eye height, sitting", Spread(6.48, 0.50), Spread(6.69, 0.48), "vertical"
    ),
    "ear to top of head": Measurement(
        "tragion-top of head", Spread(7.48, 0.41), Spread(7.78, 0.45), "vertical"
    ),
    "head length": Measurement(
        "head length", Spread(11.37, 0.47), Spread(11.67, 0.52), "depth of Anny's head above the brows"
    ),
    "head breadth": Measurement(
        "head breadth", Spread(8.80, 0.45), Spread(9.09, 0.44), "width of Anny's head above the ears"
    ),
    "face height": Measurement(
        "menton-sellion length", Spread(6.99, 0.40), Spread(6.95, 0.39), "chin to the top of the nose"
    ),
    "face breadth": Measurement(
        "bizygomatic breadth", Spread(8.13, 0.44), Spread(8.22, 0.43), "end to end of the jaw line"
    ),
    "between the eyes": Measurement(
        "interpupillary breadth", Spread(3.65, 0.22), Spread(3.79, 0.24), "between the middles of the eyes"
    ),
    "upper arm": Measurement(
        "acromion-radiale length",
        *(Spread(19.09, 0.61), Spread(19.11, 0.65), "shoulder to elbow", 18.6, _FROM_JOINT),
    ),
    "shoulder breadth": Measurement(
        "biacromial breadth",
        *(Spread(23.68, 0.98), Spread(22.44, 0.96), "shoulder to shoulder", 25.9, _FROM_JOINT),
    ),
    "trunk": Measurement(
        "acromial height - trochanterion height",
        *(Spread(30.74, 1.55), Spread(30.08, 1.42), "hip to shoulder, vertical", 28.8, _FROM_JOINT),
    ),
    "hip breadth": Measurement(
        "bicristal breadth",
        *(Spread(15.69, 0.86), Spread(16.79, 1.27), "hip to hip", 19.1),
        "the crests of the pelvis lie outside the joints",
    ),
}
"""All measurements, by name."""

MEAN_TOLERANCE = 0.05
"""Largest relative difference between our means and the published ones. Where a measurement is `apart`, it
applies to the mean of women divided by the mean of men."""

SPREAD_FACTOR = 1.5
"""Our standard deviations and the published ones differ by at most this factor, either way."""

HEADS = 200
"""People whose heads are measured on Anny's mesh, which takes far longer than computing keypoints."""

_ABOVE_THE_EARS_MM = 15.0  # above the brows, where the head is broadest and no ear sticks out


def measure(rest: Rest) -> dict[str, Tensor]:
    """Those of `MEASUREMENTS` that keypoints give: lengths (N,) in mm of people in the rest pose."""

    def at(name: str) -> Tensor:
        return rest.keypoints[:, INDEX[name]]

    def length(*names: str) -> Tensor:
        steps = torch.stack([at(name) for name in names], 1).diff(dim=1)
        total: Tensor = torch.linalg.vector_norm(steps, dim=-1).sum(1)
        return total

    def face(feature: str, *numbers: int) -> Tensor:
        """The mean (N, 3) of the given keypoints of a facial feature, or of all its keypoints."""
        outline = rest.keypoints[:, list(FACE_FEATURES[feature])]
        return outline[:, list(numbers)].mean(1) if numbers else outline.mean(1)

    top = rest.floor_mm + rest.stature_mm
    jaw = len(FACE_FEATURES["jaw"])
    found = {
        "stature": rest.stature_mm,
        "hip height": at("left_hip")[:, 2] - rest.floor_mm,
        "thigh": length("left_hip", "left_knee"),
        "shank": length("left_knee", "left_ankle"),
        "foot length": (at("left_heel") - at("left_big_toe"))[:, :2].norm(dim=-1),
        "upper arm": length("left_shoulder", "left_elbow"),
        "forearm": length("left_elbow", "left_hand_root"),
        "hand length": length("left_hand_root", *(f"left_middle_finger{i}" for i in range(1, 5))),
        "shoulder breadth": length("left_shoulder", "right_shoulder"),
        "hip breadth": length("left_hip", "right_hip"),
        "trunk": (at("left_shoulder") - at("left_hip"))[:, 2],
        "eye to top of head": top - face("left_eye")[:, 2],
        "ear to top of head": top - at("left_ear")[:, 2],
        "face height": (face("jaw", jaw // 2) - face("nose", 0)).norm(dim=-1),
        "face breadth": (face("jaw", 0) - face("jaw", jaw - 1)).norm(dim=-1),
        "between the eyes": (face("left_eye") - face("right_eye")).norm(dim=-1),
    }
    arm = found["upper arm"] + found["forearm"] + found["hand length"]
    return found | {"span": found["shoulder breadth"] + 2 * arm}


def measure_heads(shape: Shape, rest: Rest) -> dict[str, Tensor]:
    """Length and breadth (N,) in mm of heads, from Anny's mesh, as the back of the head has no keypoint.

    Raises what `load_anny` raises.
    """
    model = load_anny()
    local = shape.local_changes.double().unbind(1)
    mesh = model(
        phenotype_kwargs=dict(zip(PHENOTYPES, shape.phenotypes.double().unbind(1), strict=True)),
        local_changes_kwargs={
            label: value
            for labels, value in zip(LOCAL_CHANGES.values(), local, strict=True)
            for label in labels
        },
    )["rest_vertices"]
    head = model.dense_vertex_bone_weights[:, model.bone_labels.index("head")] > 0.5
    size = 1000 if shape.size is None else 1000 * shape.size.double()[:, None, None]
    skin = mesh[:, head] * size  # (N, V, 3)
    brows = [*FACE_FEATURES["left_brow"], *FACE_FEATURES["right_brow"]]
    level = rest.keypoints[:, brows, 2].mean(1, keepdim=True)

    def extent(axis: int, above: Tensor) -> Tensor:
        inside = skin[..., 2] > above
        x = skin[..., axis]
        wide: Tensor = x.where(inside, -torch.inf).amax(1) - x.where(inside, torch.inf).amin(1)
        return wide.float()

    return {"head length": extent(1, level), "head breadth": extent(0, level + _ABOVE_THE_EARS_MM)}


def of_people(rig: Rig, people: int = 4000, seed: int = 0) -> dict[str, tuple[Spread, Spread]]:
    """`MEASUREMENTS` of synthetic people: the spread of each among the men and among the women of `people`
    sampled adults."""
    shape = rig.sample_shape(people, torch.Generator(rig.template.device).manual_seed(seed))
    rest = rig.rest(shape)
    size = None if shape.size is None else shape.size[:HEADS]
    few = Shape(shape.phenotypes[:HEADS], shape.local_changes[:HEADS], size)
    found = measure(rest) | measure_heads(few, rig.rest(few))
    women = shape.phenotypes[:, PHENOTYPES.index("gender")] > 0.5

    def spread(name: str, group: Tensor) -> Spread:
        x = found[name]
        if name != "stature":
            x = 100 * x / rest.stature_mm[: len(x)]
        x = x[group[: len(x)]]
        return Spread(x.mean().item(), x.std().item())

    return {name: (spread(name, ~women), spread(name, women)) for name in MEASUREMENTS}
