"""Messages about wrong input, files and weights, as the calls raise them: input.md and weights.md."""

from __future__ import annotations

import ast
import contextlib
import gzip
import json
import os
import pickle
import tempfile
import textwrap
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from blocks.writing import EXAMPLES, ROOT, WIDTH, table
from wholebody_lift import (
    InputError,
    InputWarning,
    Keypoints2D,
    Lifter,
    Pose3D,
    WeightsError,
    formats,
    pretrained,
)
from wholebody_lift.config import Config
from wholebody_lift.layouts import USUAL_LAYOUT
from wholebody_lift.model import SemGAN
from wholebody_lift.skeleton import INDEX, MIRROR, indices

SIZE = np.array([720.0, 1280.0])
CAMERA = np.array([[1400.0, 0.0, 360.0], [0.0, 1400.0, 640.0], [0.0, 0.0, 1.0]])

ERRORS = (
    ("Another layout", "Keypoints2D(np.ones((17, 2)))"),
    ("Flat rows", "Keypoints2D(people.reshape(4, -1))"),
    ("Axes in the wrong order", "Keypoints2D(np.swapaxes(people, 0, 1))"),
    ("A video with two people in each frame", "Keypoints2D(people.reshape(2, 2, 133, 3))"),
    ("No people", "Keypoints2D(people[:0])"),
    ("A path instead of keypoints", 'Keypoints2D("detections.json")'),
    ("Text instead of numbers", 'Keypoints2D(np.array([["x", 1.0]] * 133, dtype=object))'),
    ("Complex numbers", "Keypoints2D(np.ones((133, 2), complex))"),
    ("Rows of different lengths", "Keypoints2D([[1.0, 2.0]] * 132 + [[3.0]])"),
    ("Infinity", "Keypoints2D(np.full((133, 2), np.inf))"),
    ("Scores in percent", "Keypoints2D(xy, np.full(133, 87))"),
    ("Visibility flags as scores", "Keypoints2D(xy, np.full(133, 2))"),
    ("Scores of one person for several", "Keypoints2D(people[..., :2], np.ones(133))"),
    ("Scores given twice", "Keypoints2D(people, people[..., 2])"),
    ("No visible keypoints", "Keypoints2D(xy, np.full(133, 0.1))"),
    ("Scores that are all 0", "Keypoints2D(xy, np.zeros(133), min_score=0)"),
    ("All keypoints on one spot", "Keypoints2D(np.full((133, 2), 7.0))"),
    ("People chosen by track ids that they lack", "(p := Keypoints2D(people))[p.track_ids == 7]"),
    ("Coordinates from 0 to 1", "Keypoints2D(xy / size, image_size=size)"),
    ("Coordinates from -1 to 1", "Keypoints2D(xy / size * 2 - 1, image_size=size)"),
    ("A min_score that is not a score", "Keypoints2D(xy, min_score=30)"),
    ("An image without width", "Keypoints2D(xy, image_size=(0, 1280))"),
    ("An image that is too narrow", "Keypoints2D(xy, image_size=(100000, 1))"),
    ("The shape of a colour image", "Keypoints2D(xy, image_size=(1280, 720, 3))"),
    ("A transposed K", "Keypoints2D(xy, K=K.T)"),
    ("A K that is not finite", "Keypoints2D(xy, K=K * np.nan)"),
    ("A negative focal length", "Keypoints2D(xy, K=K * [[-1], [1], [1]])"),
    ("A normalised K", "Keypoints2D(xy, K=[[1.9, 0, 0.5], [0, 1.1, 0.5], [0, 0, 1]])"),
    ("Distortion without K", "Keypoints2D(xy, distortion=np.zeros(5))"),
    ("Another lens model", "Keypoints2D(xy, K=K, distortion=np.zeros(6))"),
    ("A height in another unit", "Keypoints2D(xy, height_mm=1.78)"),
    ("A gravity in words", "Keypoints2D(xy, gravity='down')"),
    ("A gravity without direction", "Keypoints2D(xy, gravity=(0, 0, 0))"),
    ("A spread without gravity", "Keypoints2D(xy, gravity_spread_deg=5)"),
    ("A spread beyond half a turn", "Keypoints2D(xy, gravity='level', gravity_spread_deg=360)"),
    ("A bone by another name", "Keypoints2D(xy, bone_lengths={'left_femur': 430})"),
    ("A bone length in another unit", "Keypoints2D(xy, bone_lengths={'left_thigh': 0.43})"),
    ("No bone length at all", "Keypoints2D(xy, bone_lengths=np.full(12, np.nan))"),
    ("A depth of fewer keypoints", "Keypoints2D(xy, depth=np.zeros(33))"),
    ("An absurd depth", "Keypoints2D(xy, depth=np.full(133, 1e9))"),
    ("A fractional frame number", "Keypoints2D(people, image_ids=[0, 0.5, 1, 2])"),
    ("Frame numbers for other people", "Keypoints2D(people, image_ids=[0, 1])"),
    ("One person twice in an image", "Keypoints2D(people, image_ids=[0, 0, 1, 1], track_ids=[3, 3, 1, 2])"),
    ("Text instead of track ids", "Keypoints2D(people, track_ids=['a', 'b', 'a', 'b'])"),
    ("Text instead of a frame rate", "Keypoints2D(people, fps='25')"),
    ("An absurd frame rate", "Keypoints2D(people, fps=1e-300)"),
    ("An absurd camera", "Keypoints2D(xy, K=[[1e12, 0, 360], [0, 1e12, 640], [0, 0, 1]])"),
    ("An absurd lens", "Keypoints2D(xy, K=K, distortion=[1e20, 0, 0, 0, 0])"),
    ("A rational lens model", "Keypoints2D(xy, K=K, distortion=[0.1, 0, 0, 0, 0, 0.2, 0, 0])"),
    ("Fractions of the image", "Keypoints2D(xy / size, image_size=size)"),
    ("A complex tensor", "Keypoints2D(torch.zeros(133, 2, dtype=torch.complex64))"),
    ("A number that is too large", "Keypoints2D([[10**400, 1]] * 133)"),
    (
        "Pieces that do not fit together",
        "Keypoints2D.concatenate([Keypoints2D(xy), Keypoints2D(xy, fps=25)])",
    ),
)
"""Title and call; each message ends with the fix."""

WARNINGS = (
    ("Width and height swapped", "Keypoints2D(xy + [0, 250], image_size=(1280, 720))"),
    ("y pointing up", "Keypoints2D([0, 1280] + people[..., :2] * [1, -1])"),
    (
        "A mirrored picture, or all left and right swapped",
        "Keypoints2D([720, 0] + people[..., :2] * [-1, 1])",
    ),
    ("Left and right of the body swapped", "Keypoints2D(sides_of_the_body_swapped)"),
    ("Hands swapped", "Keypoints2D(hands_swapped)"),
    ("Someone else's hand", "Keypoints2D(left_hand_moved)"),
    ("Keypoints moved to the border of the image", "Keypoints2D(on_the_border, image_size=size)"),
    ("Placeholders on one spot", "Keypoints2D(on_one_spot)"),
    ("Placeholders on one line", "Keypoints2D(on_one_line)"),
    ("Impossible proportions", "Keypoints2D(foot_far_away)"),
    ("A part on one spot", "Keypoints2D(hand_on_the_wrist)"),
    ("The size of another image", "Keypoints2D(xy, image_size=size / 10)"),
    ("K of another resolution", "Keypoints2D(xy, image_size=size, K=K * [[0.5], [0.5], [1]])"),
    ("fx and fy in different units", "Keypoints2D(xy, K=K * [[3], [1], [1]])"),
)
"""Title and call; all are accepted with a warning."""

FILES = (
    ("A result instead of detections", 'formats.read("result.json")'),
    ("Fields with unknown names", 'formats.read("renamed.json")'),
    ("JSON with other content", 'formats.read("number.json")'),
    ("An empty list of people", 'formats.read("nobody.json")'),
    ("An empty list of annotations", 'formats.read("no_annotations.json")'),
    ("Annotations that are not a list of people", 'formats.read("no_list.json")'),
    ("JSON that is nested too deeply", 'formats.read("nested.json")'),
    ("JSON that ends early", 'formats.read("cut.json")'),
    ("Gzip that ends early", 'formats.read("cut.json.gz")'),
    ("An .npz that ends early", 'formats.read("cut.npz")'),
    ("A damaged zip", 'formats.read("damaged.zip")'),
    ("Only people without visible keypoints", 'formats.read("unseen.json")'),
    ("A part with too few numbers", 'formats.read("half_a_hand.json")'),
    ("A part that contains text", 'formats.read("words.json")'),
    ("Image ids that are not whole numbers", 'formats.read("half_image.json")'),
    ("An image that is listed twice", 'formats.read("image_twice.json")'),
    ("People in an image that is not listed", 'formats.read("other_image.json")'),
    ("Rows of two videos", 'formats.read("rows_of_two_videos.json")'),
    ("Rows of which some lack what others have", 'formats.read("rows_with_a_gap.json")'),
    ("Images of two videos (a warning)", 'formats.read("two_videos.json")'),
    ("Scores without a bound, as of RTMPose (a warning)", 'formats.read("scores_over_1.json")'),
    ("A person without keypoints (a warning)", 'formats.read("one_unseen.json")'),
    ("A person who is listed twice (a warning)", 'formats.read("twice.json")'),
    ("A pickle", 'formats.read("people.pkl")'),
    ("Detections instead of a result", 'Pose3D.load("detections.json")'),
    ("Arrays instead of a result", 'Pose3D.load("arrays.npz")'),
    ("A result from another release", 'Pose3D.load("newer.json")'),
    ("A result with other keypoints", 'Pose3D.load("other_names.json")'),
    ("A result without one of its fields", 'Pose3D.load("no_errors.json")'),
    ("A CSV", 'Pose3D.load("result.csv")'),
    ("An unknown suffix", 'pose.save("result.txt")'),
)
"""Title and call; the files are those of `_example_files`."""

WEIGHTS = (
    ("Neither a directory nor a Hub id", 'Lifter.from_pretrained("no-such-directory")'),
    ("A directory without weights", 'Lifter.from_pretrained("empty")'),
    ("A revision for a directory", 'Lifter.from_pretrained("weights", revision="v1")'),
    ("A missing tensor", 'Lifter.from_pretrained("missing")'),
    ("The config of another network", 'Lifter.from_pretrained("other_size")'),
    ("The config of another release", 'Lifter.from_pretrained("other_release")'),
)
"""Title and call; the directories are those of `_example_weights`."""


def layouts() -> str:
    """The layout that a wrong number of keypoints usually means."""
    return table(("Keypoints", "Usually"), sorted(USUAL_LAYOUT.items()))


def input_errors() -> str:
    """Every kind of `InputError` of `Keypoints2D`."""
    return _messages(ERRORS, _detections())


def input_warnings() -> str:
    """Every kind of `InputWarning` of `Keypoints2D`."""
    return _messages(WARNINGS, _detections())


def file_messages() -> str:
    """Errors and warnings about files."""
    with in_temporary_directory():
        return _messages(FILES, _example_files() | {"formats": formats, "Pose3D": Pose3D})


def weights_errors() -> str:
    """Errors about weights that occur without a network."""

    with in_temporary_directory():
        _example_weights()
        return _messages(WEIGHTS, {"Lifter": Lifter})


def _detections() -> dict[str, Any]:
    """The names in the calls: four people of an example file, valid and altered."""
    found = formats.read(EXAMPLES / "squats.json")[:4]
    people = np.concatenate([found.keypoints, found.scores[..., None]], axis=-1)
    mirror = list(MIRROR)
    body_swapped, hands_swapped, moved = people[:, mirror], people.copy(), people.copy()
    head = [*indices("face"), *(INDEX[n] for n in ("nose", "left_eye", "right_eye", "left_ear", "right_ear"))]
    body_swapped[:, head] = people[:, head]
    hands = indices("left_hand", "right_hand")
    hands_swapped[:, hands] = people[:, [mirror[i] for i in hands]]
    moved[:, indices("left_hand"), :2] += (150, -150)
    border, spot, line, far, hand = (people[:1].copy() for _ in range(5))
    legs = [
        INDEX[f"{side}_{name}"] for side in ("left", "right") for name in ("knee", "ankle", "heel", "big_toe")
    ]
    border[:, legs, 1] = SIZE[1] - 1
    spot[:, legs, :2] = SIZE / 2
    line[:, legs, 1] = SIZE[1] / 2
    far[:, INDEX["left_heel"], 1] += 20_000
    hand[:, indices("left_hand"), :2] = hand[:, [INDEX["left_wrist"]], :2]
    return {
        "np": np,
        "torch": torch,
        "Keypoints2D": Keypoints2D,
        "people": people,
        "xy": people[0, :, :2],
        "size": SIZE,
        "K": CAMERA,
        "sides_of_the_body_swapped": body_swapped,
        "hands_swapped": hands_swapped,
        "left_hand_moved": moved,
        "on_the_border": border,
        "on_one_spot": spot,
        "on_one_line": line,
        "foot_far_away": far,
        "hand_on_the_wrist": hand,
    }


def _example_files() -> dict[str, Any]:
    """Write files into the current directory, and return the pose that some of them contain."""
    pose = example_pose()
    for suffix in (".json", ".csv"):
        pose.save(f"result{suffix}")
    result = json.loads(Path("result.json").read_text(encoding="utf-8"))
    without_errors = {key: value for key, value in result["people"][0].items() if key != "error_mm"}
    document = json.loads((EXAMPLES / "squats.json").read_text(encoding="utf-8"))
    person, other = document["annotations"][:2]
    far_over = [6.5 * v if i % 3 == 2 and v else v for i, v in enumerate(person["keypoints"])]
    unseen = {key: [0] * len(value) if isinstance(value, list) else value for key, value in other.items()}
    row = {"frame": 0, "image_size": [720, 1280], "keypoints": np.ones((133, 3)).tolist()}
    np.savez("arrays.npz", keypoints=np.ones((133, 2)))
    Path("cut.npz").write_bytes(Path("arrays.npz").read_bytes()[:-50])
    Path("nested.json").write_text(100_000 * "[", encoding="utf-8")
    Path("cut.json.gz").write_bytes(gzip.compress(bytes(10_000))[:20])
    with zipfile.ZipFile("damaged.zip", "w") as archive:
        archive.writestr("people.json", "[]")
    Path("damaged.zip").write_bytes(Path("damaged.zip").read_bytes().replace(b"[]", b"[["))
    Path("people.pkl").write_bytes(pickle.dumps({"keypoints": [1, 2]}))
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
        "half_image": [person | {"image_id": 0.5}],
        "image_twice": {
            "images": [{"id": 1, "width": 720, "height": 1280}, {"id": 1, "width": 1280, "height": 720}],
            "annotations": [person | {"image_id": 1}],
        },
        "twice": [person, person],
        "other_image": {
            "images": [{"id": 1, "width": 720, "height": 1280}],
            "annotations": [person | {"image_id": 7}],
        },
        "rows_of_two_videos": [row | {"video": "a.mp4"}, row | {"video": "b.mp4"}],
        "rows_with_a_gap": [row, {"frame": 1, "keypoints": row["keypoints"]}],
        "two_videos": {
            "images": [{"id": i, "video_id": i} for i in (1, 2)],
            "annotations": [person | {"image_id": i, "track_id": 0} for i in (1, 2)],
        },
        "scores_over_1": [person | {"keypoints": far_over}],
        "one_unseen": [person, unseen],
        "newer": result | {"version": 2},
        "other_names": result | {"skeleton": {"names": ["pelvis"]}},
        "no_errors": result | {"people": [without_errors]},
    }
    for name, content in contents.items():
        Path(f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return {"pose": pose}


def example_pose() -> Pose3D:
    """The result of one person, with zeros in place of the network's predictions."""
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
    """Write directories of weights into the current directory: one that is valid, and broken ones."""
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
    """Every call with its message."""
    blocks = []
    for title, call in cases:
        said = textwrap.fill(_says(call, names), WIDTH, break_long_words=False, break_on_hyphens=False)
        blocks.append(f"**{title}**: `{call}`\n\n```text\n{said}\n```")
    return "\n\n".join(blocks)


def _says(call: str, names: dict[str, Any]) -> str:
    """The message of the error or the warning that a call raises."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", InputWarning)
        try:
            eval(call, dict(names))
        except (InputError, WeightsError) as error:
            return f"{type(error).__name__}: {error}"
    (warning,) = caught
    return f"{warning.category.__name__}: {warning.message}"


@contextlib.contextmanager
def in_temporary_directory() -> Iterator[None]:
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        try:
            yield
        finally:
            os.chdir(before)


READERS = ROOT / "wholebody_lift" / "formats" / "detections"
INTERNAL = ("__init__", "arrays", "assemble", "frame_names")
"""Modules that the readers of all formats share."""


def reader_errors() -> str:
    """Every error of the readers, with dots for the values: those of all readers, then by format."""
    of = {path.stem: _raised(path) for path in sorted(READERS.glob("*.py"))}
    shared = [text for name in INTERNAL for text in of.pop(name)] + _raised(READERS.parent / "loading.py")
    groups = {"All formats": shared} | {f"`formats.{name}`": texts for name, texts in of.items() if texts}
    return "\n\n".join(f"**{title}**\n\n```text\n{_lines(texts)}\n```" for title, texts in groups.items())


def _raised(path: Path) -> list[str]:
    """The texts of a module's InputErrors, in their order; not those that only pass another one on."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    raised = [node for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    texts = [
        _with_dots(node.exc.args[0])
        for node in sorted(raised, key=lambda node: node.lineno)
        if isinstance(node.exc, ast.Call) and node.exc.args
    ]
    return list(dict.fromkeys(text for text in texts if text.strip("., :")))


def _with_dots(text: ast.expr) -> str:
    """A string, or a formatted one with dots for what it puts in."""
    if isinstance(text, ast.JoinedStr):
        return "".join(map(_with_dots, text.values))
    return text.value if isinstance(text, ast.Constant) and isinstance(text.value, str) else "..."


def _lines(texts: Iterable[str]) -> str:
    """Each text on lines of its own, the further ones indented."""
    return "\n".join(
        textwrap.fill(text, WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
        for text in texts
    )


BLOCKS: dict[str, Callable[[], str]] = {
    "layouts": layouts,
    "reader-errors": reader_errors,
    "input-errors": input_errors,
    "input-warnings": input_warnings,
    "file-messages": file_messages,
    "weights-errors": weights_errors,
}
