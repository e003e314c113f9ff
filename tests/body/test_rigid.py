import numpy as np
import pytest

from wholebody_lift.body import rigid


@pytest.fixture
def turns() -> np.ndarray:
    """(20, 3, 3)"""
    q, r = np.linalg.qr(np.random.default_rng(0).normal(size=(20, 3, 3)))
    q *= np.sign(np.diagonal(r, axis1=1, axis2=2))[:, None]
    return q * np.linalg.det(q)[:, None, None]


def test_zero_stays_zero() -> None:
    assert rigid.unit(np.array([[0.0, 0, 0], [0, 3, 4]])).tolist() == [[0, 0, 0], [0, 0.6, 0.8]]


@pytest.mark.parametrize(("first", "second"), [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)])
def test_axes_lie_along_what_they_are_given(first: int, second: int) -> None:
    primary, secondary = np.random.default_rng(1).normal(size=(2, 10, 3))
    axes = rigid.axes(first, primary, second, secondary)
    assert np.allclose(np.linalg.det(axes), 1)
    assert np.allclose(axes.swapaxes(1, 2) @ axes, np.eye(3))
    assert np.allclose(axes[:, :, first], rigid.unit(primary))
    assert (np.sum(axes[:, :, second] * secondary, axis=1) > 0).all()
    third = axes[:, :, 3 - first - second]
    assert np.allclose(np.sum(third * secondary, axis=1), 0)


def test_a_turned_shape_is_found_again(turns: np.ndarray) -> None:
    shape = np.random.default_rng(2).normal(size=(5, 3))
    assert np.allclose(rigid.fit(shape, shape @ turns.swapaxes(1, 2)), turns)
    flat = shape * (1, 1, 0)  # which could as well be mirrored
    assert np.allclose(rigid.fit(flat, flat @ turns.swapaxes(1, 2)), turns)


def test_no_small_turn_fits_better(turns: np.ndarray) -> None:
    rng = np.random.default_rng(3)
    shape = rng.normal(size=(6, 3))
    points = shape @ turns.swapaxes(1, 2) + 0.3 * rng.normal(size=(20, 6, 3))

    def misfit(found: np.ndarray) -> np.ndarray:
        return ((points - shape @ found.swapaxes(1, 2)) ** 2).sum(axis=(1, 2))

    best = rigid.fit(shape, points)
    c, s = np.cos(0.01), np.sin(0.01)
    for small in (
        [[1, 0, 0], [0, c, -s], [0, s, c]],
        [[c, 0, s], [0, 1, 0], [-s, 0, c]],
        [[c, -s, 0], [s, c, 0], [0, 0, 1]],
    ):
        for turn in (np.array(small), np.array(small).T):
            assert (misfit(best @ turn) > misfit(best)).all()
