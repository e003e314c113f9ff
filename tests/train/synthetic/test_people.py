import copy
from collections import Counter
from typing import Any

import pytest
import torch
from recordings import small_bank
from torch.utils._python_dispatch import TorchDispatchMode

pytest.importorskip("anny")

from wholebody_lift import camera, skeleton, viewpoint
from wholebody_lift.config import Config
from wholebody_lift.keypoints import MIN_SCORE
from wholebody_lift.train.synthetic.people import CAMERA_KNOWLEDGE, CPU_VIEWS, Batch, People, to_batch
from wholebody_lift.train.synthetic.rig import load_rig


@pytest.fixture(scope="module")
def people() -> People:
    """Without recordings, as for users who have downloaded nothing."""
    return People(load_rig(), bank=None)


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_batch_is_complete_and_finite(people: People) -> None:
    batch = people.sample(64, _generator())
    for tensor in (*batch.features, batch.target):
        assert len(tensor) == 64
        assert tensor.isfinite().all()
    assert batch.observed.any(dim=1).all()
    assert batch.target[:, list(skeleton.ROOT)].mean(1).abs().max() < 1e-2


def test_the_bank_moves_to_the_rigs_device() -> None:
    there = People(copy.deepcopy(load_rig()).to("meta"), small_bank())
    assert there.device.type == "meta"
    assert {track.values.device.type for track in there.bank.tracks.values()} == {"meta"}


def test_the_same_seed_gives_the_same_people(people: People) -> None:
    first, again, other = (people.sample(16, _generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first.target, again.target)
    assert torch.equal(first.features.keypoints, again.features.keypoints)
    assert not torch.equal(first.target, other.target)


def test_something_can_be_known_of_most_people() -> None:
    people = People(load_rig(), bank=None)
    people.nothing_known = 0.0
    features = people.sample(400, _generator()).features
    known = (features.bone_lengths != 0).any(1) | (features.gravity[:, -1] > 0)
    known |= (features.depth[..., 1] > 0).any(1)
    assert known.float().mean() > 0.8


def test_all_targets_have_one_stature(people: People) -> None:
    scene = people.scene(64, _generator(), noise=False)
    target = to_batch(scene, "given").target
    true = scene.views.xyz - scene.views.xyz[:, list(skeleton.ROOT)].mean(1, keepdim=True)
    ratio = target.norm(dim=-1).sum(1) / true.norm(dim=-1).sum(1)
    assert torch.allclose(ratio, Config().stature_mm / scene.stature_mm, rtol=1e-4)


def test_the_target_seen_through_the_camera_is_the_exact_input(people: People) -> None:
    """Training and inference share one geometry: the target undone lands on the pixels it came from."""
    scene = people.scene(32, _generator(), family="laboratory", noise=False)
    batch = to_batch(scene, "given")
    plane = camera.to_image_plane(scene.detections.xy, scene.views.K, scene.views.distortion)
    _, view = viewpoint.canonical_view(plane, batch.observed)
    xyz = (
        viewpoint.to_camera_axes(batch.target, view) * (scene.stature_mm / Config().stature_mm)[:, None, None]
    )
    root = scene.views.xyz[:, list(skeleton.ROOT)].mean(1, keepdim=True)
    seen = camera.project(xyz + root, scene.views.K, scene.views.distortion)
    assert (seen - scene.detections.xy).norm(dim=-1).max() < 0.05
    placed = camera.place_root(xyz, plane, batch.observed.float())
    assert (placed - root[:, 0]).norm(dim=-1).max() < 1.0


def test_knowledge_of_the_camera_reaches_the_network(people: People) -> None:
    scene = people.scene(8, _generator())
    flags = {name: to_batch(scene, name).features.person[:, 1:] for name in CAMERA_KNOWLEDGE}
    assert [flags[name][0].tolist() for name in ("given", "image_size", "keypoints")] == [
        [1, 0],
        [0, 0],
        [0, 1],
    ]


def test_low_scores_are_missing(people: People) -> None:
    scene = people.scene(64, _generator())
    batch = to_batch(scene, "given")
    assert torch.equal(batch.observed, scene.detections.scores >= MIN_SCORE)
    assert not batch.observed.all()
    assert (batch.features.keypoints[~batch.observed][:, :5] == 0).all()


@pytest.mark.parametrize("knowledge", CAMERA_KNOWLEDGE)
def test_people_whose_keypoints_are_on_one_spot_stop_no_training(people: People, knowledge: str) -> None:
    scene = people.scene(3, _generator())
    scene.detections.xy[1] = torch.tensor([0.0, 480.0])  # as when all are outside the picture, at one corner
    batch = to_batch(scene, knowledge)
    assert all(values.isfinite().all() for values in (*batch.features[:2], batch.target))


def test_splitting_a_batch_keeps_everyone(people: People) -> None:
    batch = people.sample(10, _generator())
    pieces = batch.split(4)
    assert [len(piece.target) for piece in pieces] == [4, 4, 2]
    assert torch.equal(torch.cat([piece.features.person for piece in pieces]), batch.features.person)


def test_joining_undoes_splitting(people: People) -> None:
    batch = people.sample(10, _generator())
    joined = Batch.join(batch.split(4))
    assert torch.equal(joined.target, batch.target)
    assert torch.equal(joined.observed, batch.observed)
    assert torch.equal(joined.features.keypoints, batch.features.keypoints)
    assert torch.equal(joined.features.person, batch.features.person)


def test_more_people_than_fit_into_one_chunk(people: People) -> None:
    batch = people.sample(CPU_VIEWS + 8, _generator())
    assert len(batch.target) == len(batch.observed) == CPU_VIEWS + 8
    assert batch.target.isfinite().all()


MOST_WAITS = 12
"""How often making people may wait for a device, to learn how many people need a further step."""


class _Operations(TorchDispatchMode):
    """Counts operations, and those whose result a program on the host must wait for."""

    def __init__(self) -> None:
        super().__init__()
        self.count: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func._schema.name.removeprefix("aten::")
        self.count["all"] += 1
        by_mask = name in ("index", "index_put_", "_index_put_impl_") and any(
            index is not None and index.dtype == torch.bool for index in args[1]
        )
        if by_mask or name in ("nonzero", "_local_scalar_dense", "item", "masked_select", "unique"):
            self.count["waits"] += 1
        return func(*args, **(kwargs or {}))


def test_the_host_rarely_waits_for_the_device(people: People) -> None:
    """Not once per person, part or keypoint, so that a GPU is kept busy however slow Python is."""
    people.sample(8, _generator())  # makes the tables
    counts = []
    for n in (CPU_VIEWS // 4, CPU_VIEWS):
        with _Operations() as operations:
            people.sample(n, _generator())
        assert operations.count["waits"] <= MOST_WAITS
        counts.append(operations.count["all"])
    few, many = counts
    assert many < 1.05 * few


def test_each_body_is_seen_by_several_cameras(people: People) -> None:
    scene = people.scene(16, _generator(), views_per_body=4)
    statures, counts = scene.stature_mm.unique(return_counts=True)
    assert len(statures) == 4
    assert counts.tolist() == [4, 4, 4, 4]


def test_recorded_poses_need_a_bank(people: People) -> None:
    with pytest.raises(ValueError, match=r"a bank.*, got none"):
        people.scene(4, _generator(), recorded_only=True)


def test_left_is_left(people: People) -> None:
    """Seen from the front, the person's left is on the image's right; a flip anywhere would show."""
    rest = people.rig.rest(people.rig.sample_shape(16, _generator()))
    xyz = rest.keypoints  # looks along -y, z up
    left, right = (xyz[:, skeleton.INDEX[f"{side}_shoulder"], 0] for side in ("left", "right"))
    assert (left > right).all()
    assert (xyz[:, skeleton.INDEX["nose"], 1] < xyz[:, skeleton.INDEX["left_ear"], 1]).all()


def test_people_of_one_camera_and_detector() -> None:
    only = People(load_rig(), None, family="webcam", kind="body_only")
    batch = only.sample(32, _generator())
    assert not batch.observed[:, skeleton.indices("face", "left_hand", "right_hand")].any()
    assert batch.observed[:, skeleton.indices("body")].float().mean() < 0.8  # the legs are outside
    whole = People(load_rig(), None, family="laboratory", kind="exact").sample(32, _generator())
    assert whole.observed.all()


@pytest.mark.parametrize(("option", "name"), [("family", "drone"), ("kind", "perfect")])
def test_unknown_cameras_and_detectors_are_errors(option: str, name: str) -> None:
    with pytest.raises(ValueError, match=f"(exact|laboratory).*{name}"):
        People(load_rig(), None, **{option: name}).sample(4, _generator())
