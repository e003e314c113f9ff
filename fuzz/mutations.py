"""Ways to damage a file: in its bytes, and in the tree of its JSON, where damage gets past the parser."""

from __future__ import annotations

import json
import random
from typing import Any

ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 0.5, -0.0, 1e-300, 1e300, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 10**400),
    *(float("nan"), float("inf"), "", "a", "0", "-1", "1e9", "\0", "é" * 40, [], {}, [[]], [None], {"x": 1}),
    *([0] * 133, [[0, 0]] * 133, [[1, 2, 0.5]] * 17, [1] * 75, {"landmark": 3}, "x" * 1000),
)
"""What stands in the place of a value of JSON."""

MOST_STEPS = 4
"""Damages of one file at once."""


def damaged(content: bytes, rng: random.Random) -> bytes:
    """The content with a few damages."""
    steps = rng.randint(1, MOST_STEPS)
    if rng.random() < 0.7:
        try:
            document = json.loads(content)
        except ValueError:
            pass
        else:
            for _ in range(steps):
                document = _changed(document, rng)
            return json.dumps(document).encode()
    for _ in range(steps):
        content = _broken(content, rng)
    return content


def _changed(node: Any, rng: random.Random) -> Any:
    """The tree with one place changed, on a random way down."""
    if rng.random() < 0.15 or not isinstance(node, dict | list) or not node:
        return rng.choice(ODD_VALUES)
    keys = list(node) if isinstance(node, dict) else list(range(len(node)))
    key = rng.choice(keys)
    copy: Any = node.copy()
    match rng.randrange(8):
        case 0:
            del copy[key]
        case 1 if isinstance(copy, dict):
            copy[rng.choice(("keypoints", "people", "image_id", "idx", "fps", "scores", "x"))] = copy.pop(key)
        case 1:
            copy += copy[: rng.randrange(1, 4)]
        case 2:
            copy = [copy] if rng.random() < 0.5 else {"people": copy}
        case _:
            copy[key] = _changed(node[key], rng)
    return copy


def _broken(content: bytes, rng: random.Random) -> bytes:
    """The bytes with one damage."""
    if not content:
        return rng.randbytes(8)
    place = rng.randrange(len(content))
    match rng.randrange(6):
        case 0:
            return content[:place]
        case 1:
            return content[:place] + rng.randbytes(rng.randrange(1, 9)) + content[place:]
        case 2:
            return content[:place] + content[place + rng.randrange(1, 9) :]
        case 3:
            other = rng.randrange(len(content))
            return content[:place] + content[other : other + 64] + content[place:]
        case 4:
            return (
                content[:place] + rng.choice((b"9" * 30, b"-1", b"nan", b"\xff\xfe", b"\0")) + content[place:]
            )
        case _:
            flipped = bytes([content[place] ^ (1 << rng.randrange(8))])
            return content[:place] + flipped + content[place + 1 :]
