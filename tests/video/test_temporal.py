from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch
from people import standing

from wholebody_lift import Lifter, LiveLifter, Pose3D, camera, pretrained
from wholebody_lift.config import Temporal
from wholebody_lift.errors import WeightsError
from wholebody_lift.keypoints import Keypoints2D
from wholebody_lift.skeleton import MIRROR, PARTS, ROOT
from wholebody_lift.video import answers, temporal, time_convolutions
from wholebody_lift.video.answers import Answers
from wholebody_lift.video.temporal import TemporalNetwork

FPS = 30.0
FRAMES = 40
K = np.array([[1145.0, 0.0, 512.0], [0.0, 1145.0, 490.0], [0.0, 0.0, 1.0]])
CONFIG = Temporal(channels=8, centred=(1, 2), causal=(1, 3))


def random_network(scale: float = 1.0) -> TemporalNetwork:
    generator = np.random.default_rng(0)
    weights = {
        name: (scale * generator.normal(size=shape) / np.sqrt(shape[0])).astype(np.float32)
        for name, shape in temporal.shapes(CONFIG).items()
    }
    return TemporalNetwork(CONFIG, weights)


@pytest.fixture
def network() -> TemporalNetwork:
    return random_network()


def video(fps: float = FPS) -> Keypoints2D:
    """A person who sways, as a detector sees them."""
    frames = round(FRAMES * fps / FPS)
    t = np.arange(frames)[:, None, None] / fps
    sway = 60 * np.sin(2 * np.pi * t + np.arange(133)[:, None] + np.arange(3))
    xyz = standing(1).numpy() + sway + np.array([300.0, 100.0, 4500.0])
    xy = camera.project(torch.from_numpy(xyz), torch.from_numpy(K).expand(frames, 3, 3)).numpy()
    return Keypoints2D(xy, K=K, fps=fps, image_ids=np.arange(frames))


@pytest.fixture
def given(small: Lifter) -> Answers:
    people = video()
    return answers.of_pose(people, small.lift(people))


def forward(network: TemporalNetwork, form: str, told: np.ndarray, valid: np.ndarray) -> np.ndarray:
    return network._forward(form, told[None], valid[None].astype(np.float32))[0]  # type: ignore[arg-type]


def on_grid(given: Answers) -> tuple[np.ndarray, np.ndarray]:
    grid = answers.on_grid(given, answers.grid_times(given.seconds))
    return answers.features(grid, given.size_mm), grid.valid


# -------------------------------------------------------------------------------------- the network


@pytest.mark.parametrize("form", temporal.FORMS)
def test_each_form_sees_what_it_may(network: TemporalNetwork, given: Answers, form: str) -> None:
    """The causal one never looks ahead; both look as far as `reach` says."""
    told, valid = on_grid(given)
    reach = time_convolutions.reach(getattr(CONFIG, form))
    back, ahead = (2 * reach, 0) if form == "causal" else (reach, reach)
    before = forward(network, form, told, valid)
    changed = told.copy()
    changed[20] += 1
    moved = np.abs(forward(network, form, changed, valid) - before).max(axis=(1, 2)) > 0
    assert np.flatnonzero(moved).min() == 20 - ahead
    assert np.flatnonzero(moved).max() == 20 + back


@pytest.mark.parametrize("form", temporal.FORMS)
def test_masked_steps_say_nothing(network: TemporalNetwork, given: Answers, form: str) -> None:
    told, valid = on_grid(given)
    valid = valid.copy()
    valid[10:14] = False
    garbage = told.copy()
    garbage[10:14] = 100
    assert np.array_equal(forward(network, form, told, valid), forward(network, form, garbage, valid))
    cut = forward(network, form, told[14:], valid[14:])
    far = 2 * time_convolutions.reach(getattr(CONFIG, form))
    assert np.allclose(forward(network, form, told, valid)[14 + far :], cut[far:], atol=1e-6)


def test_hips_stay_at_the_origin(network: TemporalNetwork, given: Answers) -> None:
    moves = forward(network, "centred", *on_grid(given))
    assert np.abs(moves).max() > 0.01
    assert np.abs(moves[:, answers.HIPS].mean(axis=1)).max() < 1e-6


def test_torch_and_numpy_agree(network: TemporalNetwork, given: Answers) -> None:
    told, valid = on_grid(given)
    tensors = {
        name.removeprefix("causal."): torch.from_numpy(w)
        for name, w in network.weights.items()
        if name.startswith("causal.")
    }
    mask = torch.from_numpy(valid).float()[None]
    found = time_convolutions.correction(
        tensors, torch.from_numpy(told)[None], mask, CONFIG.causal, causal=True
    )
    assert np.abs(found[0].numpy() - forward(network, "causal", told, valid)).max() < 1e-5


# ----------------------------------------------------------------------------------------- features


def test_features_of_the_past_do_not_know_the_future(given: Answers) -> None:
    told, _ = on_grid(given)
    later = given._replace(
        **{
            name: np.where(np.arange(FRAMES).reshape(-1, *[1] * (v.ndim - 1)) < 20, v, 0.9 * v)
            for name, v in given._asdict().items()
            if name != "seconds"
        }
    )
    grid = answers.on_grid(later, answers.grid_times(later.seconds))
    assert np.array_equal(answers.features(grid, given.size_mm)[:20], told[:20])


def test_any_frame_rate_is_the_same_grid(small: Lifter) -> None:
    told = {}
    for fps in (30.0, 60.0):
        people = video(fps)
        told[fps], valid = on_grid(answers.of_pose(people, small.lift(people)))
        assert valid.all()
    rate = np.abs(told[30.0] - told[60.0][: len(told[30.0])]).max(axis=0) > 0.02
    assert rate.sum() == 1  # the frame rate itself


def test_long_gaps_are_masked(given: Answers) -> None:
    kept = np.r_[0:10, 14:20, 30:FRAMES]
    grid = answers.on_grid(Answers(*(v[kept] for v in given)), answers.grid_times(given.seconds))
    assert np.flatnonzero(~grid.valid).tolist() == list(range(20, 30))


def test_mirrored_people_have_mirrored_features(given: Answers) -> None:
    place = {keypoint: i for i, keypoint in enumerate(answers.KEYPOINTS)}
    other = [place[MIRROR[keypoint]] for keypoint in answers.KEYPOINTS]
    flip = np.diag([-1.0, 1, 1])
    mirrored = given._replace(
        xyz=given.xyz[:, other] @ flip,
        error_mm=given.error_mm[:, other],
        canonical=given.canonical[:, other] * [-1, 1],
        observed=given.observed[:, other],
        parts=given.parts[:, [0, 2, 1]],
        rotation=flip @ given.rotation @ flip,
        root=given.root @ flip,
    )
    told, _ = on_grid(given)
    expected = told[:, answers.MIRRORED_FEATURES] * np.array(answers.MIRRORED_SIGNS)
    assert np.abs(on_grid(mirrored)[0] - expected).max() < 1e-4


# ------------------------------------------------------------------------------------ as it is used


def with_network(lifter: Lifter, network: TemporalNetwork | None) -> Lifter:
    return Lifter(lifter.model, device="cpu", temporal=network)


def test_nothing_changes_without_it(small: Lifter) -> None:
    """Nor with one that corrects nothing, in a recording and live."""
    people = video()
    nothing = with_network(small, random_network(scale=0.0))
    for a, b in zip(_both_ways(small, people), _both_ways(nothing, people), strict=True):
        assert np.abs(a.xyz - b.xyz).max() < 1e-3
        assert np.abs(a.error_mm - b.error_mm).max() < 1e-3


def test_it_is_used_for_recordings_and_live(small: Lifter, network: TemporalNetwork) -> None:
    people = video()
    helped = with_network(small, network)
    for a, b in zip(_both_ways(small, people), _both_ways(helped, people), strict=True):
        assert np.abs(a.xyz - b.xyz).max() > 10
        assert np.abs(b.xyz[:, list(ROOT)].mean(axis=1)).max() < 10  # bones are locked afterwards
    again = _both_ways(helped, people)
    for a, b in zip(_both_ways(helped, people), again, strict=True):
        assert np.array_equal(a.xyz, b.xyz)
    alone, together = small.lift(people), helped.lift(people)
    assert np.array_equal(alone.xyz, together.xyz)


def _both_ways(lifter: Lifter, people: Keypoints2D) -> tuple[Pose3D, Pose3D]:
    return lifter.lift_sequence(people), LiveLifter(lifter).replay(people)


def test_hands_and_face_follow(small: Lifter, network: TemporalNetwork) -> None:
    people = video()
    flat = small.lift(people)
    moves = network.correct(people, flat, [np.arange(FRAMES)], FPS).xyz - flat.xyz
    for part, leader in (("face", "nose"), ("left_hand", "left_wrist"), ("right_hand", "right_wrist")):
        keypoint = answers.KEYPOINTS[temporal._MOVED_LIKE[PARTS[part][3]]]
        assert np.abs(moves[:, PARTS[part]] - moves[:, [keypoint]]).max() < 1e-2, leader


def test_long_recordings_are_computed_in_blocks(
    small: Lifter, network: TemporalNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = video()
    flat = small.lift(people)
    whole = network.correct(people, flat, [np.arange(FRAMES)], FPS)
    monkeypatch.setattr(temporal, "_BLOCK", 7)
    assert np.abs(network.correct(people, flat, [np.arange(FRAMES)], FPS).xyz - whole.xyz).max() < 1e-2


def test_a_stream_has_what_the_causal_form_makes_of_the_recording(
    small: Lifter, network: TemporalNetwork
) -> None:
    given = answers.of_pose(video(), small.lift(video()))
    told, valid = on_grid(given)
    memory = network.memory()
    for t in range(FRAMES):
        memory.add(Answers(*(values[t : t + 1] for values in given)))
        memory._lengths = memory._lengths * given.size_mm / memory.size_mm  # the size of the whole
        latest = network.correct_latest([memory])[0]
    moves = given.size_mm * forward(network, "causal", told, valid)[-1] @ given.rotation[-1]
    assert np.abs(latest[answers.KEYPOINTS] - moves).max() < 0.1


def test_a_memory_stays_small(network: TemporalNetwork, given: Answers) -> None:
    memory = network.memory()
    for t in range(3000):
        one = Answers(*(values[:1] for values in given))
        memory.add(one._replace(seconds=np.array([t / 1000])))
    assert len(memory.history.seconds) < 150


# -------------------------------------------------------------------------------------------- files


@pytest.fixture
def directory(small: Lifter, network: TemporalNetwork, tmp_path: Path) -> Path:
    with_network(small, network).save_pretrained(tmp_path / "weights")
    return tmp_path / "weights"


def test_it_travels_with_the_weights(small: Lifter, network: TemporalNetwork, directory: Path) -> None:
    loaded = Lifter.from_pretrained(directory, device="cpu")
    assert loaded.temporal is not None
    assert loaded.temporal.config == CONFIG == loaded.model.config.temporal
    for name, tensor in network.weights.items():
        assert np.array_equal(loaded.temporal.weights[name], tensor.astype(np.float16))
    small.save_pretrained(directory)
    assert Lifter.from_pretrained(directory, device="cpu").temporal is None
    assert not (directory / pretrained.TEMPORAL_FILE).exists()


def test_a_missing_file_is_named(directory: Path) -> None:
    (directory / pretrained.TEMPORAL_FILE).unlink()
    with pytest.raises(WeightsError, match=r"expected temporal\.safetensors beside the weights .* got none"):
        Lifter.from_pretrained(directory, device="cpu")


def test_a_wrong_file_is_refused(directory: Path) -> None:
    path = directory / pretrained.TEMPORAL_FILE
    tensors = safetensors.numpy.load_file(path)
    for wrong, message in (
        ({**tensors, "other": np.zeros(1)}, "left over: other"),
        ({n: t for n, t in tensors.items() if n != "causal.input.bias"}, r"missing: causal\.input\.bias"),
        ({**tensors, "causal.input.bias": np.zeros(3)}, "of another shape: causal.input.bias"),
        ({**tensors, "causal.input.bias": np.full(8, np.nan)}, "NaN or infinity in causal.input.bias"),
        ({**tensors, "causal.input.bias": np.zeros(8, np.int8)}, "causal.input.bias is I8"),
    ):
        safetensors.numpy.save_file(wrong, path)
        with pytest.raises(WeightsError, match=message):
            Lifter.from_pretrained(directory, device="cpu")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(WeightsError, match="complete safetensors file"):
        Lifter.from_pretrained(directory, device="cpu")


def test_a_damaged_file_is_found(small: Lifter, network: TemporalNetwork, directory: Path) -> None:
    (directory / pretrained.SUMS_FILE).touch()
    with_network(small, network).save_pretrained(directory)
    Lifter.from_pretrained(directory, device="cpu")
    path = directory / pretrained.TEMPORAL_FILE
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(WeightsError, match=r"expected SHA-256 .* of .*temporal\.safetensors"):
        Lifter.from_pretrained(directory, device="cpu")
