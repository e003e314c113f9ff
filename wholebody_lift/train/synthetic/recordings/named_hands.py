"""Named still hands in three publishers' own formats, converted to the file that `hands.read_named` reads."""

import re
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wholebody_lift.errors import InputError

Points = NDArray[np.float64]

NamedHands = Iterator[tuple[Points, str, str]]
"""Points (21, 3) in mm, side and name of each hand."""

_WEBXR_JOINTS = 25
_WITHOUT_METACARPALS = [i for i in range(_WEBXR_JOINTS) if i not in (5, 10, 15, 20)]
"""The 21 joints of `hands.Hands` among WebXR's, which has a metacarpal in each finger."""

_POSE = re.compile(
    r'^\s*\{"names":\[([^\]]*)\],"handedness":"(\w+)".*?"jointPositions":(\[\[.*?\]\])', re.MULTILINE
)
"""A line of Handy.js that is no comment: names, side and joints."""
_VECTOR = re.compile(r"(\w+): \{x: (\S+), y: (\S+), z: (\S+)\}")


def from_handy_js(path: Path) -> NamedHands:
    """Poses of Handy.js (.js): WebXR's joints in mm."""
    for names, side, joints in _POSE.findall(path.read_text("utf-8")):
        points = np.array(re.findall(r"-?[\d.]+", joints), float).reshape(-1, 3)
        yield points[_WITHOUT_METACARPALS], side, "/".join(re.findall(r'"([^"]*)"', names))


def from_handy_work(path: Path) -> NamedHands:
    """A pose of Handy Work (.handpose): 32-bit floats, first the number of joints, then a matrix for each of
    WebXR's joints of the left and then of the right hand, column by column, in metres."""
    content = path.read_bytes()
    numbers = np.array(struct.unpack(f"<{len(content) // 4}f", content))
    matrices = numbers[1 : 1 + 2 * _WEBXR_JOINTS * 16].reshape(2, _WEBXR_JOINTS, 16)
    for side, hand in zip(("left", "right"), matrices, strict=True):
        yield 1000 * hand[_WITHOUT_METACARPALS, 12:15], side, path.stem


def from_ultraleap(path: Path) -> NamedHands:
    """A pose of Ultraleap's plugin for Unity (.asset): the bones of a hand in metres, z forwards."""
    text = path.read_text("utf-8").partition("serializedHand:")[2]
    hand, _, rest = text.partition("IsLeft: ")
    places = [
        (name, (float(x), float(y), -float(z)))
        for name, x, y, z in _VECTOR.findall(hand)
        if name in ("PrevJoint", "NextJoint", "WristPosition")
    ]
    begins, ends, wrist = (
        [place for name, place in places if name == wanted]
        for wanted in ("PrevJoint", "NextJoint", "WristPosition")
    )
    # Each finger has four bones, of which the first is its metacarpal, or nothing in the thumb.
    fingers = [[begins[4 * i + 1], *ends[4 * i + 1 : 4 * i + 4]] for i in range(5)]
    points = 1000 * np.array([wrist[0], *(point for finger in fingers for point in finger)])
    yield points, "left" if rest.startswith("1") else "right", path.stem


READERS = {
    ".js": ("handy.js", from_handy_js),
    ".handpose": ("handy-work", from_handy_work),
    ".asset": ("ultraleap", from_ultraleap),
}
"""Name of the collection and reader of its files, by suffix."""


def convert(paths: Iterable[Path], out: Path) -> None:
    """Convert files of one or several collections to one NPZ file with `joints` (N, 21, 3) in mm, `side`,
    `name` and `source`.

    Raises `InputError` for a file in which there is no hand.
    """
    joints, sides, names, sources = [], [], [], []
    for path in sorted(paths, key=lambda path: (list(READERS).index(path.suffix.lower()), path.name)):
        source, read = READERS[path.suffix.lower()]
        try:
            found = list(read(path))
        except (IndexError, ValueError, struct.error) as error:
            raise InputError(f"{path}: expected a hand of {source}, got other content ({error})") from error
        if not found:
            raise InputError(f"{path}: expected hands of {source}, got none")
        for points, side, name in found:
            joints.append(points)
            sides.append(side)
            names.append(name)
            sources.append(source)
    np.savez_compressed(
        out,
        joints=np.array(joints, np.float32),
        side=np.array(sides),
        name=np.array(names),
        source=np.array(sources),
    )
