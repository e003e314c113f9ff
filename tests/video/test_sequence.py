from dataclasses import replace

import numpy as np
import pytest
import torch
from people import standing

from wholebody_lift import InputError, Keypoints2D, Lifter, Pose3D, camera
from wholebody_lift.body.bone_lengths import Measures, measures
from wholebody_lift.errors import ReprojectionWarning
from wholebody_lift.skeleton import INDEX, PARTS, ROOT
from wholebody_lift.video import feet, sequence
from wholebody_lift.video.feet import BALLS
from wholebody_lift.video.person import Person

FPS = 30.0
K = np.array([[1145.0, 0.0, 512.0], [0.0, 1145.0, 490.0], [0.0, 0.0, 1.0]])
FRAMES = 40


def walk(start: float = 0.0) -> np.ndarray:
    """(T, 133, 3) mm from the camera: a person who moves sideways and swings the left arm."""
    t = np.arange(FRAMES) / FPS
    xyz = np.repeat(standing(1).numpy(), FRAMES, axis=0)
    angle, elbow = 0.5 * np.sin(2 * np.pi * t), INDEX["left_elbow"]
    turn = np.zeros((FRAMES, 3, 3))
    turn[:, 0, 0] = turn[:, 1, 1] = np.cos(angle)
    turn[:, 0, 1], turn[:, 1, 0] = -np.sin(angle), np.sin(angle)
    turn[:, 2, 2] = 1
    arm = [INDEX["left_wrist"], *PARTS["left_hand"]]
    xyz[:, arm] = xyz[:, [elbow]] + (xyz[:, arm] - xyz[:, [elbow]]) @ turn.transpose(0, 2, 1)
    return xyz + np.stack((start + 300 * t, 0 * t, 4000 + 0 * t), axis=-1)[:, None]


def seen(xyz: np.ndarray) -> np.ndarray:
    cameras = torch.from_numpy(K).expand(len(xyz), 3, 3)
    return camera.project(torch.from_numpy(xyz), cameras).numpy()


@pytest.fixture(scope="module")
def noisy() -> np.ndarray:
    """(T, 133, 2) pixels with noise."""
    return seen(walk()) + np.random.default_rng(0).normal(size=(FRAMES, 133, 2))


class Oracle:
    """Lifts frame by frame and knows the truth, which it disturbs."""

    def __init__(self, noise_mm: float) -> None:
        self.noise_mm = noise_mm
        self.asked: list[Keypoints2D] = []

    def __call__(self, people: Keypoints2D) -> Pose3D:
        self.asked.append(people)
        n = len(people)
        rng = np.random.default_rng(1)
        truth = walk()[people.image_ids]
        xyz = truth - truth[:, list(ROOT)].mean(axis=1, keepdims=True)
        return Pose3D(
            xyz=(xyz + self.noise_mm * rng.normal(size=xyz.shape)).astype(np.float32),
            error_mm=np.full((n, 133), 20, np.float32),
            observed=people.observed,
            translation=np.zeros((n, 3), np.float32),
            K=people.K,
            distortion=np.zeros((n, 5)),
            camera_source="given",
            reprojection_error_px=np.zeros(n, np.float32),
            keypoints=people.keypoints.astype(np.float32),
            scores=people.scores,
            image_ids=people.image_ids,
            track_ids=people.track_ids,
        )


def lift(oracle: Oracle, frames: np.ndarray, lock_feet: bool = False) -> Pose3D:
    people = Keypoints2D(keypoints=seen(walk())[frames], K=K, image_ids=frames)
    return lift_people(people, oracle, lock_feet)


def lift_people(people: Keypoints2D, oracle: Oracle, lock_feet: bool = False) -> Pose3D:
    frames = sequence.prepare(people, fps=FPS, smoothness=1.0, max_gap_seconds=sequence.MAX_GAP_SECONDS)
    return sequence.finish(frames, oracle(frames.smooth), lock_feet=lock_feet)


def lengths_of(pose: Pose3D) -> np.ndarray:
    """(T, M) mm, all measures but that of the neck, which is told where the shoulders hang."""
    found = Measures.of(measures(pose.xyz.astype(np.float64)))
    return np.concatenate([getattr(found, name) for name in Measures._fields if name != "neck"], axis=1)


# What a sequence is


def test_the_result_is_the_truth_where_there_is_no_noise() -> None:
    pose = lift(Oracle(0.0), np.arange(FRAMES))
    off = np.linalg.norm(pose.in_camera - walk(), axis=-1)
    assert off[:, INDEX["left_wrist"]].max() < 20  # of a swing of 260 mm
    assert off.mean() < 2


def test_noise_is_smoothed_away_and_bones_stay_constant() -> None:
    oracle = Oracle(20.0)
    pose = lift(oracle, np.arange(FRAMES))
    assert np.ptp(lengths_of(pose), axis=0).max() < 1e-2
    local = walk() - walk()[:, list(ROOT)].mean(axis=1, keepdims=True)
    body = slice(PARTS["body"].start, PARTS["feet"].stop)
    assert (
        np.diff(pose.xyz - local, n=2, axis=0)[:, body].std()
        < 0.15 * np.diff(oracle(oracle.asked[0]).xyz - local, n=2, axis=0)[:, body].std()
    )
    assert np.abs(pose.xyz[:, list(ROOT)].mean(axis=1)).max() < 1e-2


def test_short_gaps_of_a_person_are_filled_and_marked() -> None:
    lost = [10, 11, 12, 13]
    pose = lift(Oracle(0.0), np.delete(np.arange(FRAMES), lost))
    assert pose.image_ids.tolist() == list(range(FRAMES))
    assert not pose.observed[lost].any()
    assert np.isnan(pose.keypoints[lost]).all()
    assert (pose.scores[lost] == 0).all()
    assert np.isnan(pose.reprojection_error_px[lost]).all()
    kept = np.delete(np.arange(FRAMES), lost)
    assert pose.observed[kept].all()
    assert np.isfinite(pose.reprojection_error_px[kept]).all()
    assert np.linalg.norm(pose.in_camera - walk(), axis=-1)[lost].mean() < 5


def test_longer_gaps_cut_the_sequence() -> None:
    lost = np.arange(10, 25)
    pose = lift(Oracle(5.0), np.delete(np.arange(FRAMES), lost))
    assert pose.image_ids.tolist() == np.delete(np.arange(FRAMES), lost).tolist()
    assert np.ptp(lengths_of(pose), axis=0).max() < 1e-2  # it is still the same person


def test_keypoints_missing_for_a_moment_are_given_to_the_lifter_but_not_called_observed() -> None:
    oracle, wrist, ear = Oracle(0.0), INDEX["left_wrist"], INDEX["right_ear"]
    xy = seen(walk())
    xy[10:14, wrist] = np.nan
    xy[10:30, ear] = np.nan
    people = Keypoints2D(keypoints=xy, K=K, image_ids=np.arange(FRAMES))
    pose = lift_people(people, oracle)
    asked = oracle.asked[0]
    assert asked.observed[:, wrist].all()
    assert np.abs(asked.keypoints[10:14, wrist] - seen(walk())[10:14, wrist]).max() < 3
    assert not asked.observed[10:30, ear].any()
    assert not pose.observed[10:14, wrist].any()
    assert np.array_equal(pose.keypoints, people.keypoints.astype(np.float32), equal_nan=True)


def test_the_fit_before_smoothing_is_kept() -> None:
    """Of each frame as it was lifted; of frames that were filled in there is none."""
    frames = np.flatnonzero(~np.isin(np.arange(FRAMES), (11, 12)))
    pose = lift(Oracle(20.0), frames)
    assert pose.frame_by_frame_px is not None
    assert np.flatnonzero(np.isnan(pose.frame_by_frame_px)).tolist() == [11, 12]
    assert np.nanmean(pose.frame_by_frame_px) > np.nanmean(pose.reprojection_error_px)
    assert np.isfinite(lift(Oracle(20.0), np.arange(FRAMES)).frame_by_frame_px).all()


def test_standing_feet_are_held() -> None:
    still = seen(np.repeat(walk()[:1], FRAMES, axis=0))
    people = Keypoints2D(keypoints=still, K=K, image_ids=np.arange(FRAMES))
    free, held = (lift_people(people, Oracle(20.0), lock) for lock in (False, True))

    def slide(pose: Pose3D) -> float:
        ball = np.stack([pose.in_camera[:, ball].mean(axis=1) for ball in BALLS], axis=1)
        return float(np.linalg.norm(np.diff(ball, axis=0), axis=-1).max())

    assert slide(free) > 1
    assert slide(held) < 0.01
    assert held.feet_held is not None
    assert held.feet_held.all()
    assert free.feet_held is None
    assert held.reprojection_error_px.mean() < 1.2 * free.reprojection_error_px.mean()


# With a network


def test_rows_may_come_in_any_order(small: Lifter, noisy: np.ndarray) -> None:
    tracks, frames = np.repeat([7, 3], FRAMES), np.tile(np.arange(FRAMES), 2)
    xy = np.concatenate([noisy, noisy + 200])
    people = Keypoints2D(keypoints=xy, K=K, image_ids=frames, track_ids=tracks, fps=FPS)
    mixed = people[np.random.default_rng(2).permutation(len(people))]
    expected, got = small.lift_sequence(people), small.lift_sequence(mixed)
    assert np.array_equal(got.image_ids, np.repeat(np.arange(FRAMES), 2))
    assert np.array_equal(got.track_ids, np.tile([3, 7], FRAMES))
    assert got.fps == FPS
    assert np.abs(got.xyz - expected.xyz).max() < 1e-2
    assert np.abs(got.translation - expected.translation).max() < 1


def test_other_people_change_nothing(small: Lifter, noisy: np.ndarray) -> None:
    frames = np.arange(FRAMES)
    alone = Keypoints2D(keypoints=noisy, K=K, image_ids=frames, track_ids=frames * 0, fps=FPS)
    both = Keypoints2D(
        keypoints=np.concatenate([noisy, noisy[:10] * 0.9]),
        K=K,
        image_ids=np.concatenate([frames, frames[:10]]),
        track_ids=np.repeat([0, 1], [FRAMES, 10]),
        fps=FPS,
    )
    result = small.lift_sequence(both)
    mine = result[np.flatnonzero(result.track_ids == 0)]
    assert np.abs(mine.xyz - small.lift_sequence(alone).xyz).max() < 1e-2


def test_an_array_is_one_person_and_empty_frames_are_gaps(small: Lifter, noisy: np.ndarray) -> None:
    holes = noisy.copy()
    holes[:2] = holes[20:23] = np.nan
    pose = small.lift_sequence(holes, FPS, K=K)
    assert pose.image_ids.tolist() == list(range(2, FRAMES))
    assert pose.track_ids is None
    given = np.delete(np.arange(FRAMES), [0, 1, 20, 21, 22])
    same = Keypoints2D(keypoints=holes[given], K=K, image_ids=given)
    assert np.array_equal(small.lift_sequence(same, FPS).xyz, pose.xyz)


@pytest.mark.parametrize("known", ["given", "image_size", "keypoints"])
@pytest.mark.parametrize("lock_feet", [False, True])
def test_the_result_is_consistent_in_itself(
    small: Lifter, noisy: np.ndarray, known: str, lock_feet: bool
) -> None:
    camera_of = {"given": {"K": K}, "image_size": {"image_size": (1024, 980)}, "keypoints": {}}
    pose = small.lift_sequence(noisy, FPS, lock_feet=lock_feet, **camera_of[known])
    assert pose.camera_source == known
    assert len(np.unique(pose.K, axis=0)) == 1
    tensors = torch.from_numpy(pose.in_camera).double(), torch.from_numpy(pose.K).double()
    back = camera.project(*tensors).numpy()
    off = np.linalg.norm(back - noisy, axis=-1).mean(axis=-1)
    assert np.allclose(off, pose.reprojection_error_px, rtol=1e-3)
    assert np.ptp(lengths_of(pose), axis=0).max() < 0.05
    for name in ("xyz", "error_mm", "translation", "reprojection_error_px", "keypoints", "scores"):
        assert getattr(pose, name).dtype == np.float32, name
    assert pose.image_ids.dtype == np.int64


def test_one_assumed_camera_shows_how_people_move(small: Lifter) -> None:
    moving = np.repeat(walk()[:1], FRAMES, axis=0)
    moving[..., 0] += 300 * np.arange(FRAMES)[:, None] / FPS
    pose = small.lift_sequence(seen(moving), FPS)
    pixels = pose.K[0, 0, 0] * pose.translation[:, 0] / pose.translation[:, 2]
    assert pixels[-1] - pixels[0] == pytest.approx(300 * (FRAMES - 1) / FPS / 4000 * K[0, 0], rel=0.1)


def test_height_scales_the_result(small: Lifter, noisy: np.ndarray) -> None:
    average, tall = (small.lift_sequence(noisy, FPS, K=K, height_mm=mm) for mm in (1700, 2040))
    assert np.allclose(tall.xyz, 1.2 * average.xyz, rtol=1e-3, atol=0.1)


def test_smoothness_smooths(small: Lifter, noisy: np.ndarray) -> None:
    shake = [
        np.diff(small.lift_sequence(noisy, FPS, K=K, smoothness=smoothness).xyz, n=2, axis=0).std()
        for smoothness in (0.1, 1.0, 4.0)
    ]
    assert shake[0] > 2 * shake[1] > 4 * shake[2]


def test_one_frame_is_enough(small: Lifter, noisy: np.ndarray) -> None:
    assert len(small.lift_sequence(noisy[:1], FPS, K=K, lock_feet=True)) == 1
    pose = small.lift_sequence(noisy[:1], FPS, K=K)
    assert len(pose) == 1
    single = small.lift(noisy[:1], K=K)
    assert np.abs(pose.xyz - single.xyz).max() < 1


def test_lens_distortion_is_kept(small: Lifter, noisy: np.ndarray) -> None:
    lens = np.array([-0.2, 0.05, 0.001, -0.001, 0.0])
    distortion = torch.from_numpy(lens).expand(FRAMES, 5)
    cameras = torch.from_numpy(K).expand(FRAMES, 3, 3)
    bent = camera.to_pixels(camera.to_image_plane(torch.from_numpy(noisy), cameras), cameras, distortion)
    straight = small.lift_sequence(noisy, FPS, K=K)
    through_lens = small.lift_sequence(bent.numpy(), FPS, K=K, distortion=lens)
    assert np.abs(straight.xyz - through_lens.xyz).max() < 5
    assert np.abs(straight.translation - through_lens.translation).max() < 20


# What is refused


def test_what_is_missing_is_told(small: Lifter, noisy: np.ndarray) -> None:
    with pytest.raises(InputError, match="expected frames per second"):
        small.lift_sequence(noisy)
    with pytest.raises(InputError, match="without track ids"):
        small.lift_sequence(Keypoints2D(keypoints=noisy[:3], image_ids=[4, 4, 5]), FPS)
    with pytest.raises(InputError, match="expected smoothness"):
        small.lift_sequence(noisy, FPS, smoothness=0)
    with pytest.raises(InputError, match="two visible keypoints"):
        small.lift_sequence(np.full((3, 133, 2), np.nan), FPS)
    with pytest.raises(TypeError, match="image_size"):
        small.lift_sequence(Keypoints2D(keypoints=noisy), FPS, image_size=(100, 100))


def test_gaps_lie_between() -> None:
    known = np.array([0, 1, 0, 0, 1, 0, 0, 0, 1, 0], dtype=bool)[:, None]
    assert np.flatnonzero(sequence.between(known, 2)).tolist() == [2, 3]
    assert np.flatnonzero(sequence.between(known, 3)).tolist() == [2, 3, 5, 6, 7]


def test_a_filled_pose_can_be_written_and_read(tmp_path: object) -> None:
    pose = lift(Oracle(0.0), np.delete(np.arange(FRAMES), [10, 11]))
    for name in ("walk.npz", "walk.json"):
        pose.save(f"{tmp_path}/{name}")
        again = Pose3D.load(f"{tmp_path}/{name}")
        assert np.array_equal(again.reprojection_error_px, pose.reprojection_error_px, equal_nan=True)


def test_scale_that_drifts_slowly_is_taken_out() -> None:
    frames = 300
    drift = 1 + 0.1 * np.sin(2 * np.pi * np.arange(frames) / frames)
    xyz = standing(1).numpy() * drift[:, None, None]
    lengths = measures(standing(1).numpy())[0]
    factor = sequence.steady_scale(xyz, lengths, np.ones((frames, 133)), FPS)
    assert np.abs(factor * drift - 1).max() < 0.01


@pytest.mark.parametrize(
    "options",
    [
        {"fps": "30"},
        {"fps": np.inf},
        {"fps": 1e9},
        {"fps": [30, 30]},
        {"smoothness": "soft"},
        {"smoothness": np.nan},
        {"smoothness": 1e9},
        {"smoothness": 0},
        {"max_gap_seconds": "1"},
        {"max_gap_seconds": -1},
        {"max_gap_seconds": np.inf},
    ],
)
def test_numbers_out_of_range_are_refused(
    small: Lifter, noisy: np.ndarray, options: dict[str, object]
) -> None:
    (name,) = options
    with pytest.raises(InputError, match=f"expected {name} "):
        small.lift_sequence(noisy[:3], **{"fps": FPS, **options})


def test_frames_to_fill_are_bounded_by_those_found(small: Lifter, noisy: np.ndarray) -> None:
    far_apart = Keypoints2D(keypoints=noisy[:2], K=K, image_ids=[0, 200_000])
    assert len(small.lift_sequence(far_apart, 10_000)) == 2
    with pytest.raises(InputError, match="frames to fill"):
        small.lift_sequence(far_apart, 10_000, max_gap_seconds=60)


def test_frame_numbers_may_be_anything(small: Lifter, noisy: np.ndarray) -> None:
    ids = [-(2**63), -(2**63) + 2, 5, 2**63 - 2, 2**63 - 1]
    pose = small.lift_sequence(Keypoints2D(keypoints=noisy[:5], K=K, image_ids=ids), FPS)
    assert pose.image_ids.tolist() == [ids[0], ids[0] + 1, *ids[1:]]
    assert np.isfinite(pose.xyz).all()


def test_nobody_is_nobody(small: Lifter) -> None:
    assert len(small.lift_sequence(Keypoints2D.empty(), FPS)) == 0


# Standing feet, with the weights in the package


def test_someone_who_squats_on_the_spot_stays_on_the_spot(squats: Keypoints2D) -> None:
    pose = Lifter.from_pretrained(device="cpu").lift_sequence(squats, lock_feet=True)
    for ball in BALLS:
        assert np.ptp(pose.in_camera[:, ball], axis=0).max() < 20  # mm, in every direction
    assert pose.reprojection_error_px.mean() < 9


def test_hands_that_are_clasped_touch(squats: Keypoints2D) -> None:
    """While the person is down, three times."""
    pose = Lifter.from_pretrained(device="cpu").lift_sequence(squats, lock_feet=True)
    left, right = (pose.xyz[:, list(PARTS[f"{side}_hand"])] for side in ("left", "right"))
    apart = np.linalg.norm(left[:, :, None] - right[:, None], axis=-1).min(axis=(1, 2))
    assert apart[[*range(7, 15), *range(29, 39), *range(54, 64)]].max() < 40
    assert apart[:3].min() > 300  # nor do the hands beside the hips


def test_holding_feet_against_the_picture_is_warned_of() -> None:
    free = lift(Oracle(0.0), np.arange(FRAMES))
    free = replace(free, reprojection_error_px=np.full(FRAMES, 5, np.float32))
    held = replace(free, reprojection_error_px=np.full(FRAMES, 15, np.float32))
    with pytest.warns(ReprojectionWarning, match="rises from"):
        sequence._compared(held, free)


# The ground


def test_squats_show_the_floor(squats: Keypoints2D) -> None:
    pose = Lifter.from_pretrained("tiny", device="cpu").lift_sequence(squats)
    assert pose.ground is not None
    heights = pose.to("world").in_camera[:, [INDEX["left_heel"], INDEX["right_big_toe"]], 2]
    assert np.abs(np.median(heights, axis=0)).max() < 60
    assert pose.ground.source == "people"


def test_what_is_known_of_the_ground_is_in_the_result(small: Lifter, noisy: np.ndarray) -> None:
    """Also for weights that cannot be told, and for people whose feet are never seen to stand."""
    down = np.array([0.0, 0.6, 0.8])
    options = {"fps": FPS, "K": K, "height_mm": 1700.0, "camera_height_mm": 2000.0}
    ground = small.lift_sequence(noisy, gravity=3 * down, gravity_spread_deg=2, **options).ground
    assert ground is not None
    assert np.allclose(ground.down, down)
    assert (ground.camera_height_mm, ground.down_spread_deg, ground.source) == (2000, 2, "given")
    turning = np.where(np.arange(FRAMES)[:, None] < 20, down, (0, 1, 0))
    assert small.lift_sequence(noisy, gravity=turning, **options).ground is None


def test_the_height_of_the_camera_needs_the_size_of_people(small: Lifter, noisy: np.ndarray) -> None:
    with pytest.raises(InputError, match="height_mm or bone_lengths with camera_height_mm"):
        small.lift_sequence(noisy, fps=FPS, camera_height_mm=1400)
    with pytest.raises(InputError, match="camera_height_mm"):
        small.lift_sequence(noisy, fps=FPS, height_mm=1700, camera_height_mm=-5)


def test_a_single_frame_has_no_ground(small: Lifter, noisy: np.ndarray) -> None:
    assert small.lift_sequence(noisy[:1], fps=FPS).ground is None
    assert small.lift(noisy[:3]).ground is None


def test_holding_feet_keeps_the_persons_lengths(squats: Keypoints2D) -> None:
    lifter = Lifter.from_pretrained("tiny", device="cpu")
    free, held = (lifter.lift_sequence(squats, lock_feet=lock) for lock in (False, True))
    neck = [
        np.linalg.norm(pose.xyz[:, 0] - pose.xyz[:, 5:7].mean(axis=1), axis=-1).mean()
        for pose in (free, held)
    ]
    assert neck[1] == pytest.approx(neck[0], rel=0.02)
    assert np.allclose(lengths_of(held), lengths_of(free), atol=0.1)


def test_feet_that_are_held_are_not_under_the_floor(squats: Keypoints2D) -> None:
    pose = Lifter.from_pretrained("tiny", device="cpu").lift_sequence(squats, lock_feet=True)
    assert pose.to("world").in_camera[..., 2].min() > -25


@pytest.mark.parametrize("hips", [(150.0, 300.0, 400.0), (200.0, 600.0, 2.0), (150.0, 500.0, -250.0)])
def test_the_hips_of_a_hand_in_close_up_may_be_behind_the_camera(hips: tuple[float, ...]) -> None:
    """They are inferred, and smoothed wherever they are."""
    place = np.array(hips)
    path = place * (1 + 0.01 * np.sin(np.arange(FRAMES) / 5))[:, None]
    stretch = sequence.Stretch(np.arange(FRAMES), np.arange(FRAMES))
    smooth = sequence._smooth_path(stretch, path, FPS, 1.0)
    np.testing.assert_allclose(smooth, path, rtol=0.02)
    person = Person(1.0)
    for frame, root in enumerate(path):
        live = person.smooth_path(root, frame / FPS)
    np.testing.assert_allclose(live, path[-1], rtol=0.02)
    assert (feet.depth(path) > 100).all()


def test_a_frame_that_jumps_is_lifted_whatever_the_least_score(small: Lifter, noisy: np.ndarray) -> None:
    jumping = noisy.copy()
    jumping[12] += 400
    people = Keypoints2D(jumping, image_ids=np.arange(FRAMES), fps=FPS, K=K, min_score=0)
    assert len(small.lift_sequence(people)) == FRAMES
