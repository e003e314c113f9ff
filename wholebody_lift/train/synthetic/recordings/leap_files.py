"""Recordings of a Leap sensor in LeapJS Playback's own format, converted to the file that `hands.read_leap`
reads."""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wholebody_lift.errors import InputError

Points = NDArray[np.float64]

_JOINTS = ("mcpPosition", "pipPosition", "dipPosition", "tipPosition")
_TIP = "btipPosition"
"""The tip of the bone, in recordings that have it; `tipPosition` is then the middle of the fingertip."""

_KNUCKLES = (0, 4, 8, 12, 16)  # of 20 points: where the fingers begin, the thumb first
_SAME_MM = 1.0

_PALM: Points = np.array(
    [
        (0.0, 0.0, 0.0),
        (17.999, 16.703, 19.190),
        (21.178, 95.443, 3.293),
        (0.0, 94.875, 0.0),
        (-21.031, 88.187, -0.582),
        (-39.829, 80.315, 3.293),
    ]
)
"""The wrist, which Leap does not give, and the first joints of the five fingers (6, 3) of a right hand, mm.

The joints are those of `pinch-57fps`, the only recording with the bases of the palm's bones. The wrist is 27
mm behind the bases."""


def convert(paths: Iterable[Path], out: Path) -> None:
    """Convert recordings (.json.lz) to one NPZ file with `joints` (N, 21, 3) in mm, `side`, `recording`,
    `frame` and `confidence`.

    A hand is left out if it is within 1 mm of an earlier one at every joint, wherever the two hands are.
    Raises `InputError` for other content.
    """
    rows: list[tuple[Points, str, str, int, float]] = []
    for name, path in sorted((path.name.split(".")[0], path) for path in paths):
        try:
            rows += [
                (hand, side, name, frame, score) for hand, side, frame, score in read(path.read_text("ascii"))
            ]
        except InputError as error:
            raise InputError(f"{path}: {error}") from error
    rows = [rows[i] for i in _distinct(np.stack([row[0] for row in rows]))]
    joints, side, recording, frame, confidence = zip(*rows, strict=True)
    np.savez_compressed(
        out,
        joints=np.stack(
            [_with_wrist(hand, one == "right") for hand, one in zip(joints, side, strict=True)]
        ).astype(np.float32),
        side=np.array(side),
        recording=np.array(recording),
        frame=np.array(frame, np.int32),
        confidence=np.array(confidence, np.float32),
    )


def read(text: str) -> Iterator[tuple[Points, str, int, float]]:
    """The hands of a recording: 20 points (20, 3) in mm without the wrist, side, index of the frame, and the
    tracker's confidence.

    Hands without five fingers are left out. Raises `InputError` for content that is not such a recording.
    """
    try:
        frames = _unpack(json.loads(decompress(text))["frames"])
        for number, frame in enumerate(frames):
            for hand in frame["hands"]:
                fingers = [
                    one for one in frame["pointables"] if one["handId"] == hand["id"] and not one["tool"]
                ]
                if len(fingers) == len(_KNUCKLES):
                    fingers.sort(key=lambda one: one.get("type", one["id"]))
                    points = [one[key] for one in fingers for key in _keys(one)]
                    yield np.array(points, float), hand["type"], number, hand.get("confidence", np.nan)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise InputError(
            f"expected a recording of LeapJS Playback with hands and pointables, got other content "
            f"({type(error).__name__}: {error})"
        ) from error


def decompress(text: str) -> str:
    """Decompress LZ-string's base64 (Pieroxy, version 1.3).

    It is LZW over characters with codes of growing width, lowest bit first. Code 0 and 1 introduce a new
    character of 8 or 16 bits, and 2 ends the text. Raises `ValueError` for other text.
    """
    try:
        data = base64.b64decode(text.strip() + "==")
    except binascii.Error as error:
        raise ValueError(str(error)) from error
    bits = "".join(f"{byte:08b}" for byte in data)
    place = 0

    def take(count: int) -> int:
        nonlocal place
        place += count
        return int(bits[place - count : place][::-1], 2)

    words = ["", "", "", chr(take((8, 16)[take(2)]))]  # the first three codes are no words
    written = [words[-1]]
    width, room = 3, 4  # bits of a code, and how many more words fit before it widens
    while (code := take(width)) != 2:
        if code < 2:
            words.append(chr(take((8, 16)[code])))
            code, room = len(words) - 1, room - 1
            if room == 0:
                width, room = width + 1, 1 << width
        last = written[-1]
        word = words[code] if code < len(words) else last + last[0]
        written.append(word)
        words.append(last + word[0])
        room -= 1
        if room == 0:
            width, room = width + 1, 1 << width
    return "".join(written)


def _unpack(frames: list[Any]) -> list[dict[str, Any]]:
    """Frames as objects. Later versions write the names of the fields once, and then only their values."""
    if isinstance(frames[0], dict):
        return frames
    return [_named(frames[0], row) for row in frames[1:]]


def _named(names: list[Any], row: list[Any]) -> dict[str, Any]:
    """The fields of a row: plain ones, and lists of objects whose names are nested in `names`."""
    fields: dict[str, Any] = {}
    for name, value in zip(names, row, strict=False):
        if isinstance(name, str):
            fields[name] = value
        else:
            ((key, inner),) = name.items()
            fields[key] = [_named(inner[0], one) for one in value] if isinstance(inner[0], list) else value
    return fields


def _keys(finger: dict[str, Any]) -> tuple[str, ...]:
    return (*_JOINTS[:-1], _TIP if _TIP in finger else _JOINTS[-1])


def _distinct(hands: Points) -> list[int]:
    """Indices of the hands (N, 20, 3) that are unlike every earlier one."""
    shapes = hands - hands[:, :1]
    kept = np.empty_like(shapes)
    indices: list[int] = []
    for i, shape in enumerate(shapes):
        n = len(indices)
        if n == 0 or np.abs(kept[:n] - shape).max((1, 2)).min() > _SAME_MM:
            kept[n] = shape
            indices.append(i)
    return indices


def _with_wrist(hand: Points, right: bool) -> Points:
    """The hand (20, 3) with the wrist first (21, 3): the palm turned, moved and scaled to the hand's first
    joints (Umeyama 1991)."""
    palm = _PALM if right else _PALM * (-1.0, 1.0, 1.0)
    target = hand[list(_KNUCKLES)]
    middle, aim = palm[1:].mean(0), target.mean(0)
    u, s, vh = np.linalg.svd((palm[1:] - middle).T @ (target - aim))
    s[2] *= (sign := np.sign(np.linalg.det(u @ vh)))
    u[:, 2] *= sign
    scale = s.sum() / ((palm[1:] - middle) ** 2).sum()
    wrist = scale * (palm[0] - middle) @ (u @ vh) + aim
    return np.vstack([wrist, hand])
