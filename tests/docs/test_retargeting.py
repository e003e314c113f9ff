"""Whether the comparison of a recording with ours sees what is wrong."""

import pytest
import torch
from scripts import load
from torch import Tensor

pytest.importorskip("anny")
pytest.importorskip("matplotlib")

from wholebody_lift.skeleton import INDEX
from wholebody_lift.train.synthetic import rotations
from wholebody_lift.train.synthetic.recordings import bvh
from wholebody_lift.train.synthetic.recordings.clip import Clip
from wholebody_lift.train.synthetic.recordings.figures import CMU_BVH
from wholebody_lift.train.synthetic.recordings.retarget import rest_pose, retarget
from wholebody_lift.train.synthetic.rig import Rig, load_rig

_FIGURE = load("docs/figures/retargeting.py")
LIMB_NAMES, limb_angles, sticks = _FIGURE.LIMB_NAMES, _FIGURE.limb_angles, _FIGURE.sticks

# Parent and offset in cm, y up; "l" stands for both sides.
_BONES = {
    "hip": ("", (0, 0, 0)),
    "abdomen": ("hip", (0, 20, 0)),
    "chest": ("abdomen", (0, 12, 0)),
    "neck": ("chest", (0, 22, 0)),
    "head": ("neck", (0, 8, 0)),
    "lCollar": ("chest", (3, 19, 0)),
    "lShldr": ("lCollar", (9, 0, 0)),
    "lForeArm": ("lShldr", (28, 0, 0)),
    "lHand": ("lForeArm", (23, 0, 0)),
    "lMid1": ("lHand", (8, 0, 0)),
    "lThigh": ("hip", (9, 0, 0)),
    "lShin": ("lThigh", (0, -40, 0)),
    "lFoot": ("lShin", (0, -40, 0)),
    "lToe": ("lFoot", (0, -4, 12)),
}


def _figure() -> dict[str, tuple[str, tuple[int, int, int]]]:
    both = dict(_BONES)
    for name, (parent, (x, y, z)) in _BONES.items():
        if name.startswith("l"):
            both["r" + name[1:]] = ("r" + parent[1:] if parent.startswith("l") else parent, (-x, y, z))
    return both


def _clip(frames: list[dict[str, tuple[float, float, float]]]) -> Clip:
    """A BVH of that figure; angles in degrees about z, x and y of the bones that a frame names."""
    bones = _figure()
    order: list[str] = []

    def joint(name: str) -> str:
        order.append(name)
        children = [child for child, (parent, _) in bones.items() if parent == name]
        inside = "\n".join(map(joint, children)) or "End Site\n{\nOFFSET 0 3 0\n}"
        word = "JOINT" if bones[name][0] else "ROOT"
        offset = " ".join(map(str, bones[name][1]))
        return f"{word} {name}\n{{\nOFFSET {offset}\nCHANNELS 3 Zrotation Xrotation Yrotation\n{inside}\n}}"

    text = f"HIERARCHY\n{joint('hip')}\nMOTION\nFrames: {len(frames)}\nFrame Time: 0.01\n"
    for frame in frames:
        text += " ".join(str(angle) for name in order for angle in frame.get(name, (0, 0, 0))) + "\n"
    return bvh.read(text)


@pytest.fixture(scope="module")
def clip() -> Clip:
    return _clip(
        [
            {},
            {"lShldr": (-60, 0, 0), "rForeArm": (0, 0, 70), "lThigh": (0, -50, 0), "lShin": (0, 80, 0)},
            {"hip": (20, 30, 110), "rShldr": (40, 20, 10), "rThigh": (0, -30, 20)},
        ]
    )


@pytest.fixture(scope="module")
def rig() -> Rig:
    return load_rig()


@pytest.fixture(scope="module")
def xyz(rig: Rig, clip: Clip) -> Tensor:
    """(3, 133, 3) mm: three people of different shapes in the poses of that clip."""
    poses = rotations.to_matrix(retarget(clip, CMU_BVH, rest_pose(rig)))
    return rig.pose(rig.rest(rig.sample_shape(3, torch.Generator().manual_seed(0))), poses)


def test_limbs_of_any_body_point_where_the_recorded_ones_do(clip: Clip, xyz: Tensor) -> None:
    angles = limb_angles(clip, CMU_BVH, xyz)
    assert angles.shape == (3, len(LIMB_NAMES))
    assert angles.max() < 5


def test_a_forearm_that_is_turned_is_seen_in_degrees(clip: Clip, xyz: Tensor) -> None:
    exact = torch.zeros_like(xyz, dtype=torch.float64)
    places = dict(zip(clip.bones, clip.positions().unbind(1), strict=True))
    for ours, theirs in (
        ("shoulder", "Shldr"), ("elbow", "ForeArm"), ("wrist", "Hand"),
        ("hip", "Thigh"), ("knee", "Shin"), ("ankle", "Foot"),
    ):  # fmt: skip
        for side in ("left", "right"):
            exact[:, INDEX[f"{side}_{ours}"]] = places[side[0] + theirs]
    assert limb_angles(clip, CMU_BVH, exact).max() < 1e-6

    elbow, wrist = INDEX["left_elbow"], INDEX["left_wrist"]
    forearm = exact[:, wrist] - exact[:, elbow]
    axis = rotations.normalize(torch.linalg.cross(forearm, forearm.roll(1, -1)))
    turn = rotations.from_axis_angle(axis, torch.tensor([3.0, 30.0, 120.0]).double().deg2rad())
    exact[:, wrist] = exact[:, elbow] + 1.7 * (turn @ forearm[..., None]).squeeze(-1)
    angles = limb_angles(clip, CMU_BVH, exact)
    turned = LIMB_NAMES.index("left forearm")
    assert torch.allclose(angles[:, turned], torch.tensor([3.0, 30.0, 120.0]).double())
    angles[:, turned] = 0
    assert angles.max() < 1e-6


def test_left_and_right_changed_over_are_seen(clip: Clip, xyz: Tensor) -> None:
    swapped = xyz.clone()
    for name in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle"):
        left, right = INDEX[f"left_{name}"], INDEX[f"right_{name}"]
        swapped[:, [left, right]] = xyz[:, [right, left]]
    assert (limb_angles(clip, CMU_BVH, swapped).amax(1) > 40).all()


def test_the_recorded_figure_is_drawn_whole(clip: Clip) -> None:
    segments, side = sticks(clip, CMU_BVH)
    # A segment for each bone but the root, and one more for each of the five last bones.
    assert segments.shape == (3, len(_figure()) - 1 + 5, 2, 3)
    assert (side.count_nonzero().item(), side.sum().item()) == (22, 0)
    left_most = segments[0, :, :, 0].reshape(-1).max()
    assert left_most == pytest.approx(0.03 + 0.09 + 0.28 + 0.23 + 0.08)  # the arm in the T pose
    lengths = torch.linalg.vector_norm(segments.diff(dim=2), dim=-1)
    assert torch.allclose(lengths, lengths[:1].expand_as(lengths))
