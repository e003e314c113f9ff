"""The bodies with volume, and the feet that are not shown."""

import numpy as np

from wholebody_lift.skeleton import INDEX, MIRROR, NUM_KEYPOINTS, PARTS
from wholebody_lift.viewers import palette
from wholebody_lift.viewers.solids import CHIN, COVERED, SOLIDS, Solid, unseen_feet


def test_the_chin_is_the_middle_of_the_jaw() -> None:
    assert MIRROR[CHIN] == CHIN
    assert PARTS["face"].start <= CHIN < PARTS["face"].stop


def mirrored(solid: Solid) -> tuple:
    balls = sorted((b.radius, tuple(sorted(MIRROR[k] for k in b.keypoints)), b.up) for b in solid.balls)
    return (solid.part, tuple(balls))


def plain(solid: Solid) -> tuple:
    return (
        solid.part,
        tuple(sorted((b.radius, tuple(sorted(b.keypoints)), b.up) for b in solid.balls)),
    )


def test_a_body_is_symmetric() -> None:
    assert sorted(map(mirrored, SOLIDS)) == sorted(map(plain, SOLIDS))


def test_solids_have_colours_and_cover_the_body() -> None:
    assert {solid.group for solid in SOLIDS} <= set(palette.GROUP_COLOURS)
    assert sorted(COVERED) == list(range(PARTS["feet"].stop))


def test_feet_that_no_picture_shows_are_unseen() -> None:
    observed = np.ones((3, NUM_KEYPOINTS), bool)
    left = [INDEX[f"left_{name}"] for name in ("ankle", "heel", "big_toe", "small_toe")]
    observed[:2, left] = False  # person 0 in two images; person 1 in one
    unseen = unseen_feet(observed, np.array([0, 0, 1]))
    assert np.flatnonzero(unseen[0]).tolist() == sorted(left[1:])
    assert (unseen[0] == unseen[1]).all()
    assert not unseen[2].any()
    observed[1, left[2]] = True  # one toe in one image is enough
    assert not unseen_feet(observed, np.array([0, 0, 1])).any()
