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
from wholebody_lift.video import answers, gate, temporal, time_filters
from wholebody_lift.video.answers import Answers, Grid
from wholebody_lift.video.person import Person
from wholebody_lift.video.temporal import Memory, TemporalNetwork
from wholebody_lift.video.time_filters import Filter

FPS = 30.0
FRAMES = 40
K = np.array([[1145.0, 0.0, 512.0], [0.0, 1145.0, 490.0], [0.0, 0.0, 1.0]])
CONFIG = Temporal(channels=8)


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
    return answers.of_pose(people, small.lift(people), FPS)


def on_grid(given: Answers) -> Grid:
    return answers.on_grid(given, answers.grid_times(given.seconds))


def moves(network: TemporalNetwork, grid: Grid, size_mm: float, form: temporal.Form) -> np.ndarray:
    """(G, J, 3) in units of the size."""
    return network._move(form, time_filters.choice(grid, size_mm, causal=form == "causal"))


# -------------------------------------------------------------------------- the filters and the network


@pytest.mark.parametrize("form", temporal.FORMS)
def test_each_form_sees_what_it_may(network: TemporalNetwork, given: Answers, form: temporal.Form) -> None:
    """The causal one never looks ahead."""
    after = np.arange(FRAMES) > 25
    changed = given._replace(
        **{
            name: np.where(after.reshape(-1, *[1] * (values.ndim - 1)), 0.9 * values, values)
            for name, values in given._asdict().items()
            if name != "seconds"
        }
    )
    before, now = (moves(network, on_grid(one), given.size_mm, form) for one in (given, changed))
    same = np.abs(before - now).max(axis=(1, 2)) == 0
    assert not same[26]
    assert same[:26].all() if form == "causal" else not same[25]


@pytest.mark.parametrize("form", temporal.FORMS)
def test_masked_steps_say_nothing(network: TemporalNetwork, given: Answers, form: temporal.Form) -> None:
    grid = on_grid(given)
    valid = grid.valid.copy()
    valid[10:14] = False
    garbage = given._replace(xyz=given.xyz.copy(), error_mm=given.error_mm.copy())
    garbage.xyz[10:14], garbage.error_mm[10:14] = 1e4, 1
    a, b = (
        moves(network, one._replace(valid=valid), given.size_mm, form) for one in (grid, on_grid(garbage))
    )
    assert np.abs(a).max() > 0
    assert np.array_equal(a, b)
    assert (a[10:14] == 0).all()


def test_a_filter_fits_a_polynomial() -> None:
    """By weighted least squares, as numpy does it."""
    generator = np.random.default_rng(0)
    values, weights = generator.normal(size=(30, 2, 3)), generator.uniform(0.5, 2, size=(30, 2))
    for causal, one in ((False, Filter(7, 2)), (True, Filter(8, 1)), (False, Filter(5, 0))):
        before = one.width - 1 if causal else one.width // 2
        start = 20 - before
        window = slice(start, start + one.width)
        t = np.arange(one.width) - before
        for j in range(2):
            fit = np.polyfit(t, values[window, j], one.degree, w=np.sqrt(weights[window, j]))
            found = time_filters._Windows(values, weights, causal, slice(20, 21)).fitted(one)[0, j]
            assert np.abs(found - fit[-1]).max() < 0.05  # the ridge


def test_filters_leave_still_people_alone(network: TemporalNetwork, given: Answers) -> None:
    """So that nothing but movement can be smoothed: the network has no opinion on poses."""
    still = Answers(given.seconds, *(np.repeat(values[:1], FRAMES, axis=0) for values in given[1:]))
    for form in temporal.FORMS:
        assert np.abs(moves(network, on_grid(still), given.size_mm, form)).max() < 1e-3


def test_hips_stay_at_the_origin(network: TemporalNetwork, given: Answers) -> None:
    hips = [answers.KEYPOINTS.index(i) for i in ROOT]
    assert np.abs(moves(network, on_grid(given), given.size_mm, "centred")[:, hips].mean(axis=1)).max() < 1e-6


def test_torch_and_numpy_agree(network: TemporalNetwork, given: Answers) -> None:
    tensors = {
        name.removeprefix("causal."): torch.from_numpy(w)
        for name, w in network.weights.items()
        if name.startswith("causal.")
    }
    choice = time_filters.choice(on_grid(given), given.size_mm, causal=True)
    found = gate.move(tensors, torch.from_numpy(choice.told), torch.from_numpy(choice.moves))
    assert np.abs(found.numpy() - network._move("causal", choice)).max() < 1e-5


def test_mirrored_people_are_moved_alike(network: TemporalNetwork, given: Answers) -> None:
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
    for form in temporal.FORMS:
        a, b = (moves(network, on_grid(one), given.size_mm, form) for one in (given, mirrored))
        assert np.abs(a[:, other] @ flip - b).max() < 1e-4


# -------------------------------------------------------------------------------------------- the grid


def test_any_frame_rate_is_the_same_grid(small: Lifter) -> None:
    grids = [
        on_grid(answers.of_pose(people, small.lift(people), people.fps))
        for people in (video(30.0), video(60.0))
    ]
    slow, fast = (grid.part(slice(FRAMES)) for grid in grids)
    assert slow.valid.all()
    assert fast.valid.all()
    assert np.allclose(slow.answers.xyz, fast.answers.xyz, atol=0.1)
    assert np.allclose(slow.step_seconds[1:], 2 * fast.step_seconds[1:])


def test_long_gaps_are_masked(given: Answers) -> None:
    kept = np.r_[0:10, 14:20, 30:FRAMES]
    grid = answers.on_grid(Answers(*(v[kept] for v in given)), answers.grid_times(given.seconds))
    assert np.flatnonzero(~grid.valid).tolist() == list(range(20, 30))


# ------------------------------------------------------------------------------------ as it is used


def with_network(lifter: Lifter, network: TemporalNetwork | None) -> Lifter:
    return Lifter(lifter.model, device="cpu", temporal=network)


def test_nothing_changes_with_a_network_that_follows_no_filter(small: Lifter) -> None:
    people = video()
    nothing = with_network(small, random_network(scale=0.0))
    a, b = small.lift_sequence(people), nothing.lift_sequence(people)
    assert np.abs(a.xyz - b.xyz).max() < 1e-3
    assert np.array_equal(a.frame_by_frame_px, b.frame_by_frame_px)
    frames = Person(1.0, corrected=True)
    live = LiveLifter(nothing).replay(people)
    for t, flat in enumerate(small.lift(people)):
        smooth = frames.smooth(flat.xyz[0], flat.error_mm[0], t / FPS)
        assert np.abs(live.xyz[t] - smooth).max() < 1e-2


def test_it_is_used_for_recordings_and_live(small: Lifter, network: TemporalNetwork) -> None:
    people = video()
    helped = with_network(small, network)
    for a, b in zip(_both_ways(small, people), _both_ways(helped, people), strict=True):
        assert np.abs(a.xyz - b.xyz).max() > 5
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
    moved = network.correct(people, flat, [np.arange(FRAMES)], FPS).xyz - flat.xyz
    for part, leader in (("face", "nose"), ("left_hand", "left_wrist"), ("right_hand", "right_wrist")):
        keypoint = answers.KEYPOINTS[temporal._MOVED_LIKE[PARTS[part][3]]]
        assert np.abs(moved[:, PARTS[part]] - moved[:, [keypoint]]).max() < 1e-2, leader


def test_long_recordings_are_computed_in_blocks(
    small: Lifter, network: TemporalNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = video()
    flat = small.lift(people)
    whole = network.correct(people, flat, [np.arange(FRAMES)], FPS)
    monkeypatch.setattr(temporal, "BLOCK", 7)
    assert np.abs(network.correct(people, flat, [np.arange(FRAMES)], FPS).xyz - whole.xyz).max() < 1e-2


def test_a_stream_has_what_the_causal_form_makes_of_the_recording(
    network: TemporalNetwork, given: Answers
) -> None:
    memory = Memory()
    for t in range(FRAMES):
        memory.add(Answers(*(values[t : t + 1] for values in given)))
    memory._lengths = memory._lengths * given.size_mm / memory.size_mm  # the size in the whole recording
    latest = network.correct_latest([memory])[0, answers.KEYPOINTS]
    whole = given.size_mm * moves(network, on_grid(given), given.size_mm, "causal")[-1] @ given.rotation[-1]
    assert np.abs(whole).max() > 1
    assert np.abs(latest - whole).max() < 0.1


def test_a_memory_stays_small(given: Answers) -> None:
    memory = Memory()
    for t in range(4000):
        one = Answers(*(values[:1] for values in given))
        memory.add(one._replace(seconds=np.array([t / 1000])))
    seconds = memory.history.seconds
    assert seconds[-1] == pytest.approx(3.999)
    assert len(seconds) < 350


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
        ({n: t for n, t in tensors.items() if n != "causal.mix.bias"}, r"missing: causal\.mix\.bias"),
        ({**tensors, "causal.mix.bias": np.zeros(3)}, "of another shape: causal.mix.bias"),
        ({**tensors, "causal.mix.bias": np.full(8, np.nan)}, "NaN or infinity in causal.mix.bias"),
        ({**tensors, "causal.mix.bias": np.zeros(8, np.int8)}, "causal.mix.bias is I8"),
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
