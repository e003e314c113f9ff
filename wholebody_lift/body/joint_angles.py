"""Joint angles of the body in degrees, from keypoints: ISB's joint coordinate systems, as far as these go.

Every segment gets axes as ISB draws them: x forwards, y up along the segment, z to the right. An angle is one
of three turns from the upper segment to the lower one, in the order z, x, y (Grood and Suntay 1983; Wu et al.
2002 for hip, ankle and spine, 2005 for elbow and wrist) or, for the shoulder, y, x, y (Wu et al. 2005). The
left side is measured as its mirror image, so a symmetric pose has the same angles on both sides.

ISB asks for more landmarks than there are keypoints; some angles are missing or mean something else:

- pelvis and thorax share their long axis, the line from the hips to the shoulders. The spine bends sideways
  and twists, but does not flex, and flexion of the hip is that of the thigh against the trunk;
- the thigh's rotation is read from the axis of the knee, that of the upper arm from the elbow's. The
  straighter the joint, the more the direction of the foot (or the trunk) replaces this axis;
- knee and elbow are hinges: there is no varus, valgus or carrying angle, and the shank does not rotate;
- the forearm rotates with the palm.

All are 0 in upright standing with straight knees, hanging arms, palms that face forwards and a level head.
The plane and the rotation of the shoulder are the exception: only a raised arm has them.

The expected error of an angle follows from those of the keypoints by linear propagation: each coordinate of
each keypoint moves by its standard deviation (of the normal distribution with the keypoint's expected
distance), and the squares of the changes of the angle are added. Errors of neighbouring keypoints count as
independent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from wholebody_lift._types import AnyFloats, Floats
from wholebody_lift.body import girdle, rigid
from wholebody_lift.skeleton import INDEX, MIRROR, ROOT

_X, _Y, _Z = range(3)

_CENTRAL = ("trunk_bending", "trunk_rotation", "neck_flexion", "neck_bending", "neck_rotation")
_SIDED = (
    *(
        "hip_flexion",
        "hip_adduction",
        "hip_rotation",
        "knee_flexion",
        "ankle_dorsiflexion",
        "ankle_inversion",
    ),
    *("shoulder_plane", "shoulder_elevation", "shoulder_rotation"),
    *("elbow_flexion", "forearm_pronation", "wrist_flexion", "wrist_deviation"),
)
_SIDES = ("left", "right")

ANGLES: tuple[str, ...] = _CENTRAL + tuple(f"{name}_{side}" for side in _SIDES for name in _SIDED)
"""The A angles. Positive are: bending to the right, rotation to the left, chin to chest; flexion, adduction,
internal rotation; toes up, sole inwards; the arm's plane from the side (0) to the front (90) and its
elevation in that plane; the palm turned backwards; the hand bent to the palm and to the little finger."""

TURNS = (
    ("pelvis_tilt", "pelvis_list", "pelvis_rotation"),
    *(
        tuple(f"{joint}_{side}" for joint in joints)
        for joints in (("hip_flexion", "hip_adduction", "hip_rotation"), ("arm_flex", "arm_add", "arm_rot"))
        for side in ("r", "l")
    ),
)
"""Coordinates of OpenSim's model that are turns about z, x and y, one after the other."""

POSITIONS = ("pelvis_tx", "pelvis_ty", "pelvis_tz")
"""The coordinates of OpenSim that are lengths."""

_USED: tuple[int, ...] = tuple(
    INDEX[name]
    for name in (
        *("nose", "left_eye", "right_eye", "left_ear", "right_ear"),
        *(
            f"{side}_{name}"
            for side in _SIDES
            for name in (
                *("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "heel", "big_toe", "small_toe"),
                *("forefinger1", "middle_finger1", "pinky_finger1"),
            )
        ),
    )
)
"""The keypoints that angles depend on."""

_SIGMA_PER_MEAN = np.sqrt(np.pi / 8)
"""Standard deviation of a coordinate of a normal error in 3D, per mean distance (Maxwell distribution)."""
_MEAN_PER_SIGMA = np.sqrt(2 / np.pi)
"""Mean absolute value of a normal error, per standard deviation."""
_MOST = 90.0
"""The largest expected error, degrees: that of an angle about which nothing is known."""


class JointAngles(NamedTuple):
    """Joint angles of N people, degrees; A angles in the order of `ANGLES`."""

    degrees: Floats
    """(N, A), -180..180."""
    error: Floats
    """(N, A) expected absolute error."""


class Segments(NamedTuple):
    """Rotations (N, 3, 3) from ISB's axes to those of the keypoints: of the middle and the right side."""

    pelvis: Floats
    thorax: Floats
    head: Floats
    thigh: Floats
    shank: Floats
    foot: Floats
    upper_arm: Floats
    forearm: Floats
    hand: Floats


def joint_angles(xyz: AnyFloats, error_mm: AnyFloats) -> JointAngles:
    """The joint angles of people.

    Args:
        xyz: (N, 133, 3) keypoints in mm, in any right-handed axes.
        error_mm: (N, 133) the expected error of each.
    """
    places: Floats = np.asarray(xyz, dtype=np.float64)
    degrees = angles_of(places)
    variance = np.zeros_like(degrees)
    for keypoint in _USED:
        sigma = _SIGMA_PER_MEAN * np.asarray(error_mm, dtype=np.float64)[:, keypoint]
        for axis in range(3):
            moved = places.copy()
            moved[:, keypoint, axis] += sigma
            variance += _wrapped(angles_of(moved) - degrees) ** 2
    return JointAngles(degrees, np.minimum(_MEAN_PER_SIGMA * np.sqrt(variance), _MOST))


def angles_of(xyz: Floats) -> Floats:
    """(N, A) degrees of keypoints (N, 133, 3) in any right-handed axes."""
    right, left = segments(xyz), segments(mirrored(xyz))
    sides = {"right": _of_side(right), "left": _of_side(left)}
    trunk = turns(right.pelvis, right.thorax, "zxy")
    neck = turns(right.thorax, right.head, "zxy")
    found = dict(zip(_CENTRAL, (trunk[1], trunk[2], -neck[0], neck[1], neck[2]), strict=True))
    found |= {f"{name}_{side}": values[name] for side, values in sides.items() for name in _SIDED}
    return np.stack([found[name] for name in ANGLES], axis=1)


def mirrored(xyz: Floats) -> Floats:
    """The mirror image (N, 133, 3) of people, whose right side is their left."""
    return np.asarray(xyz[:, list(MIRROR)] * (-1, 1, 1))


def segments(xyz: Floats) -> Segments:
    """The segments of the middle and the right side, of keypoints (N, 133, 3)."""
    at = {name: xyz[:, i] for name, i in INDEX.items()}
    side = {name.removeprefix("right_"): place for name, place in at.items() if name.startswith("right_")}
    across_hips = at["right_hip"] - at["left_hip"]
    across_shoulders = at["right_shoulder"] - at["left_shoulder"]
    trunk = (at["left_shoulder"] + at["right_shoulder"] - at["left_hip"] - at["right_hip"]) / 2
    pelvis = rigid.axes(_Z, across_hips, _Y, trunk)
    thorax = rigid.axes(_Y, trunk, _Z, across_shoulders)

    thigh, shank = side["hip"] - side["knee"], side["knee"] - side["ankle"]
    toes = (side["big_toe"] + side["small_toe"]) / 2 - side["heel"]
    knee = _hinge(shank, thigh, np.cross(toes, thigh))
    arm, forearm = side["shoulder"] - side["elbow"], side["elbow"] - side["wrist"]
    elbow = _hinge(arm, forearm, _swung(thorax, arm)[..., _Z])
    palm = side["forefinger1"] - side["pinky_finger1"]
    hand = rigid.axes(_Y, side["wrist"] - side["middle_finger1"], _Z, palm)
    left, up, ahead = np.moveaxis(girdle.head_axes(xyz[:, girdle.HEAD]), -1, 0)
    return Segments(
        pelvis=pelvis,
        thorax=thorax,
        head=np.stack([ahead, up, -left], axis=-1),
        thigh=rigid.axes(_Y, thigh, _Z, knee),
        shank=rigid.axes(_Y, shank, _Z, knee),
        foot=rigid.axes(_X, toes, _Z, side["small_toe"] - side["big_toe"]),
        upper_arm=rigid.axes(_Y, arm, _Z, elbow),
        forearm=rigid.axes(_Y, forearm, _Z, hand[..., _Z]),
        hand=hand,
    )


def turns(upper: Floats, lower: Floats, order: str) -> Floats:
    """(3, N) degrees of the turns about z, x, y ("zxy") or y, x, y ("yxy") from one to the other."""
    r = np.moveaxis(upper.swapaxes(-1, -2) @ lower, (-2, -1), (0, 1))
    if order == "zxy":  # Rz Rx Ry
        found = np.arctan2(-r[0, 1], r[1, 1]), np.arcsin(r[2, 1].clip(-1, 1)), np.arctan2(-r[2, 0], r[2, 2])
    else:  # Ry Rx Ry, the middle turn from 0 to -180 degrees
        found = np.arctan2(-r[0, 1], -r[2, 1]), -np.arccos(r[1, 1].clip(-1, 1)), np.arctan2(-r[1, 0], r[1, 2])
    return np.asarray(np.rad2deg(np.stack(found)))


def continuous(angles: Floats) -> Floats:
    """Turns (T, ..., 3) about z, x, y without jumps, in degrees, beyond 180 where they go on.

    (z, x, y) and (z + 180, 180 - x, y + 180) are the same rotation: of the two, and whole turns more or less,
    each frame has what is closest to the frame before.
    """
    z, x, y = np.moveaxis(angles, -1, 0)
    both = np.stack((angles, np.stack((z + 180, 180 - x, y + 180), axis=-1)))  # (2, T, ..., 3)
    found = np.array(angles, dtype=np.float64)
    for now, before in zip(range(1, len(found)), found, strict=False):
        near = both[:, now] + 360 * np.round((before - both[:, now]) / 360)
        closer = np.abs(near - before).sum(axis=-1).argmin(axis=0)
        found[now] = np.where((closer == 0)[..., None], near[0], near[1])
    return found


def opensim_coordinates(xyz: Floats) -> dict[str, Floats]:
    """The coordinates (N,) of OpenSim's full-body model of Rajagopal et al. (2016) that keypoints determine.

    Those named together in `TURNS` are one rotation. Degrees; pelvis_tx, ty and tz are the midpoint of the
    hips, in the unit of `xyz` (N, 133, 3), which has x forwards, y up and z to the right.
    """
    right, left = segments(xyz), segments(mirrored(xyz))
    ground = np.tile(np.eye(3), (len(xyz), 1, 1))
    pelvis = turns(ground, right.pelvis, "zxy")
    trunk = turns(right.pelvis, right.thorax, "zxy")
    found = dict(zip(("pelvis_tilt", "pelvis_list", "pelvis_rotation"), pelvis, strict=True))
    middle = xyz[:, list(ROOT)].mean(axis=1)
    found |= dict(zip(POSITIONS, middle.T, strict=True))
    for side, body in (("r", right), ("l", left)):
        values = _of_side(body)
        found[f"hip_flexion_{side}"] = values["hip_flexion"]
        found[f"hip_adduction_{side}"] = values["hip_adduction"]
        found[f"hip_rotation_{side}"] = values["hip_rotation"]
        found[f"knee_angle_{side}"] = values["knee_flexion"]
        found[f"ankle_angle_{side}"] = values["ankle_dorsiflexion"]
    found |= {"lumbar_bending": trunk[1], "lumbar_rotation": trunk[2]}
    for side, body in (("r", right), ("l", left)):
        arm = turns(body.thorax, body.upper_arm, "zxy")
        found |= {f"arm_{name}_{side}": arm[i] for i, name in enumerate(("flex", "add", "rot"))}
        found[f"elbow_flex_{side}"] = _between(body.upper_arm, body.forearm)
    return found


def _of_side(body: Segments) -> Mapping[str, Floats]:
    hip = turns(body.pelvis, body.thigh, "zxy")
    ankle = turns(body.shank, body.foot, "zxy")
    shoulder = turns(body.thorax, body.upper_arm, "yxy")
    forearm = turns(body.upper_arm, body.forearm, "zxy")
    wrist = turns(body.forearm, body.hand, "zxy")
    values = (
        *hip,
        _between(body.thigh, body.shank),
        ankle[0],
        ankle[1],
        shoulder[0],
        -shoulder[1],
        shoulder[2],
        _between(body.upper_arm, body.forearm),
        forearm[2],
        wrist[0],
        wrist[1],
    )
    return dict(zip(_SIDED, values, strict=True))


def _between(upper: Floats, lower: Floats) -> Floats:
    """(N,) degrees between the long axes of two segments."""
    cosine = np.sum(upper[..., _Y] * lower[..., _Y], axis=-1)
    return np.asarray(np.rad2deg(np.arccos(cosine.clip(-1, 1))))


def _hinge(a: Floats, b: Floats, straight: Floats) -> Floats:
    """The axis (N, 3) of a hinge between long axes a and b (N, 3); the straighter, the more `straight`."""
    axis = np.cross(rigid.unit(a), rigid.unit(b))
    bent = np.linalg.norm(axis, axis=-1, keepdims=True)  # the sine
    return np.asarray(axis + (1 - bent) * rigid.unit(straight))


def _swung(axes: Floats, y: Floats) -> Floats:
    """Axes (N, 3, 3) turned the shortest way until their y points along y (N, 3)."""
    source, target = axes[..., _Y], rigid.unit(y)
    middle = rigid.unit(source + target)
    half_turns = [2 * v[:, :, None] * v[:, None] - np.eye(3) for v in (middle, source)]
    return np.asarray(half_turns[0] @ half_turns[1] @ axes)


def _wrapped(degrees: Floats) -> Floats:
    """Angles from -180 to 180 degrees."""
    return np.asarray((degrees + 180) % 360 - 180)
