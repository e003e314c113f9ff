"""Settings and mixtures of training, and the test sets: training.md, model.md, evaluation.md."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import fields
from typing import get_args, get_type_hints

from blocks.writing import WIDTH, code, list_shares, percent, table, value_range
from wholebody_lift.train.evaluation.held_out import INPUTS, SETS
from wholebody_lift.train.losses import LossWeights
from wholebody_lift.train.settings import Settings
from wholebody_lift.train.synthetic import hands, poses
from wholebody_lift.train.synthetic.activities import ACTIVITIES
from wholebody_lift.train.synthetic.cameras import FAMILIES
from wholebody_lift.train.synthetic.detector import KINDS
from wholebody_lift.train.synthetic.hands import SHAPES
from wholebody_lift.train.synthetic.people import CAMERA_KNOWLEDGE


def training_settings() -> str:
    """Options of `run` with their defaults."""
    hints = get_type_hints(Settings, include_extras=True)
    rows = []
    for setting in fields(Settings):
        meaning = get_args(hints[setting.name])[1]
        default = "none" if setting.default is None else code(setting.default)
        rows.append((code("--" + setting.name.replace("_", "-")), default, meaning))
    return table(("Option", "Default", "Meaning"), rows)


def pose_shares() -> str:
    """Where poses come from."""
    rows = [
        (name.replace("_", " "), *(percent(shares[name]) if name in shares else "" for shares in both))
        for both in ((poses.SHARES_WITH_RECORDINGS, poses.SHARES_ALONE),)
        for name in both[0]
    ]
    return table(("Poses", "With recordings", "Without"), rows)


def activity_shares() -> str:
    """The shares of the everyday poses."""
    return textwrap.fill(list_shares({name: a.share for name, a in ACTIVITIES.items()}) + ".", WIDTH)


def hand_shares() -> str:
    """Where hands come from."""
    rows = [
        (name, percent(share), percent(hands.SHARES_ALONE[name]) if name in hands.SHARES_ALONE else "")
        for name, share in hands.SHARES_WITH_RECORDINGS.items()
    ]
    return table(("Hands", "With recordings", "Without"), rows)


def shape_shares() -> str:
    """The shares of the named hand shapes."""
    return textwrap.fill(list_shares({name: shape.share for name, shape in SHAPES.items()}) + ".", WIDTH)


def camera_families() -> str:
    """The cameras."""
    rows = [
        (
            name.replace("_", " "),
            percent(family.share),
            value_range(family.focal),
            value_range([mm / 1000 for mm in family.distance_mm], " m"),
            value_range(family.trained_elevation_deg or family.elevation_deg),
            value_range(family.elevation_deg),
            f"{family.roll_sd_deg:g}",
            percent(family.distorted),
        )
        for name, family in FAMILIES.items()
    ]
    header = (
        *("Family", "Share", "Focal length / longer side", "Distance", "Elevation, degrees"),
        *("Elevation, test sets of version 1", "Roll, spread in degrees", "Distorted lens"),
    )
    return table(header, rows)


def camera_framings() -> str:
    """Which part of the person the cameras show; families that agree share a row."""
    shown: dict[str, list[str]] = {}
    for name, family in FAMILIES.items():
        shown.setdefault(list_shares(family.framings), []).append(name.replace("_", " "))
    return table(("Family", "Framing"), ((", ".join(names), shares) for shares, names in shown.items()))


def detector_kinds() -> str:
    """The detectors."""
    rows = [
        (
            name.replace("_", " "),
            percent(kind.share),
            "none" if name in ("exact", "masked") else f"{kind.noise:g}",
            *map(percent, (kind.drops_hidden, kind.hand_lost, kind.hidden_hand_lost, kind.hidden_face_lost)),
            *map(percent, (kind.no_hands, kind.no_face, kind.no_feet)),
        )
        for name, kind in KINDS.items()
    ]
    header = (
        *("Kind", "Share", "Noise", "Hidden keypoint dropped", "Hand lost", "Hidden hand lost"),
        *("Face turned away lost", "No hands", "No face", "No feet"),
    )
    return table(header, rows)


def camera_knowledge() -> str:
    """What the network knows about the camera."""
    return table(
        ("Camera", "Share"), ((name.replace("_", " "), percent(s)) for name, s in CAMERA_KNOWLEDGE.items())
    )


def loss_weights() -> str:
    """The weights of the loss terms."""
    return table(("Term", "Weight"), ((code(name), f"{w:g}") for name, w in LossWeights()._asdict().items()))


def test_sets() -> str:
    """The test sets of the evaluation."""
    rows = [
        (
            name.replace("_", " "),
            "close-ups" if held_out.close_ups else (held_out.family or "mixture").replace("_", " "),
            "sampled" if held_out.sampled else "recorded",
            ", ".join(held_out.inputs),
        )
        for name, held_out in SETS.items()
    ]
    return table(("Test set", "Cameras", "Poses", "Inputs"), rows)


def test_inputs() -> str:
    """The inputs that the network gets for each person."""
    rows = [(name, given.about, given.knowledge.replace("_", " ")) for name, given in INPUTS.items()]
    return table(("Input", "2D keypoints", "Camera known from"), rows)


BLOCKS: dict[str, Callable[[], str]] = {
    "training-settings": training_settings,
    "pose-shares": pose_shares,
    "activity-shares": activity_shares,
    "hand-shares": hand_shares,
    "shape-shares": shape_shares,
    "camera-families": camera_families,
    "camera-framings": camera_framings,
    "detector-kinds": detector_kinds,
    "camera-knowledge": camera_knowledge,
    "loss-weights": loss_weights,
    "test-sets": test_sets,
    "test-inputs": test_inputs,
}
