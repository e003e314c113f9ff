"""Body poses: recorded ones, and everyday poses that recordings of motion rarely show.

A pose is L (n, J, 3, 3), the rest-aligned local rotations of `bones.BONES`. The rotation of the root is the
person's orientation in the world, where z is up and an upright person looks roughly along -y; it is the
camera that goes around people. Fingers stay at rest here, or as recorded; `hands.py` bends them.

An everyday pose is made in these steps: an activity chooses templates for legs and arms, which give
anatomical angles; feet and knees that carry weight are put on one floor; hands that touch something are
brought there; the arms of people lying down come to rest on the floor; and about half of the poses are
mirrored. Poses whose body parts intersect are drawn again.
"""

import functools
import math
from typing import NamedTuple

import torch
from torch import Tensor

from wholebody_lift.train.synthetic.activities import ACTIVITIES
from wholebody_lift.train.synthetic.anatomy import compose, decompose, mirror, posed
from wholebody_lift.train.synthetic.bones import BONES, PARENT_BONES
from wholebody_lift.train.synthetic.contacts import CONTACT_HANDS, CONTACTS
from wholebody_lift.train.synthetic.draws import Draws
from wholebody_lift.train.synthetic.grounding import ground
from wholebody_lift.train.synthetic.intersection import TOLERANCE_MM, intersecting, penetration
from wholebody_lift.train.synthetic.joint_limits import ANGLES, CENTRAL, LIMITS, SIDED, SIDES
from wholebody_lift.train.synthetic.reaching import rest_arms, touch
from wholebody_lift.train.synthetic.templates import ARMS, FEET, GRIPS, LEGS, Template

SHARES_WITH_RECORDINGS: dict[str, float] = {
    "recorded": 0.25,
    "recorded_jittered": 0.10,
    "recorded_recombined": 0.12,
    "recorded_reaching": 0.08,
    "limits": 0.08,
    "activity": 0.37,
}
"""Share of each source of poses if there are recordings.

A jittered pose is a recording with disturbed joint angles. A recombined pose joins the legs of a recording
with the upper body of another recording or of an activity, or the other way round. In a reaching pose, one or
both hands of a recording are brought to a contact.
"""

SHARES_ALONE: dict[str, float] = {"limits": 0.14, "activity": 0.86}
"""Share of each source of poses if there are no recordings."""

_RECORDED = ("recorded", "recorded_jittered", "recorded_recombined", "recorded_reaching")

LABELS: tuple[str, ...] = (*_RECORDED, "limits", *ACTIVITIES)
"""Where poses come from: a use of a recording, the joint limits, or an activity."""

_LABEL = {name: i for i, name in enumerate(LABELS)}
_FIRST_ACTIVITY = len(_RECORDED) + 1
_DRAWS = 4  # at most, of a pose whose body parts intersect
_JITTER_DEGREES = 6.0
_BOTH_HANDS_REACH = 0.4
_FREE_CONTACTS = (
    "ear cheek chin mouth cup glasses forehead hair back_of_head neck strap chest belly hip pocket "
    "clasp_front phone_view phone_both forward side above work clap"
)

_SIDES_CORRELATION = 0.5  # between the deviations of left and right of one angle
_TEMPER_SPREAD = 0.35  # standard deviation of the logarithm of how far a person deviates from the templates
_BOLDEST = 0.5  # largest spread of people drawn from joint limits, in units of the way to the limit
_ROOT_ANGLES = sum(name.startswith("root") for name in CENTRAL)
_UPPER_BODY_TOP = "spine03"  # where `recombine` joins two bodies


def sample(
    rest_heads: Tensor, generator: torch.Generator, recorded: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Draw poses from the documented mixture of sources.

    rest_heads: bodies (n, J, 3) in mm, as in `Rig.rest`.
    recorded: poses L (m, J, 3, 3) drawn at random from recordings; without them, samplers make all poses.
    Returns L (n, J, 3, 3) and the index (n,) of each pose's source in `LABELS`.
    """
    L, label, _ = sample_with_grips(rest_heads, generator, recorded)
    return L, label


def sample_with_grips(
    rest_heads: Tensor, generator: torch.Generator, recorded: Tensor | None = None, only: str | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """As `sample`; also returns what the left and the right hand do, as indices (n, 2) into
    `templates.GRIPS`.

    only: the label of all poses. Raises `ValueError` for a label that is not in `LABELS`, and for one that
    needs recordings if there are none.
    """
    share = _label_shares(recorded is not None, generator.device)
    if only is not None:
        if only not in _LABEL:
            raise ValueError(f"expected one of the poses {', '.join(LABELS)}, got {only!r}")
        if only in _RECORDED and recorded is None:
            raise ValueError(f"expected a bank for {only!r} poses, got none; pass one made by `prepare`")
        share = torch.zeros_like(share)
        share[_LABEL[only]] = 1
    label = Draws(len(rest_heads), generator).choice(share)
    L, grip = draw(label, rest_heads, generator, recorded)
    bad = intersecting(posed(L, rest_heads)[1]) & (label != _LABEL["recorded"])
    people = bad.nonzero().squeeze(-1)
    if len(people):
        L[people], grip[people] = _draw_again(label[people], rest_heads[people], generator, recorded)
    return L, label, grip


@functools.cache
def _label_shares(with_recordings: bool, device: torch.device) -> Tensor:
    shares = SHARES_WITH_RECORDINGS if with_recordings else SHARES_ALONE
    everyday = sum(activity.share for activity in ACTIVITIES.values())
    share = [shares.get(name, 0.0) for name in LABELS[:_FIRST_ACTIVITY]]
    share += [shares["activity"] * activity.share / everyday for activity in ACTIVITIES.values()]
    return torch.tensor(share, device=device)


def _draw_again(
    label: Tensor, rest_heads: Tensor, generator: torch.Generator, recorded: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Poses L (n, J, 3, 3) of these labels, and their grips (n, 2): of a few draws the first whose body parts
    do not intersect, or else the one where they do least."""
    n = len(label)
    label, rest_heads = label.repeat(_DRAWS), rest_heads.repeat(_DRAWS, 1, 1)
    L, grip = draw(label, rest_heads, generator, recorded)
    depth = penetration(posed(L, rest_heads)[1]).clamp_min(TOLERANCE_MM)
    best = depth.reshape(_DRAWS, n).argmin(0)
    chosen = best * n + torch.arange(n, device=label.device)
    return L[chosen], grip[chosen]


def draw(
    label: Tensor, rest_heads: Tensor, generator: torch.Generator, recorded: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Draw a pose L (n, J, 3, 3) of each label (n,), for bodies (n, J, 3), and what its hands do, as indices
    (n, 2) into `GRIPS`. Its body parts may intersect.

    `recorded` (m, J, 3, 3) is needed only for labels that use recordings.
    """
    draws = Draws(len(label), generator)
    row = _draw_rows(label, draws)
    table = _activity_table(draws.device)
    angles = table.mean[row] + table.spread[row] * _deviations(draws)
    angles = torch.where((label == _LABEL["limits"])[:, None], _angles_by_limits(draws), angles)
    L = compose(_within_limits(angles), rest_heads)
    active = (label >= _FIRST_ACTIVITY)[:, None]
    contact, grip = torch.where(active, table.contact[row], -1), torch.where(active, table.grip[row], 0)

    feet = table.feet[row]
    people = ((feet != FEET.index("free")) & (label != _LABEL["limits"])).nonzero().squeeze(-1)
    L[people] = ground(L[people], rest_heads[people], feet[people])

    if recorded is not None:
        first, second = (recorded[draws.index(len(recorded))] for _ in range(2))
        second = _where(draws.happens(0.5), mirror(second), second)
        made_up, below = draws.happens(0.5), draws.happens(0.5)
        partner = _where(made_up, L, second)
        mixed = recombine(_where(below, first, partner), _where(below, partner, first))
        L = _where(label < _FIRST_ACTIVITY - 1, first, L)
        L = _where(label == _LABEL["recorded_recombined"], mixed, L)
        own_arms = ((label == _LABEL["recorded_recombined"]) & made_up & below)[:, None]
        contact = torch.where(own_arms, table.contact[row], contact)
        grip = torch.where(own_arms, table.grip[row], grip)
        reaching = (label == _LABEL["recorded_reaching"])[:, None]
        contact = torch.where(reaching, _draw_contacts(draws), contact)
        grip = torch.where(reaching, _grip_at(draws.device)[contact], grip)
        people = (label == _LABEL["recorded_jittered"]).nonzero().squeeze(-1)
        L[people] = jitter(L[people], rest_heads[people], _JITTER_DEGREES, generator)

    for i, side in enumerate(SIDES):  # the right hand second: it may reach for the left
        people = (contact[:, i] >= 0).nonzero().squeeze(-1)
        L[people] = touch(L[people], rest_heads[people], contact[people, i], generator, side)
    people = (active.squeeze(-1) & table.lies[row]).nonzero().squeeze(-1)
    L[people] = rest_arms(L[people], rest_heads[people], contact[people] < 0)
    mirrored = draws.happens(0.5)
    return _where(mirrored, mirror(L), L), torch.where(mirrored[:, None], grip.flip(1), grip)


def _where(condition: Tensor, L: Tensor, otherwise: Tensor) -> Tensor:
    """Poses (n, J, 3, 3) from `L` where the condition (n,) holds, and from `otherwise` elsewhere."""
    return torch.where(condition[:, None, None, None], L, otherwise)


# ------------------------------------------------------------------------------------------------ activities


class _ActivityTable(NamedTuple):
    """All combinations of leg and arm templates of all activities, as R rows sorted by activity."""

    until: Tensor
    """(R,) cumulated shares: 0..1 within the first activity, 1..2 within the second, and so on."""
    mean: Tensor
    """(R, A) degrees."""
    spread: Tensor
    """(R, A) degrees."""
    contact: Tensor
    """(R, 2) index in `CONTACTS` of what the left and the right hand touch, -1 for nothing."""
    grip: Tensor
    """(R, 2) index in `GRIPS` of the shapes of both hands."""
    feet: Tensor
    """(R,) index in `FEET`."""
    lies: Tensor
    """(R,) bool: the person sits or lies on the floor."""


@functools.cache
def _activity_table(device: torch.device) -> _ActivityTable:
    number = {name: i for i, name in enumerate(CONTACTS)}
    until, mean, spread, contact, grip, feet, lies = [], [], [], [], [], [], []
    for i, activity in enumerate(ACTIVITIES.values()):
        pairs = [(LEGS[legs], ARMS[arms]) for legs in activity.legs.split() for arms in activity.arms.split()]
        for j, (legs, arms) in enumerate(pairs, start=1):
            until.append(i + j / len(pairs))
            means, spreads = _combine(legs, arms)
            mean.append(means)
            spread.append(spreads)
            contact.append([-1 if name is None else number[name] for name in (arms.left, arms.right)])
            grip.append([GRIPS.index(_hand(arms, side)) for side in SIDES])
            feet.append(FEET.index(legs.feet))
            lies.append(legs.feet.startswith("grounded"))
    columns = (until, mean, spread, contact, grip, feet, lies)
    return _ActivityTable(*(torch.tensor(column, device=device) for column in columns))


@functools.cache
def _grip_at(device: torch.device) -> Tensor:
    """Index in `GRIPS` for each contact; the last entry, which index -1 selects, is for no contact."""
    grips = [GRIPS.index(CONTACT_HANDS.get(name, "")) for name in CONTACTS]
    return torch.tensor([*grips, 0], device=device)


def _hand(arms: Template, side: str) -> str:
    """The shapes that a template asks of a hand."""
    own, contact = (arms.left_hand, arms.left) if side == "left" else (arms.right_hand, arms.right)
    return own or CONTACT_HANDS.get(contact or "", "")


def _combine(legs: Template, arms: Template) -> tuple[list[float], list[float]]:
    """Mean and spread (A,) of a pair of templates; trunk angles that both name are added."""
    mean = {name: limits.mean for name, limits in LIMITS.items()}
    spread = {name: limits.spread for name, limits in LIMITS.items()}
    for angles in (legs.angles, arms.angles):
        # Names without a side come first, so that a sided name overrides them.
        for name, (m, s) in sorted(angles.items(), key=lambda item: item[0] not in SIDED):
            if angles is arms.angles and name in CENTRAL and name in legs.angles:
                m, s = mean[name] + m, math.hypot(spread[name], s)
            for one in (name,) if name in LIMITS else (f"{side}_{name}" for side in SIDES):
                mean[one], spread[one] = m, s
    return list(mean.values()), list(spread.values())


def _draw_rows(label: Tensor, draws: Draws) -> Tensor:
    """Draw a row (n,) of the activity table for each label (n,), or of any activity if the label is not
    one."""
    anyone = draws.choice(_label_shares(False, draws.device)[_FIRST_ACTIVITY:])
    activity = torch.where(label >= _FIRST_ACTIVITY, label - _FIRST_ACTIVITY, anyone)
    until = _activity_table(draws.device).until
    place = activity + draws.uniform()
    return torch.searchsorted(until, place).clamp_max(len(until) - 1)


@functools.cache
def _free_contacts(device: torch.device) -> Tensor:
    names = list(CONTACTS)
    return torch.tensor([names.index(name) for name in _FREE_CONTACTS.split()], device=device)


def _draw_contacts(draws: Draws) -> Tensor:
    """Draw contacts (n, 2) for the left and sometimes the right hand, from those that suit any legs."""
    free = _free_contacts(draws.device)
    contact = free[draws.index(len(free), 2)]
    contact[:, 1] = torch.where(draws.happens(_BOTH_HANDS_REACH), contact[:, 1], -1)
    return contact


# --------------------------------------------------------------------------------------------- joint angles


def _deviations(draws: Draws) -> Tensor:
    """Random deviations (n, A) of unit spread, heavy-tailed and correlated between both sides of a person."""
    z = draws.normal(len(ANGLES))
    centre, left, right = torch.split(z, [len(CENTRAL), len(SIDED), len(SIDED)], -1)
    # Rotating the pair of sides by half the angle whose sine is the correlation keeps their spread.
    angle = 0.5 * math.asin(_SIDES_CORRELATION)
    c, s = math.cos(angle), math.sin(angle)
    z = torch.cat([centre, c * left + s * right, s * left + c * right], -1)
    return z * (_TEMPER_SPREAD * draws.normal(1) - _TEMPER_SPREAD**2).exp()


def _angles_by_limits(draws: Draws) -> Tensor:
    """Angles (n, A) in degrees: most people are near relaxed standing, and a few far from it, where any joint
    may reach its limit."""
    low, high, mean, spread = _limits(draws.device)
    z = _deviations(draws)
    boldness = draws.uniform(1) ** 1.5
    room = _BOLDEST * torch.where(z > 0, high - mean, mean - low)
    room[:, :_ROOT_ANGLES] = spread[:_ROOT_ANGLES]  # the root has no limits
    return mean + z * spread.lerp(room, boldness)


@functools.cache
def _limits(device: torch.device) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Minimum, maximum, mean and spread (A,) of each angle in degrees."""
    low, high, mean, spread = torch.tensor(list(LIMITS.values()), dtype=torch.float32, device=device).unbind(
        -1
    )
    return low, high, mean, spread


def _within_limits(angles: Tensor) -> Tensor:
    """Reflect angles (n, A) in degrees at the limits that they exceed, so that none pile up there."""
    low, high, *_ = _limits(angles.device)
    angles = torch.where(angles > high, 2 * high - angles, angles)
    angles = torch.where(angles < low, 2 * low - angles, angles)
    return torch.minimum(torch.maximum(angles, low), high)


# -------------------------------------------------------------------------------------------- changing poses


def jitter(L: Tensor, rest_heads: Tensor, degrees: float, generator: torch.Generator) -> Tensor:
    """Disturb all angles except the root's by `degrees` (standard deviation), within the joint limits.

    Rotations that the angles cannot describe stay as recorded. An angle that is already beyond its limit does
    not move farther.
    """
    angles = decompose(L, rest_heads)
    low, high, *_ = _limits(L.device)
    moved = angles + degrees * _deviations(Draws(len(L), generator))
    moved = torch.minimum(torch.maximum(moved, torch.minimum(low, angles)), torch.maximum(high, angles))
    moved[:, :_ROOT_ANGLES] = angles[:, :_ROOT_ANGLES]
    # The change of the angles becomes a rotation of each bone, applied after its own pose.
    after, before = compose(torch.cat([moved, angles]), rest_heads.repeat(2, 1, 1)).chunk(2)
    return after @ before.mT @ L


@functools.cache
def _upper_body(device: torch.device) -> Tensor:
    """(J,) bool: the bone is above the middle of the back."""
    inside = {_UPPER_BODY_TOP}
    for bone, parent in PARENT_BONES.items():
        if parent in inside:
            inside.add(bone)
    return torch.tensor([bone in inside for bone in BONES], device=device)


def recombine(lower: Tensor, upper: Tensor) -> Tensor:
    """Poses (n, J, 3, 3) with root, lower back and legs from `lower` and everything else from `upper`."""
    return torch.where(_upper_body(lower.device)[:, None, None], upper, lower)
