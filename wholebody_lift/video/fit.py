"""A fit over time: body, feet and path that agree with the picture, with standing feet and with the network.

The unknowns of every frame are the shift d_k of each keypoint that is fitted, a shift r of the whole person,
and a small rotation w of the whole person about the hips. One least-squares problem over all frames weighs

- the network: d_k - r - w x p_k is the error of a keypoint p_k and is about as large as `error_mm`. What all
  keypoints err alike, which is how far away the person is and how they lean, is r and w, and changes slowly;
- the picture: keypoints lie on their rays, robustly and by their scores;
- the person: bones keep their lengths;
- contacts: what stands or rests does not move, nothing goes under the floor, hands that touch are together;
- smoothness: shifts change slowly.

Each iteration is a Gauss-Newton step. Terms that tie a frame to the next one never mix unknowns, so the
normal equations are block tridiagonal, with diagonal blocks off the diagonal. Time and memory are
proportional to the number of frames; of the equations, only those of `BLOCK` frames exist at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from wholebody_lift._types import Floats, Mask
from wholebody_lift.ground import Ground
from wholebody_lift.skeleton import CONTACTS, INDEX, PARTS, ROOT
from wholebody_lift.video.feet import BALLS
from wholebody_lift.video.hands import Touch

ITERATIONS = 6
BLOCK = 256
"""Frames whose equations are set up at a time."""

RAY = 0.016
"""Usual distance of a keypoint from its ray, as a share of its distance from the camera."""
ROBUST = 3.0
"""A keypoint this many times farther from its ray than usual has a quarter of the weight (Geman and McClure
1987)."""
FOLLOWERS = 3.0
"""All keypoints that follow another one weigh as much as this many keypoints."""
LEAN_DEG, LEAN_DEG_PER_SECOND = 5.0, 2.0
"""Usual rotation w, and its usual change in a second; a random walk, like the other changes."""
SHIFT, SHIFT_MM_PER_SECOND = 0.04, 300.0
"""Usual shift r, as a share of the distance from the camera, and its usual change in a second."""
MOVE_MM_PER_SECOND = 120.0
"""Usual change of a shift d_k in a second."""
BONE_MM = 3.0
"""Usual change of the length of a bone."""
FLOOR_MM = 10.0
"""How far below the floor a keypoint may usually be."""
OTHER_FLOOR_MM = 250.0
"""Who is farther below stands on another floor, or on stairs."""
STAND_MM = 0.5
"""Usual movement of a standing toe from one frame to the next."""
REST_MM = 2.0
"""The same of knees, hands and seat that rest."""
TOUCH_MM = 10.0
"""Usual distance in depth of hands that touch."""
_LEAST_ERROR_MM = 1.0

_SIDES = ("left", "right")
_TOES = ("big_toe", "small_toe")
_JOINTS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "heel", *_TOES)
_FITTED: list[int] = [INDEX["nose"], *(INDEX[f"{side}_{name}"] for side in _SIDES for name in _JOINTS)]
_FOLLOWERS: dict[int, list[int]] = {
    INDEX["nose"]: [*(INDEX[f"{side}_{name}"] for side in _SIDES for name in ("eye", "ear")), *PARTS["face"]],
    **{INDEX[f"{side}_wrist"]: list(PARTS[f"{side}_hand"]) for side in _SIDES},
}
"""Keypoints that are shifted like one that is fitted."""
_MOVED_TOGETHER = [[keypoint, *_FOLLOWERS.get(keypoint, [])] for keypoint in _FITTED]
_PLACE = {keypoint: place for place, keypoint in enumerate(_FITTED)}

_BONES = [
    *(("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle")),
    *(("ankle", "heel"), *(("ankle", toe) for toe in _TOES), *(("heel", toe) for toe in _TOES), _TOES),
]
_PAIRS = [(f"{side}_{a}", f"{side}_{b}") for side in _SIDES for a, b in _BONES]
_PAIRS += [(f"left_{name}", f"right_{name}") for name in ("shoulder", "hip")]
_STARTS, _ENDS = ([_PLACE[INDEX[name]] for name in ends] for ends in zip(*_PAIRS, strict=True))
"""Places in `_FITTED` of keypoints whose distance is constant."""
_HELD = [[_PLACE[keypoint] for keypoint in group] for group in (*BALLS, *CONTACTS.values())]
"""Places in `_FITTED` of what can be held."""
_WRISTS = [_PLACE[INDEX[f"{side}_wrist"]] for side in _SIDES]

_J = len(_FITTED)
_MOVES, _SHIFT, _LEAN = slice(0, 3 * _J), slice(3 * _J, 3 * _J + 3), slice(3 * _J + 3, 3 * _J + 6)
_WHOLE = slice(_SHIFT.start, _LEAN.stop)
_UNKNOWNS = _LEAN.stop  # U


class _Time(NamedTuple):
    """What ties frames to each other in the equations."""

    diagonal: Floats
    """(T, U)"""
    right: Floats
    """(T, U)"""
    beside: Floats
    """(T - 1, U) diagonals of the blocks beside the diagonal."""


def fit(
    xyz: Floats,
    path: Floats,
    error_mm: Floats,
    plane: Floats,
    weights: Floats,
    stands: Mask,
    fps: float,
    ground: Ground | None = None,
    touch: Touch | None = None,
    rests: Mask | None = None,
) -> tuple[Floats, Floats]:
    """Fit one person over T frames to the picture and to standing feet, from a smooth motion.

    Args:
        xyz: (T, 133, 3) mm relative to the midpoint of the hips, camera axes, bones of constant length.
        path: (T, 3) mm, the midpoint of the hips from the camera, which does not move.
        error_mm: (T, 133) expected errors of `xyz`.
        plane: (T, 133, 2) the keypoints on the image plane; any number where missing.
        weights: (T, 133) their scores; 0 where missing.
        stands: (T, 2) whether the left and the right foot stand.
        fps: frames per second.
        ground: what no keypoint goes under; None if it is not known.
        touch: when and where the hands touch; None if they do not.
        rests: (T, C) which of the `CONTACTS` rest; None if none do.

    Returns:
        The new `xyz`, whose bones keep their lengths within a few mm, and `path`.
    """
    placed = xyz + path[:, None]
    lengths = np.median(np.linalg.norm(_bones(xyz[:, _FITTED]), axis=-1), axis=0)  # (E,)
    x = np.zeros((len(xyz), _UNKNOWNS))
    rests = np.zeros((len(xyz), len(CONTACTS)), dtype=bool) if rests is None else rests
    held = np.concatenate((stands / STAND_MM**2, rests / REST_MM**2), axis=1)
    for _ in range(ITERATIONS):
        time = _time(x, placed[:, _FITTED], held, fps)

        def equations(part: slice, x: Floats = x, time: _Time = time) -> Floats:
            now, forces, start = x[part], time.right[part], placed[part]
            square = time.diagonal[part, :, None] * np.eye(_UNKNOWNS)
            _add_network(square, forces, now, xyz[part][:, _FITTED], error_mm[part][:, _FITTED])
            _add_whole(square, forces, now, path[part, 2])
            _add_picture(square, forces, now, start, plane[part], weights[part])
            _add_bones(square, forces, now, start[:, _FITTED], lengths)
            if ground is not None:
                _add_floor(square, forces, now, start[:, _FITTED], ground)
            if touch is not None:
                _add_touch(square, forces, now, start, touch.of(part))
            return square

        x = x + _solve(equations, time.beside, time.right)
    for together, move in zip(_MOVED_TOGETHER, _moves(x).swapaxes(0, 1), strict=True):
        placed[:, together] += move[:, None]
    moved_path = placed[:, list(ROOT)].mean(axis=1)
    return placed - moved_path[:, None], moved_path


def _moves(x: Floats) -> Floats:
    """d_k, (T, J, 3); a view."""
    return x[:, _MOVES].reshape(-1, _J, 3)


def _blocks(square: Floats) -> Floats:
    """The equations of the d_k, (T, J, 3, J, 3); a view."""
    return square[:, _MOVES, _MOVES].reshape(-1, _J, 3, _J, 3)


def _bones(points: Floats) -> Floats:
    """(T, E, 3)"""
    return np.asarray(points[:, _ENDS] - points[:, _STARTS])


# Each `_add` adds its terms, linearised at x (T, U), to the equations `square` (T, U, U) times step = `right`
# (T, U).


def _add_network(square: Floats, right: Floats, x: Floats, points: Floats, error_mm: Floats) -> None:
    """The errors d_k - r - w x p_k of points p_k (T, J, 3)."""
    whole = np.zeros((*points.shape, 6))  # (T, J, 3, 6), by which (r, w) moves p_k
    whole[..., :3] = np.eye(3)
    px, py, pz = np.moveaxis(points, -1, 0)
    whole[..., 0, 4], whole[..., 0, 5] = pz, -py
    whole[..., 1, 3], whole[..., 1, 5] = -pz, px
    whole[..., 2, 3], whole[..., 2, 4] = py, -px
    weight = np.maximum(error_mm, _LEAST_ERROR_MM)[..., None] ** -2  # (T, J, 1)
    off = _moves(x) - np.einsum("tjab,tb->tja", whole, x[:, _WHOLE])
    weighted = weight[..., None] * whole
    flat = weighted.reshape(len(x), 3 * _J, 6)
    index = np.arange(3 * _J)
    square[:, index, index] += np.repeat(weight[..., 0], 3, axis=1)
    square[:, _MOVES, _WHOLE] -= flat
    square[:, _WHOLE, _MOVES] -= flat.swapaxes(1, 2)
    square[:, _WHOLE, _WHOLE] += np.einsum("tjab,tjac->tbc", weighted, whole)
    _moves(right)[...] -= weight * off
    right[:, _WHOLE] += np.einsum("tjab,tja->tb", weighted, off)


def _add_whole(square: Floats, right: Floats, x: Floats, depth: Floats) -> None:
    """How large r and w are, of someone at depths (T,)."""
    usual = np.full((len(x), 6), np.radians(LEAN_DEG))
    usual[:, :3] = SHIFT * np.maximum(depth, 1)[:, None]
    index = np.arange(_WHOLE.start, _WHOLE.stop)
    square[:, index, index] += usual**-2
    right[:, _WHOLE] -= usual**-2 * x[:, _WHOLE]


def _add_picture(
    square: Floats, right: Floats, x: Floats, placed: Floats, plane: Floats, weights: Floats
) -> None:
    """Distances of keypoints from their rays, at their own depths; placed (T, 133, 3) is where they start."""
    usual = RAY * np.maximum(placed[:, _FITTED, 2].mean(axis=1), 1)  # (T,)
    blocks, forces = _blocks(square), _moves(right)
    for place, together in enumerate(_MOVED_TOGETHER):
        share = np.ones(len(together))
        share[1:] = FOLLOWERS / max(len(together) - 1, 1)
        ray = np.zeros((len(x), len(together), 2, 3))
        ray[..., 0, 0] = ray[..., 1, 1] = 1
        ray[..., 2] = -plane[:, together]
        ray /= usual[:, None, None, None]
        away = np.einsum("tgab,tgb->tga", ray, placed[:, together] + _moves(x)[:, [place]])
        weight = share * weights[:, together] / (1 + (away**2).sum(axis=-1) / ROBUST**2) ** 2
        weighted = weight[..., None, None] * ray
        blocks[:, place, :, place] += np.einsum("tgab,tgac->tbc", weighted, ray)
        forces[:, place] -= np.einsum("tgab,tga->tb", weighted, away)


def _add_bones(square: Floats, right: Floats, x: Floats, placed: Floats, lengths: Floats) -> None:
    """Bones have lengths (E,); placed (T, J, 3) is where their ends start."""
    bones = _bones(placed + _moves(x))
    length = np.maximum(np.linalg.norm(bones, axis=-1, keepdims=True), 1e-6)
    along = bones / length
    force = (length - lengths[:, None]) * along / BONE_MM**2
    stiff = np.einsum("tea,teb->teab", along, along) / BONE_MM**2
    blocks, forces = _blocks(square), _moves(right)
    for bone, (a, b) in enumerate(zip(_STARTS, _ENDS, strict=True)):
        blocks[:, a, :, a] += stiff[:, bone]
        blocks[:, b, :, b] += stiff[:, bone]
        blocks[:, a, :, b] -= stiff[:, bone]
        blocks[:, b, :, a] -= stiff[:, bone]
        forces[:, a] += force[:, bone]
        forces[:, b] -= force[:, bone]


def _add_floor(square: Floats, right: Floats, x: Floats, placed: Floats, ground: Ground) -> None:
    """Nothing is below the floor; placed (T, J, 3) is where keypoints start."""
    down = np.array(ground.down)
    below = np.maximum(-ground.height_of(placed + _moves(x)), 0)  # (T, J)
    on_it = ground.height_of(placed).min(axis=1, keepdims=True) > -OTHER_FLOOR_MM
    weight = (on_it & (below > 0)) / FLOOR_MM**2
    _moves(right)[...] -= (weight * below)[..., None] * down
    blocks = _blocks(square)
    for place in range(_J):
        blocks[:, place, :, place] += weight[:, place, None, None] * np.outer(down, down)


def _add_touch(square: Floats, right: Floats, x: Floats, placed: Floats, touch: Touch) -> None:
    """Hands that touch are equally far away there; placed (T, 133, 3) is where they start."""
    depths = touch.depths(placed) + _moves(x)[:, _WRISTS, 2]  # (T, 2)
    weight = touch.touches / TOUCH_MM**2
    pull = weight * np.diff(depths, axis=1)[:, 0]
    blocks, forces = _blocks(square), _moves(right)
    for wrist, other, sign in zip(_WRISTS, reversed(_WRISTS), (1, -1), strict=True):
        blocks[:, wrist, 2, wrist, 2] += weight
        blocks[:, wrist, 2, other, 2] -= weight
        forces[:, wrist, 2] += sign * pull


def _time(x: Floats, placed: Floats, held: Floats, fps: float) -> _Time:
    """The equations of changes from frame to frame; placed (T, J, 3) is where keypoints start; held
    (T, 2 + C) how firmly feet and other contacts are held."""
    per_second = np.empty(_UNKNOWNS)
    per_second[_MOVES], per_second[_SHIFT] = MOVE_MM_PER_SECOND, SHIFT_MM_PER_SECOND
    per_second[_LEAN] = np.radians(LEAN_DEG_PER_SECOND)
    tie = np.tile(fps / per_second**2, (len(x) - 1, 1))
    pull = tie * np.diff(x, axis=0)
    both = np.minimum(held[1:], held[:-1])  # (T - 1, 2 + C)
    steps = np.diff(placed + _moves(x), axis=0)
    for contact, places in enumerate(_HELD):
        _moves(tie)[:, places] += both[:, contact, None, None]
        _moves(pull)[:, places] += both[:, contact, None, None] * steps[:, places]
    diagonal, right = np.zeros_like(x), np.zeros_like(x)
    diagonal[:-1] += tie
    diagonal[1:] += tie
    right[:-1] += pull
    right[1:] -= pull
    return _Time(diagonal, right, -tie)


def _solve(equations: Callable[[slice], Floats], beside: Floats, right: Floats) -> Floats:
    """x (T, U) of symmetric equations that are block tridiagonal, by elimination along time.

    `equations` gives the blocks (B, U, U) on the diagonal of some frames, and may add to their `right`
    (T, U). The blocks beside them are diagonal, beside (T - 1, U). The inverses of the pivots are kept in
    single precision, as halves, for the way back.
    """
    x, steps, unknowns = right, *right.shape
    upper = np.triu_indices(unknowns)
    halves = np.empty((steps, len(upper[0])), dtype=np.float32)
    inverse = np.empty((unknowns, unknowns))
    for start in range(0, steps, BLOCK):
        for t, pivot in enumerate(equations(slice(start, start + BLOCK)), start):
            if t > 0:
                pivot -= beside[t - 1, :, None] * inverse * beside[t - 1]
                x[t] -= beside[t - 1] * (inverse @ x[t - 1])
            inverse = np.linalg.inv(pivot)
            halves[t] = inverse[upper]
    for t in reversed(range(steps)):
        if t < steps - 1:
            x[t] -= beside[t] * x[t + 1]
        inverse[upper] = inverse.T[upper] = halves[t]
        x[t] = inverse @ x[t]
    return x
