"""What the documentation quotes from the code: tables, messages, an example file.

`python docs/tables.py` writes every block that stands in a page between `<!-- begin NAME -->` and
`<!-- end NAME -->` anew; tests/test_docs.py checks that this changes nothing. Each block is a function here.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import re
import tempfile
import textwrap
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wholebody_lift import (
    InputError,
    InputWarning,
    Keypoints2D,
    Pose3D,
    WeightsError,
    cli,
    formats,
    pretrained,
)
from wholebody_lift.checks import LAYOUTS
from wholebody_lift.config import Config
from wholebody_lift.formats import results
from wholebody_lift.formats.results import pose_csv, pose_json
from wholebody_lift.model import SemGAN
from wholebody_lift.pose import FRAMES
from wholebody_lift.skeleton import (
    FACE_FEATURES,
    INDEX,
    KEYPOINT_NAMES,
    MIRROR,
    PARENTS,
    PARTS,
    indices,
)
from wholebody_lift.train import markdown

ROOT_DIRECTORY = Path(__file__).resolve().parents[1]
PAGES = (
    *sorted((ROOT_DIRECTORY / "docs").rglob("*.md")),
    ROOT_DIRECTORY / "README.md",
    ROOT_DIRECTORY / "weights" / "README.md",
    ROOT_DIRECTORY / "weights" / "tiny" / "README.md",
)
MEASURED = {
    "base": ROOT_DIRECTORY / "docs" / "assets" / "errors-base.json",
    "tiny": ROOT_DIRECTORY / "docs" / "assets" / "errors-tiny.json",
}
"""What `python -m wholebody_lift.train evaluate --weights NAME --out` wrote of the weights in the package."""
MEASURED_ON_REAL_PEOPLE = ROOT_DIRECTORY / "docs" / "assets" / "real.json"
"""What `python -m benchmarks.real --out` wrote of the weights in the package."""
EXAMPLES = ROOT_DIRECTORY / "examples" / "data"

_BLOCK = re.compile(r"(<!-- begin ([\w-]+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)
_WIDTH = 96


def render(page: str) -> str:
    """The page with every block as the code says it."""
    return _BLOCK.sub(lambda match: f"{match[1]}\n{BLOCKS[match[2]]()}\n\n{match[3]}", page)


# --- how things are written ---


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    return markdown.table(header, rows, numbers=False)


def _code(text: object) -> str:
    return f"`{text}`"


def _range(values: Sequence[float], unit: str = "") -> str:
    low, high = values
    return f"{low:g} to {high:g}{unit}"


def _percent(share: float) -> str:
    return f"{round(100 * share, 1):g}%"


def _shares(shares: dict[str, float]) -> str:
    total = sum(shares.values())
    return ", ".join(f"{name.replace('_', ' ')} {_percent(share / total)}" for name, share in shares.items())


# --- keypoints.md and frames.md ---


def keypoint_names() -> str:
    """Body and feet by index."""
    rows = []
    for part in ("body", "feet"):
        for i in PARTS[part]:
            parent = KEYPOINT_NAMES[PARENTS[i]] if PARENTS[i] >= 0 else "none: the top of the tree"
            rows.append((i, _code(KEYPOINT_NAMES[i]), part, _code(parent) if PARENTS[i] >= 0 else parent))
    return _table(("Index", "Name", "Part", "Parent"), rows)


def face_names() -> str:
    """What the keypoints of the face outline."""
    first = PARTS["face"].start
    rows = [
        (
            name.replace("_", " "),
            f"{part[0]} to {part[-1]}",
            f"`{KEYPOINT_NAMES[part[0]]}` to `{KEYPOINT_NAMES[part[-1]]}`",
            f"{part[0] - first} to {part[-1] - first}",
        )
        for name, part in FACE_FEATURES.items()
    ]
    return _table(("Feature", "Index", "Names", "Number in iBUG's 68"), rows)


def hand_names() -> str:
    """Both hands, side by side."""
    left, right = PARTS["left_hand"], PARTS["right_hand"]
    rows = [
        (_code(KEYPOINT_NAMES[a].removeprefix("left_")), a, b, _code(_hand_parent(a)))
        for a, b in zip(left, right, strict=True)
    ]
    return _table(("Name, after `left_` or `right_`", "Left", "Right", "Parent"), rows)


def _hand_parent(left: int) -> str:
    return KEYPOINT_NAMES[PARENTS[left]].removeprefix("left_")


def frames() -> str:
    """The frames of `Pose3D.to`."""
    rows = [(_code(name), f.x, f.y, f.z, f.handedness) for name, f in FRAMES.items()]
    return _table(("Frame", "x", "y", "z", "Handedness"), rows)


# --- input.md: what a bad input is told ---

SIZE = np.array([720.0, 1280.0])
CAMERA = np.array([[1400.0, 0.0, 360.0], [0.0, 1400.0, 640.0], [0.0, 0.0, 1.0]])

ERRORS = (
    ("Another layout", "Keypoints2D(np.ones((17, 2)))"),
    ("Flat rows", "Keypoints2D(people.reshape(4, -1))"),
    ("Axes in another order", "Keypoints2D(np.swapaxes(people, 0, 1))"),
    ("A video with two people in each frame", "Keypoints2D(people.reshape(2, 2, 133, 3))"),
    ("Nobody", "Keypoints2D(people[:0])"),
    ("A path", 'Keypoints2D("detections.json")'),
    ("Words", 'Keypoints2D(np.array([["x", 1.0]] * 133, dtype=object))'),
    ("Complex numbers", "Keypoints2D(np.ones((133, 2), complex))"),
    ("Rows of different lengths", "Keypoints2D([[1.0, 2.0]] * 132 + [[3.0]])"),
    ("Infinity", "Keypoints2D(np.full((133, 2), np.inf))"),
    ("A score over 1", "Keypoints2D(xy, np.full(133, 1.2))"),
    ("Visibility flags as scores", "Keypoints2D(xy, np.full(133, 2))"),
    ("Scores of one person for many", "Keypoints2D(people[..., :2], np.ones(133))"),
    ("Scores twice", "Keypoints2D(people, people[..., 2])"),
    ("Nobody visible", "Keypoints2D(xy, np.full(133, 0.1))"),
    ("All on one spot", "Keypoints2D(np.full((133, 2), 7.0))"),
    ("A limit that is no score", "Keypoints2D(xy, min_score=30)"),
    ("No size", "Keypoints2D(xy, image_size=(0, 1280))"),
    ("The shape of a colour image", "Keypoints2D(xy, image_size=(1280, 720, 3))"),
    ("A transposed K", "Keypoints2D(xy, K=K.T)"),
    ("A K that is not finite", "Keypoints2D(xy, K=K * np.nan)"),
    ("A focal length under 0", "Keypoints2D(xy, K=K * [[-1], [1], [1]])"),
    ("A normalised K", "Keypoints2D(xy, K=[[1.9, 0, 0.5], [0, 1.1, 0.5], [0, 0, 1]])"),
    ("A lens without a camera", "Keypoints2D(xy, distortion=np.zeros(5))"),
    ("Another lens model", "Keypoints2D(xy, K=K, distortion=np.zeros(8))"),
    ("A height in another unit", "Keypoints2D(xy, height_mm=1.78)"),
    ("Frame numbers that are none", "Keypoints2D(people, image_ids=[0, 0.5, 1, 2])"),
)
"""Title and call; the last part of each message is the way to put it right."""

WARNINGS = (
    ("Coordinates from 0 to 1", "Keypoints2D(xy / size, image_size=size)"),
    ("Width and height exchanged", "Keypoints2D(xy + [0, 250], image_size=(1280, 720))"),
    ("y upwards", "Keypoints2D([0, 1280] + people[..., :2] * [1, -1])"),
    ("A mirrored picture, or all sides exchanged", "Keypoints2D([720, 0] + people[..., :2] * [-1, 1])"),
    ("Sides exchanged in the body only", "Keypoints2D(sides_of_the_body_exchanged)"),
    ("Hands exchanged", "Keypoints2D(hands_exchanged)"),
    ("A hand of somebody else", "Keypoints2D(left_hand_moved)"),
)
"""Title and call; all are accepted."""

FILES = (
    ("A result instead of detections", 'formats.read("result.json")'),
    ("Fields with other names", 'formats.read("renamed.json")'),
    ("JSON that holds something else", 'formats.read("number.json")'),
    ("An empty list of people", 'formats.read("nobody.json")'),
    ("An empty list of annotations", 'formats.read("no_annotations.json")'),
    ("Annotations that are no list of people", 'formats.read("no_list.json")'),
    ("JSON that ends early", 'formats.read("cut.json")'),
    ("An .npz that ends early", 'formats.read("cut.npz")'),
    ("Nobody in it can be seen", 'formats.read("unseen.json")'),
    ("A part with too few numbers", 'formats.read("half_a_hand.json")'),
    ("A part with a word in it", 'formats.read("words.json")'),
    ("Image ids that are names", 'formats.read("named_image.json")'),
    ("People in an image that is not described", 'formats.read("other_image.json")'),
    ("Scores that are a little too large (a warning)", 'formats.read("scores_over_1.json")'),
    ("A person without keypoints (a warning)", 'formats.read("one_unseen.json")'),
    ("Detections instead of a result", 'Pose3D.load("detections.json")'),
    ("Arrays instead of a result", 'Pose3D.load("arrays.npz")'),
    ("A result of another release", 'Pose3D.load("newer.json")'),
    ("A result with other keypoints", 'Pose3D.load("other_names.json")'),
    ("A result with something left out", 'Pose3D.load("no_errors.json")'),
    ("A CSV", 'Pose3D.load("result.csv")'),
    ("A suffix that means nothing", 'pose.save("result.txt")'),
)
"""Title and call; the files are those of `_example_files`."""

WEIGHTS = (
    ("Neither a directory nor a Hub id", 'Lifter.from_pretrained("no-such-directory")'),
    ("A directory without weights", 'Lifter.from_pretrained("empty")'),
    ("A revision of a directory", 'Lifter.from_pretrained("weights", revision="v1")'),
    ("A tensor missing", 'Lifter.from_pretrained("missing")'),
    ("A config of another network", 'Lifter.from_pretrained("other_size")'),
    ("A config of another release", 'Lifter.from_pretrained("other_release")'),
)
"""Title and call; the directories are those of `_example_weights`."""


def layouts() -> str:
    """What a wrong number of keypoints usually is."""
    return _table(("Keypoints", "Usually"), sorted(LAYOUTS.items()))


def input_errors() -> str:
    """Every kind of `InputError` at the door."""
    return _messages(ERRORS, _detections())


def input_warnings() -> str:
    """Every kind of `InputWarning` at the door."""
    return _messages(WARNINGS, _detections())


def file_messages() -> str:
    """What bad files are told."""
    with _in_temporary_directory():
        return _messages(FILES, _example_files() | {"formats": formats, "Pose3D": Pose3D})


def weights_errors() -> str:
    """What bad weights are told, as far as no network is needed for it."""
    from wholebody_lift import Lifter

    with _in_temporary_directory():
        _example_weights()
        return _messages(WEIGHTS, {"Lifter": Lifter})


def _detections() -> dict[str, Any]:
    """What the calls speak of: four people of an example file, as they are and spoilt."""
    found = formats.read(EXAMPLES / "squats.json")[:4]
    people = np.concatenate([found.keypoints, found.scores[..., None]], axis=-1)
    mirror = list(MIRROR)
    body_exchanged, hands_exchanged, moved = people[:, mirror], people.copy(), people.copy()
    head = [*indices("face"), *(INDEX[n] for n in ("nose", "left_eye", "right_eye", "left_ear", "right_ear"))]
    body_exchanged[:, head] = people[:, head]
    hands = indices("left_hand", "right_hand")
    hands_exchanged[:, hands] = people[:, [mirror[i] for i in hands]]
    moved[:, indices("left_hand"), :2] += (150, -150)
    return {
        "np": np,
        "Keypoints2D": Keypoints2D,
        "people": people,
        "xy": people[0, :, :2],
        "size": SIZE,
        "K": CAMERA,
        "sides_of_the_body_exchanged": body_exchanged,
        "hands_exchanged": hands_exchanged,
        "left_hand_moved": moved,
    }


def _example_files() -> dict[str, Any]:
    """Files in the current directory, and the pose that is in some of them."""
    pose = _example_pose()
    for suffix in (".json", ".csv"):
        pose.save(f"result{suffix}")
    result = json.loads(Path("result.json").read_text(encoding="utf-8"))
    without_errors = {key: value for key, value in result["people"][0].items() if key != "error_mm"}
    document = json.loads((EXAMPLES / "squats.json").read_text(encoding="utf-8"))
    person, other = document["annotations"][:2]
    slightly_over = [1.04 * v if i % 3 == 2 and v else v for i, v in enumerate(person["keypoints"])]
    unseen = {key: [0] * len(value) if isinstance(value, list) else value for key, value in other.items()}
    np.savez("arrays.npz", keypoints=np.ones((133, 2)))
    Path("cut.npz").write_bytes(Path("arrays.npz").read_bytes()[:-50])
    Path("cut.json").write_text('[{"keypoints": [357.3, ', encoding="utf-8")
    contents = {
        "detections": document,
        "renamed": {"kpts": [], "conf": []},
        "number": 133,
        "nobody": [],
        "no_annotations": {"annotations": []},
        "no_list": {"annotations": {"person": 1}},
        "unseen": [unseen],
        "half_a_hand": [person | {"lefthand_kpts": person["lefthand_kpts"][:30]}],
        "words": [person | {"lefthand_kpts": ["left"] * 63}],
        "named_image": [person | {"image_id": "frame_0001.png"}],
        "other_image": {
            "images": [{"id": 1, "width": 720, "height": 1280}],
            "annotations": [person | {"image_id": 7}],
        },
        "scores_over_1": [person | {"keypoints": slightly_over}],
        "one_unseen": [person, unseen],
        "newer": result | {"version": 2},
        "other_names": result | {"skeleton": {"names": ["pelvis"]}},
        "no_errors": result | {"people": [without_errors]},
    }
    for name, content in contents.items():
        Path(f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return {"pose": pose}


def _example_pose() -> Pose3D:
    """One person as a result, the network's part of it being zeros."""
    person = formats.read(EXAMPLES / "squats.json")[0]
    return Pose3D(
        xyz=np.zeros((1, 133, 3), np.float32),
        error_mm=np.zeros((1, 133), np.float32),
        observed=person.observed,
        translation=np.zeros((1, 3), np.float32),
        K=CAMERA[None],
        distortion=np.zeros((1, 5)),
        camera_source="given",
        reprojection_error_px=np.zeros(1, np.float32),
        keypoints=person.keypoints.astype(np.float32),
        scores=person.scores,
        image_ids=np.zeros(1, np.int64),
        image_size=person.image_size,
    )


def _example_weights() -> None:
    """Directories of weights in the current directory: one that is right, and others."""
    import safetensors.torch

    model = SemGAN(Config(channels=8, heads=2, layers=1))
    for name in ("weights", "missing", "other_size", "other_release"):
        pretrained.save(model, name)
    Path("empty").mkdir()
    tensors = model.state_dict()
    del tensors["embed_person.bias"]
    safetensors.torch.save_file(tensors, str(Path("missing", pretrained.WEIGHTS_FILE)))
    config = model.config.model_dump()
    for name, change in (("other_size", {"layers": 2}), ("other_release", {"dropout": 0.1})):
        Path(name, pretrained.CONFIG_FILE).write_text(json.dumps(config | change), encoding="utf-8")


def _messages(cases: Iterable[tuple[str, str]], names: dict[str, Any]) -> str:
    """Every call with what it says."""
    blocks = []
    for title, call in cases:
        said = textwrap.fill(_says(call, names), _WIDTH, break_long_words=False, break_on_hyphens=False)
        blocks.append(f"**{title}**: `{call}`\n\n```text\n{said}\n```")
    return "\n\n".join(blocks)


def _says(call: str, names: dict[str, Any]) -> str:
    """The text that a call ends with, an error's or a warning's."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", InputWarning)
        try:
            eval(call, dict(names))
        except (InputError, WeightsError) as error:
            return f"{type(error).__name__}: {error}"
    (warning,) = caught
    return f"{warning.category.__name__}: {warning.message}"


@contextlib.contextmanager
def _in_temporary_directory() -> Iterator[None]:
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        try:
            yield
        finally:
            os.chdir(before)


# --- results.md ---


def csv_columns() -> str:
    """The columns of a CSV in order."""
    return textwrap.fill(", ".join(map(_code, pose_csv.HEADER)) + ".", _WIDTH)


def json_example() -> str:
    """The beginning of every entry of a result file."""
    with _in_temporary_directory():
        pose_json.write(_example_pose(), Path("result.json"))
        document = json.loads(Path("result.json").read_text(encoding="utf-8"))
    lines = []
    for key, value in document.items():
        if isinstance(value, dict):
            inner = [f"    {json.dumps(name)}: {_shortened(item)}" for name, item in value.items()]
            lines.append(f"  {json.dumps(key)}: {{\n" + ",\n".join(inner) + "\n  }")
        elif key == "people":
            inner = [f"      {json.dumps(name)}: {_shortened(item)}" for name, item in value[0].items()]
            lines.append('  "people": [\n    {\n' + ",\n".join(inner) + "\n    }\n  ]")
        else:
            lines.append(f"  {json.dumps(key)}: {json.dumps(value)}")
    return "```text\n{\n" + ",\n".join(lines) + "\n}\n```"


def _shortened(value: Any) -> str:
    """JSON of a value, long lists cut after two items."""
    if isinstance(value, list) and len(value) > 5:
        return "[" + ", ".join(_shortened(item) for item in value[:2]) + ", ...]"
    return json.dumps(value)


# --- exports.md ---


def export_formats() -> str:
    """What a result can be written as, of what `formats.write` knows."""
    rows: dict[str, list[str]] = {}
    for kind in results.KINDS.values():
        default = kind.options.get("frame")
        axes = kind.frame or default
        rows[kind.suffix] = [
            ": ".join(filter(None, (kind.purpose, kind.programs))),
            "one" if "several" in kind.obstacles else "any",
            kind.unit,
            (f"`{axes}`" + (", or others" if default else "")) if axes else "those of the result",
            _code(kind.extra.requirement) if kind.extra else "",
        ]
    return _table(
        ("Suffix", "For", "People", "Unit", "Axes", "Needs"), ((_code(s), *r) for s, r in rows.items())
    )


# --- cli.md ---


def commands() -> dict[str, argparse.ArgumentParser]:
    """The commands of `wholebody-lift`."""
    return cli.parser().commands


def options_of(command: str) -> list[argparse.Action]:
    """The arguments of a command, without --help."""
    return [action for action in commands()[command]._actions if action.dest != "help"]


def _options(command: str) -> str:
    rows = []
    for action in sorted(options_of(command), key=lambda action: action.dest == "debug"):
        value = action.metavar or ("" if action.nargs == 0 else action.dest.upper())
        value = " ".join(value) if isinstance(value, tuple) else value
        meaning = (action.help or "") % {"default": action.default}
        if action.choices:
            meaning = f"{', '.join(map(str, action.choices))}: {meaning}"
        rows.append((_code(f"{', '.join(action.option_strings)} {value}".strip()), meaning))
    return _table(("Argument", "Meaning"), rows)


# --- training.md ---


def training_settings() -> str:
    """Options of `run` with their defaults."""
    from dataclasses import fields
    from typing import get_args, get_type_hints

    from wholebody_lift.train.settings import Settings

    hints = get_type_hints(Settings, include_extras=True)
    rows = []
    for setting in fields(Settings):
        meaning = get_args(hints[setting.name])[1]
        default = "none" if setting.default is None else _code(setting.default)
        rows.append((_code("--" + setting.name.replace("_", "-")), default, meaning))
    return _table(("Option", "Default", "Meaning"), rows)


def pose_shares() -> str:
    """Where poses come from."""
    from wholebody_lift.train.synthetic import poses

    rows = [
        (name.replace("_", " "), *(_percent(shares[name]) if name in shares else "" for shares in both))
        for both in ((poses.SHARES_WITH_RECORDINGS, poses.SHARES_ALONE),)
        for name in both[0]
    ]
    return _table(("Poses", "With recordings", "Without"), rows)


def activity_shares() -> str:
    """How the everyday poses are shared out."""
    from wholebody_lift.train.synthetic.activities import ACTIVITIES

    return textwrap.fill(_shares({name: a.share for name, a in ACTIVITIES.items()}) + ".", _WIDTH)


def hand_shares() -> str:
    """Where hands come from."""
    from wholebody_lift.train.synthetic import hands

    rows = [
        (name, _percent(share), _percent(hands.SHARES_ALONE[name]) if name in hands.SHARES_ALONE else "")
        for name, share in hands.SHARES_WITH_RECORDINGS.items()
    ]
    return _table(("Hands", "With recordings", "Without"), rows)


def shape_shares() -> str:
    """How the named hand shapes are shared out."""
    from wholebody_lift.train.synthetic.hands import SHAPES

    return textwrap.fill(_shares({name: shape.share for name, shape in SHAPES.items()}) + ".", _WIDTH)


def camera_families() -> str:
    """The cameras."""
    from wholebody_lift.train.synthetic.cameras import FAMILIES

    rows = [
        (
            name.replace("_", " "),
            _percent(family.share),
            _range(family.focal),
            _range([mm / 1000 for mm in family.distance_mm], " m"),
            _range(family.elevation_deg),
            f"{family.roll_sd_deg:g}",
            _percent(family.distorted),
        )
        for name, family in FAMILIES.items()
    ]
    header = (
        *("Family", "Share", "Focal length / longer side", "Distance", "Elevation, degrees"),
        *("Roll, spread in degrees", "Distorted lens"),
    )
    return _table(header, rows)


def camera_framings() -> str:
    """What the cameras show of the person; families that show the same stand together."""
    from wholebody_lift.train.synthetic.cameras import FAMILIES

    shown: dict[str, list[str]] = {}
    for name, family in FAMILIES.items():
        shown.setdefault(_shares(family.framings), []).append(name.replace("_", " "))
    return _table(("Family", "Framing"), ((", ".join(names), shares) for shares, names in shown.items()))


def detector_kinds() -> str:
    """The detectors."""
    from wholebody_lift.train.synthetic.detector import KINDS

    rows = [
        (
            name.replace("_", " "),
            _percent(kind.share),
            "none" if name in ("exact", "masked") else f"{kind.noise:g}",
            *map(_percent, (kind.drops_hidden, kind.hand_lost, kind.hidden_hand_lost, kind.hidden_face_lost)),
            *map(_percent, (kind.no_hands, kind.no_face, kind.no_feet)),
        )
        for name, kind in KINDS.items()
    ]
    header = (
        *("Kind", "Share", "Noise", "Hidden keypoint dropped", "Hand lost", "Hidden hand lost"),
        *("Face turned away lost", "No hands", "No face", "No feet"),
    )
    return _table(header, rows)


def camera_knowledge() -> str:
    """What the network is told of the camera."""
    from wholebody_lift.train.synthetic.people import CAMERA_KNOWLEDGE

    return _table(
        ("Camera", "Share"), ((name.replace("_", " "), _percent(s)) for name, s in CAMERA_KNOWLEDGE.items())
    )


def loss_weights() -> str:
    """The weights of the loss terms."""
    from wholebody_lift.train.losses import LossWeights

    return _table(
        ("Term", "Weight"), ((_code(name), f"{w:g}") for name, w in LossWeights()._asdict().items())
    )


def adults() -> str:
    """Measurements of people and of synthetic people that mean the same."""
    return _measurements(apart=False)


def adults_apart() -> str:
    """Those between other points of the body."""
    return _measurements(apart=True)


@functools.cache
def _adults() -> dict[str, Any]:
    from wholebody_lift.train.synthetic import anthropometry
    from wholebody_lift.train.synthetic.rig import load_rig

    return anthropometry.of_people(load_rig())


def _measurements(*, apart: bool) -> str:
    from wholebody_lift.train.synthetic.anthropometry import MEASUREMENTS, Spread

    def cell(name: str, spread: Spread) -> str:
        digits = 0 if name == "stature" else 2
        return f"{spread.mean:.{digits}f} ± {spread.deviation:.{digits}f}"

    rows = []
    for name, measurement in MEASUREMENTS.items():
        if bool(measurement.apart) != apart:
            continue
        men, women = _adults()[name]
        drillis = "" if measurement.drillis is None else f"{measurement.drillis:.1f}"
        cells = [cell(name, spread) for spread in (measurement.men, men, measurement.women, women)]
        why = (measurement.apart,) if apart else ()
        rows.append((name, measurement.survey, measurement.ours, *cells, drillis, *why))
    header = ("", "ANSUR II", "Ours", "Men", "Our men", "Women", "Our women", "Drillis and Contini")
    return _table((*header, "Why they differ") if apart else header, rows)


def test_sets() -> str:
    """What the evaluation measures on."""
    from wholebody_lift.train.evaluation.held_out import SETS

    rows = [
        (
            name.replace("_", " "),
            (held_out.family or "mixture").replace("_", " "),
            "sampled" if held_out.sampled else "recorded",
            ", ".join(held_out.inputs),
        )
        for name, held_out in SETS.items()
    ]
    return _table(("Test set", "Cameras", "Poses", "Inputs"), rows)


def test_inputs() -> str:
    """What the network is given of each."""
    from wholebody_lift.train.evaluation.held_out import INPUTS

    rows = [(name, given.about, given.knowledge.replace("_", " ")) for name, given in INPUTS.items()]
    return _table(("Input", "2D keypoints", "Camera known from"), rows)


def _measured(weights: str, in_short: bool) -> str:
    """The errors of weights in the package: all for their model card, or those for a reader in a hurry."""
    from wholebody_lift.train.evaluation import report

    found = report.from_json(json.loads(MEASURED[weights].read_text()))
    return report.in_short(found) if in_short else report.as_markdown(found)


def real_people() -> str:
    """Errors on real people: every figure, with its interval."""
    return _on_real_people(
        {
            "mpjpe": "MPJPE, mm",
            "n_mpjpe": "N-MPJPE, mm",
            "pa_mpjpe": "PA-MPJPE, mm",
            "acceleration": "Acceleration, m/s²",
            "angle/knee": "Knee, degrees",
            "angle/elbow": "Elbow, degrees",
            "angle/hip": "Hip, degrees",
            "angle/shoulder": "Shoulder, degrees",
            "lean/legs": "Lean of the legs, degrees",
            "lean/trunk": "Lean of the trunk, degrees",
        },
        ways=None,
        interval=True,
    )


def real_people_in_short() -> str:
    """Errors on real people, for a reader in a hurry."""
    return _on_real_people(
        {
            "mpjpe": "MPJPE, mm",
            "pa_mpjpe": "PA-MPJPE, mm",
            "angle/knee": "Knee",
            "angle/elbow": "Elbow",
            "angle/hip": "Hip",
            "angle/shoulder": "Shoulder",
        },
        ways=("frame by frame, K given", "frame by frame, image size alone", "video, K given", "its own 3D"),
        interval=False,
    )


def _on_real_people(columns: dict[str, str], ways: Sequence[str] | None, *, interval: bool) -> str:
    """One row for each way of lifting, of all ways or of those named."""
    found = json.loads(MEASURED_ON_REAL_PEOPLE.read_text(encoding="utf-8"))

    def cell(summary: dict[str, Any], name: str) -> str:
        mean, (low, high) = summary["mean"][name], summary["interval"][name]
        return f"{mean:.1f} ({low:.1f} to {high:.1f})" if interval else f"{mean:.1f}"

    rows = [
        (f"{weights}, {way}", *(cell(summary, name) for name in columns))
        for weights, of_weights in found.items()
        for way, summary in of_weights.items()
        if isinstance(summary, dict) and (ways is None or way in ways)
    ]
    header, *table = _table(("", *columns.values()), rows).splitlines()
    rule = "| --- |" + " ---: |" * len(columns)
    return "\n".join([header, rule, *table[1:]])


def asked() -> str:
    """What the base weights were to reach, and what they reached."""
    from wholebody_lift.train.evaluation import report

    found = report.from_json(json.loads(MEASURED["base"].read_text()))
    of = found.results
    exact, laboratory = of["laboratory"]["exact"], of["laboratory"]
    rows = [
        ("N-MPJPE", exact.n_mpjpe, 40.0, "mm"),
        ("PA-MPJPE", exact.pa_mpjpe, 27.0, "mm"),
        ("hands, wrist-aligned", exact.hands_at_wrist, 20.0, "mm"),
        ("face, nose-aligned", exact.face_at_nose, 4.5, "mm"),
        ("a detector's noise costs", 100 * (laboratory["noise"].whole / exact.whole - 1), 15.0, "%"),
        (
            "missing keypoints cost the given ones",
            100 * (laboratory["incomplete"].seen / exact.seen - 1),
            *(10.0, "%"),
        ),
    ]
    for name, most in (("phone_portrait", 1.1), ("phone_landscape", 1.1), ("webcam", 1.35)):
        title = f"given keypoints, {name.replace('_', ' ')} over laboratory"
        rows.append((title, of[name]["exact"].seen / exact.seen, most, ""))
    cells = [
        (title, f"at most {most:g}{unit and ' ' + unit}", _figure(value, unit), _verdict(value <= most))
        for title, value, most, unit in rows
    ]
    tenths = found.calibration
    right = sum(tenth.right for tenth in tenths)
    title = "parts and tenths whose expected errors are within 15 % of the actual ones"
    cells.append(
        (
            title,
            f"{len(tenths)} of {len(tenths)}",
            f"{right} of {len(tenths)}",
            _verdict(right == len(tenths)),
        )
    )
    return _table(("Laboratory, exact 2D unless said otherwise", "Asked", "Reached", ""), cells)


def _figure(value: float, unit: str) -> str:
    return {"mm": f"{value:.1f} mm", "%": f"{value:.0f} %", "": f"{value:.2f}"}[unit]


def _verdict(reached: bool) -> str:
    return "yes" if reached else "no"


BLOCKS: dict[str, Callable[[], str]] = {
    function.__name__.replace("_", "-"): function
    for function in (
        *(keypoint_names, face_names, hand_names, frames),
        *(layouts, input_errors, input_warnings, file_messages, weights_errors),
        *(csv_columns, json_example, export_formats),
        *(training_settings, pose_shares, activity_shares, hand_shares, shape_shares),
        *(adults, adults_apart),
        *(camera_families, camera_framings, detector_kinds, camera_knowledge, loss_weights),
        *(test_sets, test_inputs, asked, real_people, real_people_in_short),
    )
}
BLOCKS |= {f"{command}-options": functools.partial(_options, command) for command in commands()}
for _weights in MEASURED:
    BLOCKS[f"errors-{_weights}"] = functools.partial(_measured, _weights, in_short=False)
    BLOCKS[f"errors-in-short-{_weights}"] = functools.partial(_measured, _weights, in_short=True)
"""Every block by its name in the pages."""


def main() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        page.write_text(render(text), encoding="utf-8")


if __name__ == "__main__":
    main()
