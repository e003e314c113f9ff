"""Facial expressions: weights of the 52 ARKit actions, recorded over time or drawn by hand."""

import csv
import io
import json
from pathlib import Path

import torch
from torch import Tensor

from wholebody_lift.train.synthetic.phenotypes import FACE_ACTIONS


def _both(unit: str, *actions: str) -> dict[str, tuple[str, ...]]:
    """A unit and its actions on the left and on the right."""
    return {f"{side}{unit}": tuple(f"{action}{side}" for action in actions) for side in ("Left", "Right")}


_UNIT_ACTIONS: dict[str, tuple[str, ...]] = {
    **_both("BrowDown", "browDown"),
    **_both("OuterBrowUp", "browOuterUp"),
    **dict.fromkeys(("LeftInnerBrowUp", "RightInnerBrowUp"), ("browInnerUp",)),
    "NoseWrinkler": ("noseSneerLeft", "noseSneerRight"),
    **_both("UpperLidOpen", "eyeWide"),
    **_both("UpperLidClosed", "eyeBlink"),
    **_both("LowerLidUp", "eyeSquint"),
    **_both("EyeUp", "eyeLookUp"),
    **_both("EyeDown", "eyeLookDown"),
    "LeftEyeturnLeft": ("eyeLookOutLeft",),
    "LeftEyeturnRight": ("eyeLookInLeft",),
    "RightEyeturnLeft": ("eyeLookInRight",),
    "RightEyeturnRight": ("eyeLookOutRight",),
    **_both("CheekUp", "cheekSquint"),
    "CheeksPump": ("cheekPuff",),
    "ChinLeft": ("jawLeft",),
    "ChinRight": ("jawRight",),
    "ChinForward": ("jawForward",),
    "JawDrop": ("jawOpen",),
    "JawDropStretched": ("jawOpen",),
    "LipsKiss": ("mouthPucker",),
    "UpperLipUp": ("mouthUpperUpLeft", "mouthUpperUpRight"),
    "UpperLipBackward": ("mouthRollUpper",),
    "UpperLipForward": ("mouthPucker",),
    "lowerLipUp": ("mouthShrugLower",),
    "lowerLipDown": ("mouthLowerDownLeft", "mouthLowerDownRight"),
    "lowerLipBackward": ("mouthRollLower",),
    "lowerLipForward": ("mouthPucker",),
    **{f"MouthMove{side}": (f"mouth{side}",) for side in ("Left", "Right")},
    **{f"Mouth{side}PullUp": (f"mouthSmile{side}",) for side in ("Left", "Right")},
    **{f"Mouth{side}PullSide": (f"mouthDimple{side}",) for side in ("Left", "Right")},
    **{f"Mouth{side}PullDown": (f"mouthFrown{side}",) for side in ("Left", "Right")},
    **{f"Mouth{side}Platysma": (f"mouthStretch{side}",) for side in ("Left", "Right")},
}
"""The actions that do what MakeHuman's units of facial poses do, by unit. The others move no keypoint or have
no counterpart: hollow cheeks, deeper folds beside the nose, a long upper lip, the tongue."""


def parse_units(text: str) -> Tensor:
    """Parse an expression of MakeHuman (.mhpose) into weights (1, 52), float32, 0..1, as `parse`.

    Units that share an action, such as those of the two inner brows, do not add up: the largest counts.
    """
    weights = torch.zeros(1, len(FACE_ACTIONS))
    for unit, weight in json.loads(text)["unit_poses"].items():
        for action in _UNIT_ACTIONS.get(unit, ()):
            column = FACE_ACTIONS.index(action)
            weights[0, column] = max(weights[0, column].item(), min(weight, 1.0))
    return weights


def read(path: Path) -> Tensor:
    """Read a CSV file of ARKit weights, as `parse`."""
    return parse(path.read_text(encoding="utf-8"))


def parse(text: str) -> Tensor:
    """Parse a CSV of ARKit weights with a header line into (F, 52), float32, 0..1, ordered as `FACE_ACTIONS`.

    ARKit does not report zero for a face at rest. The actor returns to rest between expressions, so the
    median of each column is taken as its value at rest, and the range above it is stretched to 0..1. Frames
    in which the phone lost the face have no weights and are left out. Raises `KeyError` if an action has no
    column.
    """
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    columns = [action[0].upper() + action[1:] for action in FACE_ACTIONS]
    weights = torch.tensor(
        [[float(row[column]) for column in columns] for row in rows if all(row[column] for column in columns)]
    )
    rest = weights.median(0).values
    return ((weights - rest) / (1 - rest)).clamp(0, 1)
