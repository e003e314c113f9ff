"""Hands in their publishers' own formats, converted to the files that `hands` reads.

Still poses of one hand are read here: the TypeScript configurations of Meta's Immersive Web Emulation Runtime
(joint transforms by the joint names of WebXR, a left hand) and the C# source of the Mixed Reality Toolkit
(poses by joint name, a right hand, in Unity's left-handed axes). `leap_files` and `named_hands` read the
others.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from wholebody_lift.errors import InputError
from wholebody_lift.train.synthetic.recordings import leap_files, named_hands

Point = tuple[float, float, float]

_WEBXR_FINGERS = ("index", "middle", "ring", "pinky")
_WEBXR: tuple[str, ...] = (
    "wrist",
    *(f"thumb-{joint}" for joint in ("metacarpal", "phalanx-proximal", "phalanx-distal", "tip")),
    *(
        f"{finger}-finger-{joint}"
        for finger in _WEBXR_FINGERS
        for joint in ("phalanx-proximal", "phalanx-intermediate", "phalanx-distal", "tip")
    ),
)
"""Names of the 21 joints in WebXR (W3C, Hand Input), in the order of `hands.Hands`."""

_MRTK: tuple[str, ...] = (
    "Wrist",
    *(f"Thumb{joint}" for joint in ("Metacarpal", "Proximal", "Distal", "Tip")),
    *(
        f"{finger}{joint}"
        for finger in ("Index", "Middle", "Ring", "Little")
        for joint in ("Proximal", "Intermediate", "Distal", "Tip")
    ),
)
"""Names of the same joints in the toolkit's enumeration `TrackedHandJoint`."""

_TRANSFORM = re.compile(r"'?([\w-]+)'?\s*:\s*\{\s*offsetMatrix\s*:\s*\[([^\]]*)\]")
_CONSTANT = re.compile(r'ArticulatedHandPose_(\w+) = @"(.*?)";', re.DOTALL)


def from_webxr(text: str) -> list[Point]:
    """The 21 joints of a left hand in mm, with the wrist at the origin, from a TypeScript hand configuration.

    Each transform is a matrix of 16 numbers, column by column, in metres. Raises `InputError` for missing
    joints.
    """
    metres = {}
    for name, numbers in _TRANSFORM.findall(text):
        matrix = [float(number) for number in numbers.replace("\n", " ").split(",") if number.strip()]
        if len(matrix) != 16:
            raise InputError(f"expected 16 numbers in the offsetMatrix of {name!r}, got {len(matrix)}")
        metres[name] = (matrix[12], matrix[13], matrix[14])
    return _from_wrist(metres, _WEBXR)


def from_mrtk(text: str) -> dict[str, list[Point]]:
    """The 21 joints of each right hand in mm, with the wrist at the origin, from the toolkit's C# source.

    A pose is a constant text of JSON with `items`, each with a `joint`, which is a name, and a `pose` with a
    `position` x, y, z in metres. z is negated, because the toolkit's axes are left-handed. Raises
    `InputError` for other content.
    """
    hands = {}
    for name, document in _CONSTANT.findall(text):
        try:
            poses = {
                item["joint"]: item["pose"]["position"]
                for item in json.loads(document.replace('""', '"'))["items"]
            }
            metres = {joint: (float(p["x"]), float(p["y"]), -float(p["z"])) for joint, p in poses.items()}
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                "expected JSON with items, each with a joint and a pose with a position x, y, z, in "
                f"ArticulatedHandPose_{name}, got {document[:40]!r} ({type(error).__name__}: {error})"
            ) from error
        hands[name] = _from_wrist(metres, _MRTK)
    if not hands:
        raise InputError("expected constants ArticulatedHandPose_..., got none")
    return hands


def convert(paths: Iterable[Path], out: Path) -> None:
    """Convert files of one kind to one file: still poses of one hand (.ts, .cs) to the JSON that
    `hands.read_poses` reads, recordings of a Leap sensor (.lz) and named hands of several collections (.js,
    .handpose, .asset) to NPZ files.

    Raises `InputError` for other suffixes, for files of several kinds, for a name of the file to write that
    does not fit, and for unexpected content.
    """
    files = list(paths)
    suffixes = {path.suffix.lower() for path in files}
    writers: dict[str, Callable[[list[Path], Path], None]] = {
        ".ts": _convert_webxr,
        ".cs": _convert_mrtk,
        ".lz": leap_files.convert,
        **dict.fromkeys(named_hands.READERS, named_hands.convert),
    }
    kinds = {writers.get(suffix) for suffix in suffixes}
    if len(kinds) != 1 or None in kinds:
        raise InputError(
            "expected files of one kind, .ts of the Immersive Web Emulation Runtime, .cs of the Mixed "
            "Reality Toolkit, .json.lz of LeapJS Playback, or named hands (.js, .handpose, .asset), got "
            f"{', '.join(sorted(suffixes)) or 'no file'}"
        )
    wanted = ".json" if suffixes <= {".ts", ".cs"} else ".npz"
    if out.suffix != wanted:
        raise InputError(f"expected a file to write with the suffix {wanted}, got {out}")
    out.parent.mkdir(parents=True, exist_ok=True)
    writers[suffixes.pop()](files, out)


def _convert_webxr(files: list[Path], out: Path) -> None:
    poses = {}
    for path in files:
        with _naming(path):
            poses[path.stem] = from_webxr(path.read_text("utf-8"))
    _write_poses("left", poses, out)


def _convert_mrtk(files: list[Path], out: Path) -> None:
    poses: dict[str, list[Point]] = {}
    for path in files:
        with _naming(path):
            poses |= from_mrtk(path.read_text("utf-8"))
    _write_poses("right", poses, out)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Put the file's name into the error about its content."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _write_poses(side: str, poses: dict[str, list[Point]], out: Path) -> None:
    rounded = {
        name: [[round(value, 2) for value in point] for point in points] for name, points in poses.items()
    }
    out.write_text(json.dumps({"side": side, "poses": rounded}, indent=1) + "\n", encoding="utf-8")


def _from_wrist(metres: dict[str, Point], names: tuple[str, ...]) -> list[Point]:
    missing = [name for name in names if name not in metres]
    if missing:
        raise InputError(f"expected the 21 joints of a hand, got none for {', '.join(missing)}")
    x, y, z = metres[names[0]]
    return [(1000 * (a - x), 1000 * (b - y), 1000 * (c - z)) for a, b, c in (metres[name] for name in names)]
