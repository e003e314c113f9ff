import multiprocessing
import threading
import warnings
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
import torch
from people import standing

from wholebody_lift import InputError, InputWarning, Keypoints2D, Lifter, camera, lifter
from wholebody_lift.config import Config
from wholebody_lift.errors import ReprojectionWarning
from wholebody_lift.from_pixels import FromPixels, Lifted
from wholebody_lift.model import SemGAN

PIXELS = np.array([[1145.0, 0.0, 512.0], [0.0, 1145.0, 490.0], [0.0, 0.0, 1.0]])


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    people = standing(6) + torch.tensor([300.0, 100.0, 4500.0], dtype=torch.float64)
    return camera.project(people, torch.from_numpy(PIXELS).expand(6, 3, 3)).numpy()


def test_one_person_and_many(small: Lifter, pixels: np.ndarray) -> None:
    one = small.lift(pixels[0])
    assert one.xyz.shape == (1, 133, 3)
    assert one.xyz.dtype == np.float32
    many = small.lift(pixels)
    assert len(many) == 6
    assert np.abs(many.xyz[0] - one.xyz[0]).max() < 1e-2
    assert many.camera_source == "keypoints"
    assert many.scale_source == "average_adult"


def test_numpy_torch_lists_and_the_model_agree(small: Lifter, pixels: np.ndarray) -> None:
    reference = small.lift(pixels).xyz
    for same in (torch.from_numpy(pixels), pixels.tolist(), Keypoints2D(keypoints=pixels)):
        assert np.array_equal(small.lift(same).xyz, reference)


def test_same_input_same_output(small: Lifter, pixels: np.ndarray) -> None:
    first, second = small.lift(pixels, K=PIXELS), small.lift(pixels, K=PIXELS)
    assert np.array_equal(first.xyz, second.xyz)
    assert np.array_equal(first.error_mm, second.error_mm)


def test_any_number_in_chunks(small: Lifter, pixels: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = small.lift(pixels, image_size=(1000, 1000), height_mm=[1500, 1600, 1700, 1800, 1900, 2000])
    monkeypatch.setattr(lifter, "CHUNK", 4)
    pieces = small.lift(pixels, image_size=(1000, 1000), height_mm=[1500, 1600, 1700, 1800, 1900, 2000])
    assert np.abs(whole.xyz - pieces.xyz).max() < 1e-2
    assert np.array_equal(whole.K, pieces.K)


def test_order_of_people_does_not_matter(small: Lifter, pixels: np.ndarray) -> None:
    forward, backward = small.lift(pixels).xyz, small.lift(pixels[::-1].copy()).xyz[::-1]
    assert np.abs(forward - backward).max() < 1e-2


def test_garbage_behind_missing_keypoints_changes_no_bit(small: Lifter, pixels: np.ndarray) -> None:
    scores = np.ones((6, 133))
    scores[:, 40:90] = 0
    dirty = pixels.copy()
    dirty[:, 40:90] = 1e6
    clean, garbage = small.lift(pixels, scores, K=PIXELS), small.lift(dirty, scores, K=PIXELS)
    for name in ("xyz", "error_mm", "translation", "reprojection_error_px"):
        assert np.array_equal(getattr(clean, name), getattr(garbage, name)), name
    assert not clean.observed[:, 40:90].any()
    assert clean.observed[:, :40].all()


def test_scaling_image_and_intrinsics_changes_nothing(small: Lifter, pixels: np.ndarray) -> None:
    plain = small.lift(pixels, K=PIXELS)
    scaled = small.lift(2.5 * pixels, K=np.diag([2.5, 2.5, 1]) @ PIXELS)
    assert np.abs(plain.xyz - scaled.xyz).max() < 0.02
    assert np.abs(plain.translation - scaled.translation).max() < 0.5


def test_without_a_camera_place_and_size_do_not_matter(small: Lifter, pixels: np.ndarray) -> None:
    assert np.abs(small.lift(pixels).xyz - small.lift(0.3 * pixels + 5000).xyz).max() < 0.5


def test_panning_the_camera_turns_the_result(small: Lifter, pixels: np.ndarray) -> None:
    c, s = np.cos(0.4), np.sin(0.4)
    turn = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    rays = np.concatenate([pixels, np.ones((6, 133, 1))], -1) @ np.linalg.inv(PIXELS).T @ turn.T
    seen = (rays / rays[..., 2:]) @ PIXELS.T
    plain, turned = small.lift(pixels, K=PIXELS), small.lift(seen[..., :2], K=PIXELS)
    assert np.abs(turned.xyz - plain.xyz @ turn.T).max() < 0.1


def test_lens_distortion_is_undone(small: Lifter, pixels: np.ndarray) -> None:
    lens = np.array([-0.2, 0.05, 0.001, -0.001, 0.0])
    K, coefficients = torch.from_numpy(PIXELS).expand(6, 3, 3), torch.from_numpy(lens).expand(6, 5)
    bent = camera.to_pixels(camera.to_image_plane(torch.from_numpy(pixels), K), K, coefficients)
    straight, through_lens = small.lift(pixels, K=PIXELS), small.lift(bent, K=PIXELS, distortion=lens)
    assert np.abs(straight.xyz - through_lens.xyz).max() < 0.1


def test_height_scales_everything(pixels: np.ndarray) -> None:
    trained = Lifter.from_pretrained(device="cpu")  # an untrained one's heaps cannot be put before a camera
    average, tall = trained.lift(pixels, K=PIXELS), trained.lift(pixels, K=PIXELS, height_mm=2040)
    ratio = 2040 / trained.model.config.stature_mm
    assert np.allclose(tall.xyz, ratio * average.xyz, rtol=1e-4, atol=1e-2)
    assert np.allclose(tall.error_mm, ratio * average.error_mm, rtol=1e-4)
    assert np.allclose(tall.translation, ratio * average.translation, rtol=1e-3)
    assert tall.scale_source == "height_mm"


def test_what_was_assumed_is_reported(small: Lifter, pixels: np.ndarray) -> None:
    assumed = small.lift(pixels, image_size=(640, 480))
    assert assumed.camera_source == "image_size"
    assert assumed.K[0].tolist() == [[800, 0, 320], [0, 800, 240], [0, 0, 1]]
    given = small.lift(pixels, K=PIXELS, image_size=(1000, 1000))
    assert given.camera_source == "given"
    assert np.array_equal(given.K[3], PIXELS)


def test_arguments_beside_a_model_are_refused(small: Lifter, pixels: np.ndarray) -> None:
    with pytest.raises(TypeError, match="put height_mm into Keypoints2D"):
        small.lift(Keypoints2D(keypoints=pixels), height_mm=1700)


def test_bad_input_is_told_at_the_door(small: Lifter) -> None:
    with pytest.raises(InputError, match="17 keypoints"):
        small.lift(np.zeros((17, 2)))


def test_several_threads_share_one_lifter(small: Lifter, pixels: np.ndarray) -> None:
    expected = [small.lift(person).xyz for person in pixels]
    results: dict[int, np.ndarray] = {}

    def work(i: int) -> None:
        for _ in range(5):
            results[i] = small.lift(pixels[i]).xyz

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(results[i], expected[i]) for i in range(6))


def test_no_global_state_changes(small: Lifter, pixels: np.ndarray) -> None:
    torch.manual_seed(5)
    before = (
        torch.get_rng_state(),
        torch.is_grad_enabled(),
        torch.get_default_dtype(),
        torch.get_num_threads(),
    )
    small.lift(pixels)
    after = (
        torch.get_rng_state(),
        torch.is_grad_enabled(),
        torch.get_default_dtype(),
        torch.get_num_threads(),
    )
    assert torch.equal(before[0], after[0])
    assert before[1:] == after[1:]


def test_low_precision_keeps_float32_results(pixels: np.ndarray) -> None:
    torch.manual_seed(0)
    model = SemGAN(Config(channels=32, heads=4, layers=2))
    exact = Lifter(model, device="cpu").lift(pixels, K=PIXELS)
    rough = Lifter(model, device="cpu", dtype=torch.bfloat16).lift(pixels, K=PIXELS)
    assert rough.xyz.dtype == np.float32
    assert rough.translation.dtype == np.float32
    assert (
        np.linalg.norm(rough.xyz - exact.xyz, axis=-1).mean()
        < 0.05 * np.linalg.norm(exact.xyz, axis=-1).mean()
    )


def test_save_and_load(small: Lifter, pixels: np.ndarray, tmp_path: object) -> None:
    small.save_pretrained(f"{tmp_path}/weights")
    again = Lifter.from_pretrained(f"{tmp_path}/weights", device="cpu")
    assert np.array_equal(again.lift(pixels).xyz, small.lift(pixels).xyz)


def test_progress_is_told(small: Lifter, pixels: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifter, "CHUNK", 4)
    for lift in (small.lift, lambda *args, **kwargs: small.lift_sequence(*args, 30, **kwargs)):
        done: list[tuple[int, int | None]] = []
        lift(pixels, progress=lambda *step, done=done: done.append(step))
        assert done == [(4, 6), (6, 6)]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_autocast_changes_no_bit(small: Lifter, pixels: np.ndarray, dtype: torch.dtype) -> None:
    plain, smooth = small.lift(pixels, K=PIXELS), small.lift_sequence(pixels, 30)
    with torch.autocast("cpu", dtype=dtype):
        assert np.array_equal(small.lift(pixels, K=PIXELS).xyz, plain.xyz)
        assert np.array_equal(small.lift_sequence(pixels, 30).xyz, smooth.xyz)


def test_results_share_no_memory_with_their_input(small: Lifter, pixels: np.ndarray) -> None:
    people = Keypoints2D(
        keypoints=pixels,
        K=PIXELS,
        distortion=np.zeros(5),
        image_size=(1000, 1000),
        image_ids=np.arange(6),
        track_ids=np.ones(6),
    )
    for pose in (small.lift(people), small.lift_sequence(people, 30)):
        for name in ("keypoints", "scores", "K", "distortion", "image_size", "image_ids", "track_ids"):
            assert not np.shares_memory(getattr(pose, name), getattr(people, name)), name


def test_nobody_is_nobody(small: Lifter) -> None:
    assert len(small.lift(Keypoints2D.empty())) == 0


def test_a_result_that_is_no_number_is_an_error(
    small: Lifter, pixels: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = FromPixels.forward

    def broken(self: FromPixels, *args: object, **kwargs: object) -> Lifted:
        lifted = whole(self, *args, **kwargs)
        lifted.translation[2] = torch.inf
        return lifted

    monkeypatch.setattr(FromPixels, "forward", broken)
    with pytest.raises(InputError, match=r"NaN or infinity as the result for person 2 \(of 6\)"):
        small.lift(pixels)
    with pytest.raises(InputError, match="NaN or infinity"):
        small.lift_sequence(pixels, 30)


@pytest.mark.parametrize("size", [1e-3, 1e-2, 1.0, 1e5])
@pytest.mark.parametrize("focal", [1.0, 1e3, 1e6])
def test_extremes_are_finite_or_refused(small: Lifter, pixels: np.ndarray, size: float, focal: float) -> None:
    tiny = 500 + size * (pixels - 500) / 500
    K = np.array([[focal, 0, 500], [0, focal, 500], [0, 0, 1]])
    lens = [1000.0, -1000, 1000, 1000, 1000]
    for known in ({}, {"image_size": (1000, 1000)}, {"K": K}, {"K": K, "distortion": lens}):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", InputWarning)
                pose = small.lift(tiny, **known)
        except InputError:
            continue
        for name in ("xyz", "error_mm", "translation", "reprojection_error_px"):
            assert np.isfinite(getattr(pose, name)).all(), name


def test_keypoints_that_a_person_cannot_show_are_told(pixels: np.ndarray) -> None:
    trained = Lifter.from_pretrained("tiny", device="cpu")
    shuffled = pixels[:1, np.random.default_rng(0).permutation(133)]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trained.lift(shuffled, K=PIXELS)
    assert ReprojectionWarning in [warning.category for warning in caught]


def _lift_in_child(lifter: Lifter, pixels: np.ndarray) -> np.ndarray:
    return lifter.lift(pixels, K=PIXELS).xyz


def test_spawned_processes_lift_after_a_lift(pixels: np.ndarray) -> None:
    """Where a forked child would hang, if PyTorch has threads."""
    trained = Lifter.from_pretrained("tiny", device="cpu")
    expected = trained.lift(pixels, K=PIXELS).xyz
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as children:
        found = children.submit(_lift_in_child, trained, pixels).result(timeout=300)
    assert np.abs(found - expected).max() < 1e-2


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cpu,cuda"])
def test_a_device_that_does_not_exist(device: str) -> None:
    with pytest.raises(ValueError, match="expected a device such as auto, cpu, cuda, cuda:1 or mps"):
        Lifter(SemGAN(Config(channels=16, heads=2, layers=1)), device=device)


@pytest.mark.parametrize("device", ["cuda:99", "mps:99", torch.device("cuda", 99)])
def test_a_device_that_is_not_here(device: str | torch.device) -> None:
    with pytest.raises(ValueError, match=r"(cuda|mps) devices that PyTorch finds here, got '(cuda|mps):99'"):
        Lifter(SemGAN(Config(channels=16, heads=2, layers=1)), device=device)
