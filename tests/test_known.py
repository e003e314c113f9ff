"""What is known beside the keypoints becomes features, and people get the bones they are known to have."""

import numpy as np
import pytest
import torch
from people import standing

from wholebody_lift import InputError, Keypoints2D, Lifter, LiveLifter, Pose3D, camera, checks, known
from wholebody_lift.config import INPUTS, Config
from wholebody_lift.model import SemGAN
from wholebody_lift.skeleton import LONG_BONES

N = 4
PIXELS = np.array([[1145.0, 0.0, 512.0], [0.0, 1145.0, 490.0], [0.0, 0.0, 1.0]])
LENGTHS = np.array(list(known.TYPICAL_MM.values()))


def _lifter(*inputs: str) -> Lifter:
    torch.manual_seed(0)
    model = SemGAN(Config(channels=32, heads=4, layers=2, inputs=inputs))
    for weight in (*model.embed_known.parameters(), *model.adapters.parameters()):  # as if trained
        torch.nn.init.normal_(weight, std=0.05)
    return Lifter(model, device="cpu")


@pytest.fixture(scope="module")
def told() -> Lifter:
    return _lifter(*INPUTS)


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    people = standing(N) + torch.tensor([300.0, 100.0, 4500.0], dtype=torch.float64)
    return camera.project(people, torch.from_numpy(PIXELS).expand(N, 3, 3)).numpy()


def _facts() -> dict[str, np.ndarray]:
    return {
        "bone_lengths": LENGTHS * np.linspace(0.9, 1.1, 12),
        "gravity": np.array([0.1, 0.9, 0.2]),
        "depth": 100 * np.random.default_rng(0).standard_normal((N, 133)),
    }


@pytest.mark.parametrize("name", INPUTS)
def test_each_changes_the_result_and_nan_is_not_known(told: Lifter, pixels: np.ndarray, name: str) -> None:
    plain = told.lift(pixels, K=PIXELS).xyz
    facts = _facts()[name]
    assert np.abs(told.lift(pixels, K=PIXELS, **{name: facts}).xyz - plain).max() > 1
    some = np.array(np.broadcast_to(facts, (N, facts.shape[-1])))
    some[1:] = np.nan
    mixed = told.lift(pixels, K=PIXELS, **{name: some}).xyz
    assert np.abs(mixed[0] - plain[0]).max() > 1
    assert np.array_equal(mixed[1:], plain[1:])


@pytest.mark.parametrize("name", INPUTS)
def test_what_weights_cannot_be_told_is_an_error(pixels: np.ndarray, name: str) -> None:
    lifter = _lifter(*(other for other in INPUTS if other != name))
    with pytest.raises(InputError, match=f"expected weights with an input for {name}"):
        lifter.lift(pixels, **{name: _facts()[name]})
    if name == "gravity":  # of use for the ground in any case
        assert lifter.lift_sequence(pixels, fps=30, gravity=_facts()[name]) is not None
        return
    with pytest.raises(InputError, match=f"input for {name}"):
        lifter.lift_sequence(pixels, fps=30, **{name: _facts()[name]})


def test_a_depth_that_a_reader_found_is_no_reason_to_refuse_people(pixels: np.ndarray) -> None:
    people = Keypoints2D(pixels, depth=_facts()["depth"])
    lifter = _lifter("gravity")
    assert np.array_equal(lifter.lift(people).xyz, lifter.lift(pixels).xyz)
    with pytest.raises(InputError, match="input for bone_lengths"):
        lifter.lift(Keypoints2D(pixels, bone_lengths=LENGTHS))


def test_the_result_has_the_bone_lengths_given_and_height_goes_first(
    told: Lifter, pixels: np.ndarray
) -> None:
    by_bones = told.lift(pixels, bone_lengths={"left_thigh": 500, "right_shank": 520})
    assert by_bones.scale_source == "bone_lengths"
    names = list(LONG_BONES)
    found = known.long_bones(torch.from_numpy(by_bones.xyz))
    both = found[:, [names.index("left_thigh"), names.index("right_shank")]].sum(1)
    assert torch.allclose(both, torch.full((N,), 1020.0), rtol=1e-4)
    small, tall = (
        told.lift(pixels, bone_lengths=LENGTHS * size, height_mm=1700 * size).xyz for size in (0.8, 1.0)
    )
    assert np.allclose(small, 0.8 * tall, atol=1e-2)


def test_bones_without_a_height_say_how_a_body_is_proportioned_and_how_large_it_is(
    told: Lifter, pixels: np.ndarray
) -> None:
    lengths = _facts()["bone_lengths"]
    one, half = (told.lift(pixels, bone_lengths=lengths * factor).xyz for factor in (1.0, 0.5))
    assert np.allclose(half, one / 2, atol=1e-2)


def test_gravity_turns_with_the_camera(told: Lifter, pixels: np.ndarray) -> None:
    across = torch.tensor([[0, 0, 0.2], [0, 0, 0], [-0.2, 0, 0]], dtype=torch.float64)
    turn = torch.linalg.matrix_exp(across)  # to the side: the virtual camera's roll does not change
    down = np.array([0.0, 0.96, 0.28])
    rays = torch.from_numpy(np.concatenate([pixels, np.ones((N, 133, 1))], -1) @ np.linalg.inv(PIXELS).T)
    turned = rays @ turn.mT
    again = (turned[..., :2] / turned[..., 2:]).numpy() * PIXELS[0, 0] + PIXELS[:2, 2]
    here = told.lift(pixels, K=PIXELS, gravity=down).xyz
    there = told.lift(again, K=PIXELS, gravity=turn.numpy() @ down).xyz
    assert np.allclose(here @ turn.numpy().T, there, atol=0.1)


def test_only_differences_of_depth_count(told: Lifter, pixels: np.ndarray) -> None:
    depth = _facts()["depth"]
    here, there = (told.lift(pixels, depth=depth + offset).xyz for offset in (0, 4000))
    assert np.allclose(here, there, atol=0.05)


def test_a_level_camera_is_easy_to_say(pixels: np.ndarray) -> None:
    people = Keypoints2D(pixels, gravity="level")
    assert np.array_equal(people.gravity, np.tile([0.0, 1.0, 0.0], (N, 1)))
    assert np.array_equal(people.gravity_spread_deg, np.full(N, checks.GRAVITY_SPREAD_DEG))
    with pytest.raises(InputError, match='"level"'):
        Keypoints2D(pixels, gravity="down")
    with pytest.raises(InputError, match="gravity with gravity_spread_deg"):
        Keypoints2D(pixels, gravity_spread_deg=5)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("gravity", (0, 0, 0), "expected gravity as a direction"),
        ("gravity", (0, 1), "shape"),
        ("gravity", (np.inf, 1, 0), "finite"),
        ("bone_lengths", {"left_femur": 430}, "left_femur"),
        ("bone_lengths", {"left_thigh": 0.43}, "looks like metres"),
        ("bone_lengths", np.full(12, np.nan), "at least one known bone length"),
        ("bone_lengths", np.ones(13), "shape"),
        ("depth", np.zeros(133), "shape"),
        ("depth", np.full((N, 133), 1e9), "NaN"),
    ],
)
def test_what_cannot_be_is_refused(pixels: np.ndarray, field: str, value: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Keypoints2D(pixels, **{field: value})


def test_a_video_and_a_live_stream_are_told_too(told: Lifter, pixels: np.ndarray) -> None:
    facts = _facts()
    still = {name: facts[name] for name in ("bone_lengths", "gravity")}
    video = np.repeat(pixels[:1], 5, axis=0)
    for given in (still, {"depth": np.repeat(facts["depth"][:1], 5, axis=0)}):
        alone = told.lift_sequence(video, fps=30).xyz
        assert np.abs(told.lift_sequence(video, fps=30, **given).xyz - alone).max() > 1
    plain, knowing = LiveLifter(told, 30), LiveLifter(told, 30, **still)
    assert np.abs(plain.push(pixels[0]).xyz - knowing.push(pixels[0]).xyz).max() > 1


def test_bone_lengths_of_a_person_are_those_of_all_their_frames(told: Lifter, pixels: np.ndarray) -> None:
    video = told.lift_sequence(np.repeat(pixels[:1], 6, axis=0), fps=30)
    lengths = video.bone_lengths()
    assert lengths.shape == (len(video), 12)
    assert (lengths == lengths[0]).all()
    first = told.lift(pixels)
    of_each = first.bone_lengths()
    assert np.allclose(of_each, known.long_bones(torch.from_numpy(first.xyz)), rtol=1e-5)
    again = told.lift(pixels, bone_lengths=of_each)
    total = known.long_bones(torch.from_numpy(again.xyz)).sum(1)
    assert np.allclose(total, of_each.sum(1), rtol=1e-4)
    assert isinstance(again, Pose3D)


def test_typical_lengths_name_every_bone() -> None:
    assert tuple(known.TYPICAL_MM) == known.BONE_NAMES == tuple(LONG_BONES)
