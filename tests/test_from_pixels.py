import numpy as np
import pytest
import torch
from people import standing

from wholebody_lift import Keypoints2D, Lifter, camera
from wholebody_lift.features import features
from wholebody_lift.from_pixels import HEAD_DOWN_FACTOR, FromPixels
from wholebody_lift.plausibility import error_factor
from wholebody_lift.seen import Seen
from wholebody_lift.viewpoint import canonical_view

K = np.array([[1145.0, 0.0, 512.0], [0.0, 1145.0, 490.0], [0.0, 0.0, 1.0]])


@pytest.fixture(scope="module")
def lifter() -> Lifter:
    return Lifter.from_pretrained("tiny", device="cpu")


@pytest.fixture(scope="module")
def people() -> Keypoints2D:
    xyz = standing(4) + torch.tensor([300.0, 100.0, 4500.0], dtype=torch.float64)
    return Keypoints2D(camera.project(xyz, torch.from_numpy(K).expand(4, 3, 3)).numpy(), K=K)


def turned(people: Keypoints2D, degrees: float) -> Keypoints2D:
    """The same in a picture that is turned about the camera's axis."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    centre = K[:2, 2]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Keypoints2D, "_warn", lambda _: None)  # of people upside down
        return Keypoints2D((people.keypoints - centre) @ np.array([[c, s], [-s, c]]) + centre, K=K)


def expected_by_the_network(lifter: Lifter, people: Keypoints2D) -> np.ndarray:
    seen = Seen.of(people, array=lifter.backend.array)
    canonical, view = canonical_view(seen.plane, seen.observed)
    known = torch.ones(len(people), dtype=torch.bool)
    with torch.inference_mode():
        return lifter.model(
            features(canonical, seen.scores, seen.observed, view, known, known)
        ).error_mm.numpy()


@pytest.mark.parametrize("degrees", [0, 30, 90, -90])
def test_errors_of_people_upright_or_lying_are_the_networks_to_the_bit(
    lifter: Lifter, people: Keypoints2D, degrees: float
) -> None:
    people = turned(people, degrees)
    assert np.array_equal(lifter.lift(people).error_mm, expected_by_the_network(lifter, people))


def test_errors_grow_for_people_upside_down(lifter: Lifter, people: Keypoints2D) -> None:
    upside_down = turned(people, 180)
    error = lifter.lift(upside_down).error_mm
    factor = HEAD_DOWN_FACTOR * error_factor(upside_down.keypoints)
    assert np.allclose(error, factor * expected_by_the_network(lifter, upside_down), rtol=1e-5)
    assert error[:, :17].mean() > 1.3 * lifter.lift(people).error_mm[:, :17].mean()


def test_places_are_those_that_people_are_seen_from(people: Keypoints2D) -> None:
    xyz, root = standing(4).numpy(), np.array([300.0, 100.0, 4500.0])
    seen = Seen.of(people)
    assert np.allclose(seen.place(xyz), root, atol=1e-6)
    assert seen.reprojection_error(xyz + root).max() < 1e-9
    aside = seen.reprojection_error(xyz + root + [90.0, 0, 0])
    assert np.allclose(aside, 90 / 4500 * K[0, 0], rtol=0.1)


def test_what_is_missing_has_no_influence(lifter: Lifter, people: Keypoints2D) -> None:
    module, seen = FromPixels(lifter.model), Seen.of(people, array=lifter.backend.array)
    observed = seen.observed.clone()
    observed[:, 91:112] = False
    known = torch.ones(4, dtype=torch.bool)
    scores = torch.where(observed, seen.scores, 0)
    noise = seen.plane + 5 * ~observed[..., None]
    for one, other in zip(
        *(module(p, observed, scores, known, known) for p in (seen.plane, noise)), strict=True
    ):
        assert torch.equal(one, other)
