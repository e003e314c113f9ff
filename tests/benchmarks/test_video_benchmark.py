"""What the benchmark of sequences measures, on made-up motion."""

import pytest
import torch

pytest.importorskip("anny", reason="the extra train")

from benchmarks import sequences as bench
from wholebody_lift.ground import Ground
from wholebody_lift.skeleton import INDEX, NUM_KEYPOINTS, ROOT
from wholebody_lift.train.synthetic import videos
from wholebody_lift.train.synthetic.rig import load_rig
from wholebody_lift.video.feet import BALLS

FEET = [i for ball in BALLS for i in ball]


@pytest.fixture
def truth() -> torch.Tensor:
    """(T, 133, 3) mm from the camera: keypoints that swing, feet that stand."""
    generator = torch.Generator().manual_seed(0)
    start = 500 * torch.randn(NUM_KEYPOINTS, 3, generator=generator) + torch.tensor([0.0, 0.0, 4000.0])
    phase = 6 * torch.rand(NUM_KEYPOINTS, 3, generator=generator)
    time = torch.arange(60)[:, None, None] / 30
    xyz = start + 100 * torch.sin(6 * time + phase)
    xyz[:, FEET] = start[FEET]
    return xyz


def lifted(truth: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    root = truth[:, list(ROOT)].mean(1)
    return truth - root[:, None], root


def test_the_truth_has_no_error(truth: torch.Tensor) -> None:
    result = bench.measure(*lifted(truth), truth)
    for name in ("mpjpe", "pa_mpjpe", "acceleration", "skating", "root", "depth_jitter", "angles", "delay"):
        assert getattr(result, name) == pytest.approx(0, abs=0.1), name


def test_a_late_result_is_measured_late(truth: torch.Tensor) -> None:
    result = bench.measure(*lifted(truth.roll(3, 0)), truth)
    assert result.delay == pytest.approx(100, abs=2)


def test_a_drifting_root_makes_feet_skate(truth: torch.Tensor) -> None:
    xyz, root = lifted(truth)
    drift = torch.arange(60)[:, None] * torch.tensor([10.0, 0.0, 0.0])  # 10 mm per frame
    assert bench.measure(xyz, root + drift, truth).skating == pytest.approx(300, rel=1e-3)
    assert bench.measure(xyz, root + drift.roll(1, 1), truth).depth_jitter == pytest.approx(0, abs=1e-2)
    assert bench.measure(xyz, root + drift.roll(2, 1), truth).depth_jitter == pytest.approx(300, rel=1e-3)


def test_a_bent_knee_is_an_error_of_an_angle(truth: torch.Tensor) -> None:
    xyz, root = lifted(truth)
    hip, knee, ankle = (INDEX[f"left_{name}"] for name in ("hip", "knee", "ankle"))
    straight = xyz.clone()
    straight[:, ankle] = 2 * xyz[:, knee] - xyz[:, hip]
    thigh, shank = (xyz[:, end] - xyz[:, knee] for end in (hip, ankle))
    bent = torch.nn.functional.cosine_similarity(thigh, shank, dim=-1).acos().rad2deg()
    assert bench.measure(straight, root, truth).angles == pytest.approx(
        (180 - bent).mean().item() / 8, rel=1e-3
    )


def test_what_is_lowest_stands_on_the_floor() -> None:
    world = torch.zeros(40, NUM_KEYPOINTS, 3)
    world[..., 2] = 1000.0
    world[..., 0] = torch.linspace(0, 500, 40)[:, None]
    world[:, INDEX["left_big_toe"], 2] = 0.0
    placed = videos.on_floor(world)
    toe = placed[:, INDEX["left_big_toe"]]
    assert torch.allclose(toe, toe[:1].expand_as(toe), atol=0.1)
    assert toe[:, 2].abs().max() < 0.1


def test_the_truth_of_a_video_has_its_ground() -> None:
    rig, generator = load_rig(), torch.Generator().manual_seed(0)
    (name, motion), *_ = videos.activity_motion(2.0, 1, rig, generator)
    video = videos.film(name, motion, rig, generator)
    down = video.down.double()
    heights = video.camera_height_mm - video.xyz.double() @ down
    assert heights[:, videos.SPOTS].amin(1).abs().max() < 15  # what is lowest is on the floor
    truth = Ground(tuple(down.tolist()), video.camera_height_mm, 1.0, 20.0)
    assert bench.ground_error(truth, video) == pytest.approx((0, 1, 0, 20), abs=0.1)
    root = video.xyz[:, list(ROOT)].mean(1)
    deep = root + 70 * video.down
    floor = (video.xyz, video.down, video.camera_height_mm)
    assert bench.measure(video.xyz - root[:, None], root, *floor).under_floor < 15
    assert bench.measure(video.xyz - root[:, None], deep, *floor).under_floor == pytest.approx(70, abs=15)
    low = Ground(truth.down, truth.camera_height_mm + 50, 1.0, 20.0)
    assert bench.ground_error(low, video).floor == pytest.approx(50, abs=0.1)


def test_people_can_walk_towards_the_camera() -> None:
    rig, generator = load_rig(), torch.Generator().manual_seed(1)
    (name, motion), *_ = videos.activity_motion(2.0, 1, rig, generator)
    xyz = videos.film(name, motion, rig, generator, towards_camera=True).xyz.mean(1)
    sideways, _, forwards = (xyz[-1] - xyz[0]).tolist()
    assert forwards < 0
    assert abs(sideways) < 0.1 * abs(forwards)
