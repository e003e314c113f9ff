"""Still hands in their publishers' own formats, converted to the file that `hands.read_poses` reads.

Two collections are supported: the TypeScript configurations of Meta's Immersive Web Emulation Runtime (joint
transforms by the joint names of WebXR, a left hand) and the JSON poses of Microsoft's Mixed Reality Toolkit
(poses by joint name, a right hand, in Unity's left-handed axes).
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path

from wholebody_lift.errors import InputError

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
    *(f"Thumb{joint}" for joint in ("MetacarpalJoint", "ProximalJoint", "DistalJoint", "Tip")),
    *(
        f"{finger}{joint}"
        for finger in ("Index", "Middle", "Ring", "Pinky")
        for joint in ("Knuckle", "MiddleJoint", "DistalJoint", "Tip")
    ),
)
"""Names of the same joints in the toolkit's enumeration `TrackedHandJoint`."""

_TRANSFORM = re.compile(r"'?([\w-]+)'?\s*:\s*\{\s*offsetMatrix\s*:\s*\[([^\]]*)\]")


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


def from_mrtk(text: str) -> list[Point]:
    """The 21 joints of a right hand in mm, with the wrist at the origin, from a JSON pose of the toolkit.

    The JSON has `items`, each with a `joint`, which is a name, and a `pose` with a `position` x, y, z in
    metres. z is negated, because the toolkit's axes are left-handed. Raises `InputError` for other content.
    """
    try:
        poses = {item["joint"]: item["pose"]["position"] for item in json.loads(text)["items"]}
        metres = {name: (float(p["x"]), float(p["y"]), -float(p["z"])) for name, p in poses.items()}
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            "expected JSON with items, each with a joint and a pose with a position x, y, z, got "
            f"{text[:40]!r} ({type(error).__name__}: {error})"
        ) from error
    return _from_wrist(metres, _MRTK)


def convert(paths: Iterable[Path], out: Path) -> None:
    """Convert files of one collection, .ts or .json, to a single file of poses, which are named after them.

    Raises `InputError` for other suffixes, for files of both collections, and for unexpected content.
    """
    files = list(paths)
    suffixes = {path.suffix.lower() for path in files}
    if suffixes not in ({".ts"}, {".json"}):
        raise InputError(
            "expected files of one collection, .ts of the Immersive Web Emulation Runtime or .json of the "
            f"Mixed Reality Toolkit, got {', '.join(sorted(suffixes)) or 'no file'}"
        )
    webxr = suffixes == {".ts"}
    poses = {}
    for path in files:
        try:
            points = (from_webxr if webxr else from_mrtk)(path.read_text("utf-8"))
        except InputError as error:
            raise InputError(f"{path}: {error}") from error
        name = path.stem.removeprefix("ArticulatedHandPose_")
        poses[name] = [[round(value, 2) for value in point] for point in points]
    out.parent.mkdir(parents=True, exist_ok=True)
    document = {"side": "left" if webxr else "right", "poses": poses}
    out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _from_wrist(metres: dict[str, Point], names: tuple[str, ...]) -> list[Point]:
    missing = [name for name in names if name not in metres]
    if missing:
        raise InputError(f"expected the 21 joints of a hand, got none for {', '.join(missing)}")
    x, y, z = metres[names[0]]
    return [(1000 * (a - x), 1000 * (b - y), 1000 * (c - z)) for a, b, c in (metres[name] for name in names)]
