"""Knees, hands and seat that rest on the floor or on something: which ones do.

Feet have a module of their own, as most of what stands is a foot. Everything else moves slowly much more
often than it rests, so more is asked of it: it is still for longer, the network does not take it to move in
depth, and knees and hands are near the floor.
"""

from __future__ import annotations

import numpy as np

from wholebody_lift._types import Floats, Mask
from wholebody_lift.ground import Ground
from wholebody_lift.skeleton import CONTACTS, INDEX
from wholebody_lift.tracks import runs
from wholebody_lift.video import feet
from wholebody_lift.video.feet import Still

STILL = Still(mm_per_second=250.0, seconds=0.5, within_mm=100.0)
"""Knees and hands rest if they are as still as this in the picture."""
SEATED = Still(mm_per_second=150.0, seconds=1.0, within_mm=60.0)
"""And so does the seat: who squats stays down for a shorter time."""
POSSIBLE = 1.0
"""Anything may move in depth, as lifted, by this many times its expected error together with that of the
person's distance."""
DISTANCE = 0.02
"""Usual error of the distance of a person, as a share of it."""
NEAR_FLOOR_MM = {"knee": 250.0, "hand": 250.0, "seat": 800.0}
"""How far above the floor it may be."""
STRAIGHT = 0.85
"""Who sits has a smaller way from hips to ankles than this share of the length of the legs."""

_LEGS = [[INDEX[f"{side}_{name}"] for side in ("left", "right")] for name in ("hip", "knee", "ankle")]


def resting(seen: Floats, placed: Floats, error_mm: Floats, ground: Ground | None, fps: float) -> Mask:
    """Which of the C `CONTACTS` rest, (T, C).

    Without a ground, as where nobody stands, the height above it is not asked.

    Args:
        seen: (T, 133, 2) keypoints on the image plane; NaN where missing.
        placed: (T, 133, 3) mm from the camera.
        error_mm: (T, 133) the expected errors.
        ground: the floor, if it is known.
        fps: frames per second.
    """
    groups = [list(group) for group in CONTACTS.values()]
    places = np.stack([placed[:, group].mean(axis=1) for group in groups], axis=1)  # (T, C, 3)
    errors = np.stack([error_mm[:, group].mean(axis=1) for group in groups], axis=1)
    on_plane, depth = feet.places_seen(seen, placed, groups), feet.depth(places[:, -1])
    rests = np.concatenate(
        (
            feet.standing(on_plane[:, :-1], depth, fps, STILL),
            feet.standing(on_plane[:, -1:], depth, fps, SEATED),
        ),
        axis=1,
    )
    for contact, name in enumerate(CONTACTS):
        limit = NEAR_FLOOR_MM[name.rsplit(" ", 1)[-1]]
        for start, stop in runs(rests[:, contact]):
            run = slice(start, stop)
            near = ground is None or np.median(ground.height_of(places[run, contact])) < limit
            usual = np.hypot(np.median(errors[run, contact]), DISTANCE * np.median(places[run, contact, 2]))
            rests[run, contact] = near and np.std(places[run, contact, 2]) < POSSIBLE * usual
    rests[:, -1] &= _bent(placed)
    return rests


def _bent(placed: Floats) -> Mask:
    """(T,) whether the legs of people (T, 133, 3) are bent."""
    hips, knees, ankles = (placed[:, pair] for pair in _LEGS)
    length = np.linalg.norm(knees - hips, axis=-1) + np.linalg.norm(ankles - knees, axis=-1)
    return np.asarray((np.linalg.norm(ankles - hips, axis=-1) < STRAIGHT * length).any(axis=1))
