"""What people do in photographs, as tables: joint limits, what hands touch, and templates of legs and arms.

`poses.py` turns these into poses. An activity names templates for the legs and for the arms, which combine
freely; a template is a sparse row of anatomical angles in degrees (mean, spread). An angle that nobody names
has the mean and spread of relaxed standing. Templates are written for one side: half of all people are
mirrored.
"""

import dataclasses
from typing import NamedTuple

# ------------------------------------------------------------------------------------------- joint angles


class Range(NamedTuple):
    """Least and greatest value of an angle, and mean and spread in relaxed standing; degrees."""

    low: float
    high: float
    mean: float
    spread: float


CENTRAL: dict[str, Range] = {
    "root_pitch": Range(-180, 180, 0, 3),
    "root_lean": Range(-180, 180, 0, 2),
    "root_spin": Range(-180, 180, 0, 10),
    "spine_flexion": Range(-25, 80, 3, 5),
    "spine_lateral": Range(-35, 35, 0, 3),
    "spine_twist": Range(-45, 45, 0, 5),
    "neck_flexion": Range(-45, 45, 5, 10),
    "neck_lateral": Range(-45, 45, 0, 5),
    "neck_twist": Range(-60, 60, 0, 14),
}
SIDED: dict[str, Range] = {
    "clavicle_elevation": Range(-10, 35, 0, 4),
    "clavicle_protraction": Range(-20, 25, 0, 4),
    "arm_raise": Range(0, 180, 12, 6),
    "arm_plane": Range(-90, 130, 25, 25),
    "arm_rotation": Range(-70, 90, -5, 12),
    "elbow_flexion": Range(0, 150, 18, 10),
    "pronation": Range(-80, 80, 15, 18),
    "wrist_flexion": Range(-70, 80, 3, 10),
    "wrist_deviation": Range(-30, 20, -4, 6),
    "hip_flexion": Range(-30, 125, 1, 5),
    "hip_abduction": Range(-30, 50, 1, 3),
    "hip_rotation": Range(-45, 60, 6, 6),
    "knee_flexion": Range(0, 155, 5, 5),
    "ankle_dorsiflexion": Range(-50, 35, 2, 4),
    "ankle_inversion": Range(-15, 35, 0, 3),
    "toe_extension": Range(-40, 70, 0, 3),
}
_SIDES = ("left", "right")

ANGLES: tuple[str, ...] = tuple(CENTRAL) + tuple(f"{side}_{name}" for side in _SIDES for name in SIDED)
"""Names of the anatomical angles, in the order of the angle axis A."""

LIMITS: dict[str, Range] = {
    name: (CENTRAL | SIDED)[name.removeprefix("left_").removeprefix("right_")] for name in ANGLES
}
"""The range of each angle. The limits are the normal ranges of the American Academy of Orthopaedic Surgeons
(1965) as tabulated by Norkin and White, "Measurement of Joint Motion"; knee, ankle and hip rotation are
widened to what weight-bearing squats and cross-legged sitting use (Hemmerich et al. 2006). The root is free.

Zero is upright standing, arms hanging, palms to the thighs. Positive is: root_pitch forward, root_lean to the
left, root_spin about the body's long axis to the left; flexion forward, lateral and twist to the left;
arm_raise away from hanging, in the plane arm_plane (0 sideways, 90 forward, -90 backward); arm_rotation and
hip_rotation outward; pronation palm down; wrist_deviation to the thumb; the knee bends backward."""

Angles = dict[str, tuple[float, float]]
"""Angle name -> (mean, spread) in degrees; a sided name without its side stands for both sides."""

# ------------------------------------------------------------------------------------------------ contacts


@dataclasses.dataclass(frozen=True)
class Contact:
    """Where a left hand goes; the right hand's is the mirror image.

    `offset` is from the head of `bone` in the axes of the rest pose, mm for an adult whose `_STATURE` is
    average; the hand's `part` goes there. `fingers` and `palm` are directions in the same axes: along the
    hand and out of the palm. `spread` is the standard deviation of the place in mm; `elbow` the preferred
    swivel in degrees, 0 with the elbow hanging and 90 with the elbow lifted to the side.
    """

    bone: str
    offset: tuple[float, float, float]
    fingers: tuple[float, float, float]
    palm: tuple[float, float, float]
    part: str = "palm"
    spread: float = 15.0
    elbow: float = 25.0


CONTACTS: dict[str, Contact] = {
    "ear": Contact("head", (85, -15, 20), (0, 0.3, 1), (-1, 0.1, 0), spread=10),
    "temple": Contact("head", (80, -60, 60), (-0.4, 0.3, 1), (-1, 0.4, 0), "fingertips"),
    "cheek": Contact("head", (60, -75, -15), (0.1, 0.4, 1), (-1, 0.5, 0)),
    "chin": Contact("head", (12, -110, -75), (-0.5, 0.1, 0.6), (-0.3, 1, 0.3), "fingertips"),
    "chin_rest": Contact("head", (30, -95, -95), (0.0, 0.3, 1), (-0.4, 1, 0.2)),
    "mouth": Contact("head", (15, -140, -25), (-0.7, 0.3, 0.7), (-0.4, 0.9, -0.1), "fingertips"),
    "cup": Contact("head", (30, -200, -40), (-0.9, -0.1, 0.3), (-0.3, 0.9, 0.1), elbow=45),
    "nose": Contact("head", (10, -135, 15), (-0.5, 0.5, 0.8), (-0.4, 0.9, -0.1), "fingertips"),
    "glasses": Contact("head", (55, -115, 40), (-0.3, 0.5, 0.8), (-0.7, 0.6, 0), "fingertips"),
    "forehead": Contact("head", (35, -105, 85), (-0.8, 0.2, 0.6), (0, 1, -0.3), "fingertips", elbow=45),
    "hair": Contact("head", (35, -20, 150), (-0.6, 0.6, 0.5), (-0.2, 0.2, -1), "fingertips", 25, 75),
    "back_of_head": Contact("head", (35, 100, 35), (-1, 0.15, 0.35), (0, -1, 0), elbow=110),
    "neck": Contact("neck02", (25, 80, 0), (-1, 0.2, -0.1), (0.1, -1, 0), "fingertips", elbow=80),
    "camera": Contact("head", (50, -200, 30), (-0.3, -0.1, 1), (-0.8, 0.6, 0), elbow=40),
    "binoculars": Contact("head", (45, -170, 40), (-0.6, -0.2, 0.8), (-0.8, 0.6, 0), elbow=50),
    "salute": Contact("head", (70, -95, 70), (-0.6, -0.1, 0.6), (-0.1, 0, -1), "fingertips", elbow=70),
    "strap": Contact("clavicle.L", (75, -95, -60), (-0.3, 0.2, 1), (-0.2, 1, 0.1), spread=20),
    "chest": Contact("spine01", (-30, -150, 40), (-1, 0, 0.3), (0, 1, 0), spread=35),
    "crossed_outer": Contact(
        "spine01", (-120, -190, -60), (-0.9, 0.35, 0.25), (-0.1, 1, -0.1), spread=15, elbow=20
    ),
    "crossed_inner": Contact(
        "spine01", (-115, -135, -90), (-0.9, 0.3, 0.1), (0.2, 0.7, 0.4), spread=15, elbow=20
    ),
    "other_elbow": Contact("lowerarm01.R", (25, 15, -5), (-0.9, 0, -0.2), (-0.2, 1, 0.1), spread=15),
    "other_hand": Contact("wrist.R", (0, -62, -70), (-0.6, -0.6, -0.3), (-0.78, 0, 0.62), spread=10),
    "other_wrist": Contact("wrist.R", (5, 0, -35), (-0.6, 0, -0.6), (-0.3, -0.2, 1), spread=10),
    "clasp_front": Contact("root", (15, -190, 10), (-0.8, -0.3, -0.5), (0, 1, 0), spread=30),
    "clasp_back": Contact("root", (25, 165, 40), (-0.9, 0.1, -0.4), (0, 1, 0.1), spread=25, elbow=40),
    "back": Contact("spine05", (80, 150, 20), (-1, 0.2, 0.2), (0, -1, 0), spread=30, elbow=60),
    "hip": Contact("root", (170, -10, 85), (-0.35, -0.9, -0.25), (-1, 0.1, -0.2), elbow=60),
    "hip_back": Contact("root", (150, 80, 90), (-0.7, 0.3, -0.6), (-0.8, -0.6, 0), elbow=70),
    "pocket": Contact("root", (185, -50, -60), (-0.15, -0.15, -1), (-1, 0.2, 0), spread=12, elbow=35),
    "back_pocket": Contact("root", (120, 125, -30), (-0.2, 0.1, -1), (0, -1, 0), spread=12, elbow=60),
    "belly": Contact("spine04", (30, -170, -20), (-1, -0.1, -0.1), (0, 1, 0), spread=35),
    "lap": Contact("upperleg02.L", (-10, -95, -130), (-0.6, 0, -0.8), (0, 1, 0), spread=35),
    "thigh": Contact("upperleg02.L", (20, -90, -200), (-0.2, 0, -1), (0, 1, 0), spread=35),
    "knee": Contact("lowerleg01.L", (0, -75, 25), (-0.2, 0, -1), (0, 1, 0), spread=15),
    "knee_other": Contact("lowerleg01.R", (0, -75, 25), (-0.5, 0, -0.8), (0, 1, 0), spread=20),
    "shin": Contact("lowerleg02.L", (0, -70, 60), (-0.6, 0.2, -0.7), (0, 1, 0), spread=40),
    "ankle": Contact("foot.L", (0, -50, 30), (-0.3, 0.2, -1), (0, 1, 0), spread=25),
    "toes": Contact("toe2-1.L", (0, -30, 20), (0, -0.3, -1), (0, 1, -0.5), "fingertips", 30),
    "elbow_on_knee": Contact("lowerleg01.L", (-110, -260, 60), (-0.8, -0.5, 0.2), (-0.3, 0.9, 0), spread=40),
    "floor": Contact("foot.L", (60, -260, -50), (-0.2, -0.7, -0.7), (0, 0.7, -0.7), "fingertips", 60),
    "ground_beside": Contact("root", (250, 60, -95), (0.5, 0.2, -0.2), (0, 0, -1), spread=40, elbow=20),
    "ground_behind": Contact("root", (230, 300, -95), (0.5, 0.6, 0), (0, 0, -1), spread=40, elbow=20),
    "keyboard": Contact("root", (95, -390, 190), (-0.25, -1, 0), (-0.1, 0, -1), spread=35, elbow=35),
    "mouse": Contact("root", (240, -390, 190), (-0.1, -1, 0), (-0.1, 0, -1), spread=35, elbow=35),
    "table": Contact("root", (130, -370, 185), (-0.5, -0.85, 0), (-0.2, 0, -1), spread=70, elbow=35),
    "plate": Contact("root", (70, -330, 220), (-0.5, -0.8, -0.1), (-0.5, 0.1, -0.8), spread=50, elbow=35),
    "wheel": Contact("spine01", (165, -480, -60), (-0.3, -0.3, 0.9), (-0.3, -0.9, -0.1), spread=35, elbow=35),
    "handlebar": Contact(
        "spine01", (190, -400, -330), (-0.1, -0.9, -0.3), (0, -0.1, -1), spread=40, elbow=40
    ),
    "phone_view": Contact(
        "spine01", (60, -330, 20), (-0.4, -0.4, 0.8), (-0.4, 0.8, 0.5), spread=50, elbow=15
    ),
    "phone_both": Contact("spine01", (45, -310, 0), (-0.5, -0.5, 0.7), (-0.6, 0.7, 0.4), spread=40, elbow=15),
    "phone_lap": Contact("root", (45, -260, 200), (-0.5, -0.6, 0.5), (-0.5, 0.5, 0.7), spread=45, elbow=15),
    "book": Contact("spine01", (150, -330, -40), (-0.4, -0.6, 0.7), (-0.6, 0.6, 0.5), spread=40, elbow=20),
    "selfie": Contact("head", (150, -520, 90), (-0.2, -0.4, 0.9), (-0.5, 0.85, 0), spread=90, elbow=35),
    "tray": Contact("spine01", (130, -330, -130), (-0.3, -0.9, 0.1), (0, 0.1, 1), spread=50, elbow=20),
    "box": Contact("spine01", (190, -330, -160), (0, -0.9, -0.3), (-1, 0, 0.2), spread=60, elbow=20),
    "work": Contact("spine01", (120, -380, -150), (-0.2, -0.9, -0.2), (-0.5, 0, -0.8), spread=80, elbow=30),
    "clap": Contact("spine01", (14, -310, 10), (-0.1, -0.75, 0.65), (-1, 0, 0), spread=8, elbow=30),
    "pray": Contact("spine01", (12, -220, 30), (0, -0.2, 1), (-1, 0, 0), spread=6, elbow=45),
    "shake": Contact("spine01", (-20, -480, -120), (-0.1, -1, 0.1), (-1, 0, 0), spread=50),
    "forward": Contact("spine01", (160, -560, 60), (-0.1, -1, 0.1), (-0.4, 0, -0.9), spread=130, elbow=30),
    "side": Contact("spine01", (640, -180, 60), (1, -0.3, 0), (-0.1, -0.5, -0.8), spread=120, elbow=20),
    "above": Contact("spine01", (220, -160, 640), (0, -0.2, 1), (-0.3, -0.9, 0), spread=110, elbow=60),
    "bar": Contact("spine01", (260, -40, 690), (0, -0.1, 1), (0, -1, 0), spread=40, elbow=90),
    "wall": Contact("spine01", (250, -470, 120), (-0.1, -0.2, 1), (0, -1, 0), spread=90, elbow=30),
    "guard": Contact("spine01", (90, -290, 130), (-0.2, -0.2, 0.9), (-0.8, 0.3, 0), spread=45, elbow=15),
    "club": Contact("root", (5, -370, 30), (-0.2, -0.5, -0.8), (-0.9, 0.3, 0), spread=25, elbow=20),
    "bat": Contact("spine01", (230, 10, 130), (-0.4, -0.2, 0.9), (-0.5, -0.8, 0), spread=40, elbow=70),
    "neck_of_guitar": Contact("spine01", (340, -230, -60), (0.1, 0, 1), (-0.3, 0.9, 0), spread=50, elbow=15),
    "strings": Contact("spine04", (-20, -230, 40), (-0.8, -0.2, -0.3), (0.1, 0.95, 0), spread=35, elbow=40),
    "pillow": Contact("head", (95, 10, -20), (0, 0.4, 1), (-1, 0, 0), spread=25, elbow=40),
    "prop": Contact("spine01", (140, -300, 10), (-0.5, -0.8, 0.2), (-0.1, 1, 0), spread=40, elbow=20),
    "push_up": Contact("spine01", (230, -520, 40), (0, -0.1, 1), (0, -1, 0), spread=35, elbow=50),
}
"""What a hand may touch or hold, by name."""

CONTACT_HANDS: dict[str, str] = {
    contact: shapes
    for shapes, contacts in {
        "flat relaxed half_closed": "cheek",
        "pinch relaxed point half_closed": "chin",
        "fist fist half_closed relaxed flat": "chin_rest",
        "pinch pinch tripod relaxed": "mouth",
        "hold_cup hold_cup hold_cup power_grip": "cup",
        "point pinch relaxed": "nose",
        "pinch pinch tripod": "glasses",
        "flat relaxed": "forehead back_of_head neck belly pillow",
        "relaxed claw half_closed": "hair",
        "point relaxed half_closed": "temple",
        "hold_phone hold_phone power_grip": "camera",
        "hold_cup power_grip": "binoculars",
        "flat": "salute pray",
        "power_grip fist hook": "strap",
        "flat flat relaxed": "chest",
        "power_grip": "other_wrist wheel club",
        "power_grip relaxed": "other_elbow",
        "loose flat half_closed": "hip hip_back knee knee_other",
        "relaxed loose": "lap",
        "flat relaxed loose": "thigh table",
        "power_grip hook": "shin",
        "power_grip half_closed": "ankle",
        "power_grip hook pinch": "toes",
        "ball_grip pinch open": "floor",
        "flat flat open": "ground_beside ground_behind clap",
        "type": "keyboard",
        "relaxed type ball_grip": "mouse",
        "key_grip tripod pinch power_grip": "plate",
        "power_grip fist": "handlebar bat",
        "hold_phone": "phone_view phone_both phone_lap selfie",
        "hold_plate hold_phone key_grip": "book",
        "hold_plate flat": "tray",
        "open flat hook": "box",
        "pinch tripod power_grip key_grip": "work",
        "half_closed power_grip flat": "shake",
        "open relaxed ball_grip": "forward",
        "open ball_grip hook": "above",
        "hook power_grip fist": "bar",
        "flat flat open spread": "wall",
        "fist": "guard",
        "claw power_grip": "neck_of_guitar",
        "pinch claw relaxed": "strings",
        "fist flat relaxed": "prop",
        "flat flat spread open": "push_up",
    }.items()
    for contact in contacts.split()
}
"""The `hands.SHAPES` that go with a contact, one given twice being twice as frequent; at others, any."""

# ---------------------------------------------------------------------------------------------- templates


FEET: tuple[str, ...] = (
    "free",
    "level",
    "flat",
    "balanced",
    "kneeling",
    "one knee",
    "grounded",
    "grounded, soles flat",
    "grounded, feet free",
)
"""How legs are on the floor.

Both ankles are "level" at one height, and soles are "flat" there, and also "balanced", under the body that
they carry. Both shanks lie on the floor "kneeling", the right one with "one knee", the left sole flat beside
it. Where the trunk is "grounded", lying or sitting on the floor, feet come down to it as they are or with
soles flat, or are free to do as they like above it.
"""


@dataclasses.dataclass(frozen=True)
class Template:
    """What one half of the body does: angles, the contact of each hand, and what the feet do.

    Feet are one of `FEET`. Each hand has one of the shapes of `CONTACT_HANDS`, or of those that the template
    names instead.
    """

    angles: Angles
    left: str | None = None
    right: str | None = None
    feet: str = "free"
    left_hand: str = ""
    right_hand: str = ""


def _legs(feet: str = "free", **angles: tuple[float, float]) -> Template:
    return Template(angles, feet=feet)


def _arms(
    left: str | None = None,
    right: str | None = None,
    *,
    left_hand: str = "",
    right_hand: str = "",
    **angles: tuple[float, float],
) -> Template:
    return Template(angles, left, right, left_hand=left_hand, right_hand=right_hand)


# fmt: off
# (several angles to a line)
LEGS: dict[str, Template] = {
    "stand": _legs("balanced"),
    "stand_weight_on_one_leg": _legs(
        "balanced", root_lean=(5, 3), spine_lateral=(-5, 3), root_spin=(0, 12), right_hip_abduction=(8, 3),
        left_hip_flexion=(10, 6), left_knee_flexion=(20, 8), left_hip_abduction=(4, 5),
        left_hip_rotation=(15, 10),
    ),
    "stand_wide": _legs("balanced", hip_abduction=(17, 5), hip_rotation=(14, 7), knee_flexion=(8, 6)),
    "stand_legs_crossed": _legs(
        "balanced", left_hip_flexion=(12, 4), left_hip_abduction=(-12, 4), left_knee_flexion=(22, 8),
        right_hip_abduction=(-3, 3),
    ),
    "lean_back_on_wall": _legs("flat", root_pitch=(-9, 4), hip_flexion=(16, 6), spine_flexion=(6, 5)),
    "lean_aside": _legs("flat", root_lean=(10, 4), left_hip_abduction=(-8, 4), right_hip_abduction=(13, 4)),
    "step": _legs(
        "balanced", left_hip_flexion=(18, 6), left_knee_flexion=(8, 5), right_hip_flexion=(-12, 6),
        right_knee_flexion=(10, 6), spine_twist=(-4, 4),
    ),
    "walk_contact": _legs(
        left_hip_flexion=(26, 6), left_knee_flexion=(6, 4), left_ankle_dorsiflexion=(2, 5), root_pitch=(2, 2),
        right_hip_flexion=(-13, 6), right_knee_flexion=(22, 9), right_ankle_dorsiflexion=(-6, 8),
        right_toe_extension=(30, 10), spine_twist=(6, 4),
    ),
    "walk_swing": _legs(
        left_hip_flexion=(14, 9), left_knee_flexion=(52, 12), left_ankle_dorsiflexion=(-4, 6),
        right_hip_flexion=(2, 7), right_knee_flexion=(8, 5),
    ),
    "run_float": _legs(
        root_pitch=(8, 5), left_hip_flexion=(45, 12), left_knee_flexion=(65, 18), right_hip_flexion=(-18, 7),
        right_knee_flexion=(45, 22), right_ankle_dorsiflexion=(-25, 10), spine_twist=(-8, 6),
    ),
    "run_swing": _legs(
        root_pitch=(9, 5), left_hip_flexion=(38, 14), left_knee_flexion=(95, 15), right_hip_flexion=(4, 10),
        right_knee_flexion=(28, 10), right_ankle_dorsiflexion=(8, 8), spine_twist=(-6, 6),
    ),
    "climb_stairs": _legs(
        root_pitch=(7, 4), left_hip_flexion=(65, 10), left_knee_flexion=(78, 10),
        left_ankle_dorsiflexion=(8, 5), right_hip_flexion=(0, 6), right_knee_flexion=(12, 7),
        right_ankle_dorsiflexion=(-12, 10),
    ),
    "lunge": _legs(
        left_hip_flexion=(78, 14), left_knee_flexion=(85, 15), left_ankle_dorsiflexion=(8, 7),
        right_hip_flexion=(-16, 8), right_knee_flexion=(45, 25), right_ankle_dorsiflexion=(5, 8),
        right_toe_extension=(45, 10), root_pitch=(6, 8),
    ),
    "side_lunge": _legs(
        "balanced", left_hip_flexion=(62, 12), left_hip_abduction=(28, 6), left_knee_flexion=(88, 14),
        left_hip_rotation=(15, 8), right_hip_flexion=(22, 8), right_hip_abduction=(36, 6),
        right_knee_flexion=(7, 5), root_pitch=(18, 8),
    ),
    "one_leg": _legs(
        left_hip_flexion=(60, 25), left_knee_flexion=(95, 25), left_hip_rotation=(18, 15),
        left_hip_abduction=(12, 12), right_hip_abduction=(6, 3),
    ),
    "tree_pose": _legs(
        left_hip_flexion=(52, 8), left_hip_abduction=(44, 5), left_hip_rotation=(46, 8),
        left_knee_flexion=(118, 8), left_ankle_dorsiflexion=(-20, 8), right_hip_abduction=(3, 2),
    ),
    "arabesque": _legs(
        root_pitch=(45, 22), left_hip_flexion=(-18, 8), left_knee_flexion=(12, 12),
        right_hip_flexion=(48, 22), spine_flexion=(-12, 8), left_ankle_dorsiflexion=(-35, 10),
        neck_flexion=(-18, 10), right_knee_flexion=(5, 4),
    ),
    "high_kick": _legs(
        left_hip_flexion=(88, 20), left_knee_flexion=(18, 15), left_ankle_dorsiflexion=(-25, 15),
        root_pitch=(-14, 8), spine_flexion=(14, 8), right_hip_flexion=(-4, 6), right_knee_flexion=(14, 8),
        left_hip_abduction=(14, 14),
    ),
    "kick_backswing": _legs(
        root_pitch=(8, 6), left_hip_flexion=(-22, 6), left_knee_flexion=(80, 20), right_hip_flexion=(18, 8),
        right_knee_flexion=(25, 9), spine_twist=(-12, 8), root_lean=(-8, 5),
        left_ankle_dorsiflexion=(-25, 10),
    ),
    "kick_ball": _legs(
        left_hip_flexion=(42, 16), left_knee_flexion=(22, 14), left_ankle_dorsiflexion=(-28, 10),
        right_hip_flexion=(8, 6), right_knee_flexion=(20, 9), root_lean=(-10, 6), root_pitch=(-6, 6),
    ),
    "jump_straight": _legs(
        hip_flexion=(2, 12), knee_flexion=(22, 18), ankle_dorsiflexion=(-32, 10), spine_flexion=(-6, 7),
    ),
    "jump_tuck": _legs(
        left_hip_flexion=(85, 22), right_hip_flexion=(72, 28), knee_flexion=(98, 24),
        ankle_dorsiflexion=(-22, 12), hip_abduction=(12, 8),
    ),
    "jump_star": _legs(
        hip_abduction=(36, 7), knee_flexion=(10, 10), ankle_dorsiflexion=(-25, 12), hip_flexion=(12, 12),
    ),
    "jump_heels_up": _legs(
        hip_flexion=(2, 10), knee_flexion=(98, 20), ankle_dorsiflexion=(-28, 12), hip_abduction=(8, 6),
    ),
    "sit": _legs(
        "flat", hip_flexion=(84, 7), hip_abduction=(9, 6), hip_rotation=(4, 7), knee_flexion=(86, 10),
        root_pitch=(-6, 6), spine_flexion=(12, 8),
    ),
    "sit_knees_apart": _legs(
        "flat", hip_flexion=(84, 8), hip_abduction=(27, 7), hip_rotation=(8, 8), knee_flexion=(86, 12),
        root_pitch=(-4, 7), spine_flexion=(14, 9),
    ),
    "sit_legs_forward": _legs(
        "level", hip_flexion=(68, 8), hip_abduction=(6, 5), knee_flexion=(38, 16), root_pitch=(-16, 7),
        spine_flexion=(18, 8), ankle_dorsiflexion=(-5, 10),
    ),
    "sit_feet_back": _legs(
        hip_flexion=(82, 7), hip_abduction=(6, 5), left_knee_flexion=(112, 12), right_knee_flexion=(104, 14),
        root_pitch=(-2, 6), spine_flexion=(12, 8), toe_extension=(30, 15), ankle_dorsiflexion=(-2, 12),
    ),
    "sit_ankles_crossed": _legs(
        hip_flexion=(80, 7), left_hip_abduction=(8, 4), right_hip_abduction=(8, 4), left_hip_rotation=(16, 5),
        right_hip_rotation=(16, 5), left_knee_flexion=(64, 8), right_knee_flexion=(78, 8), root_pitch=(-8, 6),
        spine_flexion=(14, 8), ankle_dorsiflexion=(-14, 8),
    ),
    "sit_knee_over_knee": _legs(
        left_hip_flexion=(101, 5), left_hip_abduction=(-14, 4), left_hip_rotation=(-4, 6),
        left_knee_flexion=(82, 11), left_ankle_dorsiflexion=(-14, 8), right_hip_flexion=(82, 4),
        right_hip_abduction=(-2, 4), right_knee_flexion=(84, 9), root_pitch=(-9, 6), spine_flexion=(14, 8),
    ),
    "sit_ankle_on_knee": _legs(
        left_hip_flexion=(90, 5), left_hip_abduction=(34, 6), left_hip_rotation=(46, 6),
        left_knee_flexion=(98, 8), left_ankle_dorsiflexion=(-6, 8), right_hip_flexion=(83, 5),
        right_hip_abduction=(10, 5), right_knee_flexion=(86, 10), root_pitch=(-10, 6), spine_flexion=(15, 8),
    ),
    "sit_side_saddle": _legs(
        "flat", hip_flexion=(82, 6), left_hip_abduction=(-8, 4), right_hip_abduction=(16, 5),
        knee_flexion=(88, 9), root_spin=(14, 8), spine_twist=(-12, 8), spine_flexion=(9, 7),
    ),
    "sit_leaning_forward": _legs(
        "flat", hip_flexion=(104, 8), hip_abduction=(14, 8), knee_flexion=(92, 12), root_pitch=(18, 7),
        spine_flexion=(24, 10), neck_flexion=(-8, 14),
    ),
    "sit_high": _legs(
        left_hip_flexion=(62, 9), right_hip_flexion=(55, 14), hip_abduction=(10, 7),
        left_knee_flexion=(78, 14), right_knee_flexion=(66, 18), spine_flexion=(10, 7),
    ),
    "recline": _legs(
        "level", root_pitch=(-38, 10), hip_flexion=(62, 12), hip_abduction=(10, 7), knee_flexion=(48, 22),
        spine_flexion=(20, 8), neck_flexion=(18, 9), ankle_dorsiflexion=(-12, 10),
    ),
    "ride_bicycle": _legs(
        root_pitch=(30, 10), left_hip_flexion=(105, 8), left_knee_flexion=(102, 9), right_hip_flexion=(62, 9),
        right_knee_flexion=(42, 10), hip_abduction=(3, 3), spine_flexion=(22, 8), neck_flexion=(-28, 8),
    ),
    "ground_cross_legged": _legs(
        "grounded, feet free", hip_flexion=(102, 5), hip_abduction=(44, 4), left_hip_rotation=(53, 4),
        right_hip_rotation=(56, 4), left_knee_flexion=(114, 7), right_knee_flexion=(140, 7),
        root_pitch=(-12, 5), spine_flexion=(20, 9), ankle_dorsiflexion=(-20, 9), ankle_inversion=(10, 6),
    ),
    "ground_legs_straight": _legs(
        "grounded", hip_flexion=(80, 7), hip_abduction=(10, 6), hip_rotation=(10, 8), knee_flexion=(10, 8),
        root_pitch=(-14, 7), spine_flexion=(14, 9), ankle_dorsiflexion=(-16, 10),
    ),
    "ground_one_knee_up": _legs(
        "grounded", left_hip_flexion=(108, 8), left_knee_flexion=(112, 12), left_hip_abduction=(8, 6),
        right_hip_flexion=(80, 7), right_knee_flexion=(12, 9), right_hip_abduction=(12, 6),
        root_pitch=(-16, 7), spine_flexion=(16, 8), ankle_dorsiflexion=(-10, 9),
    ),
    "ground_knees_up": _legs(
        "grounded, soles flat", hip_flexion=(116, 6), knee_flexion=(116, 12), hip_abduction=(6, 6),
        root_pitch=(-16, 7), spine_flexion=(26, 9),
    ),
    "ground_legs_aside": _legs(
        "grounded, feet free", left_hip_flexion=(94, 6), left_hip_abduction=(32, 6),
        left_hip_rotation=(54, 4), left_knee_flexion=(118, 9), right_hip_flexion=(86, 6),
        right_hip_abduction=(22, 6), right_hip_rotation=(-40, 4), right_knee_flexion=(126, 9),
        root_lean=(11, 4), root_pitch=(-6, 4), spine_lateral=(-14, 5), ankle_dorsiflexion=(-26, 8),
    ),
    "kneel_on_heels": _legs(
        "kneeling", hip_flexion=(56, 4), knee_flexion=(150, 4), hip_abduction=(7, 5), hip_rotation=(-2, 6),
        root_pitch=(-2, 6), ankle_dorsiflexion=(-46, 3), spine_flexion=(9, 8),
    ),
    "kneel_upright": _legs(
        "kneeling", hip_flexion=(4, 8), knee_flexion=(98, 7), ankle_dorsiflexion=(-44, 4),
        hip_abduction=(8, 5), root_pitch=(1, 6),
    ),
    "kneel_on_one_knee": _legs(
        "one knee", left_hip_flexion=(96, 7), left_knee_flexion=(94, 9), left_hip_abduction=(8, 6),
        right_hip_flexion=(0, 7), right_knee_flexion=(104, 6), right_ankle_dorsiflexion=(10, 6),
        right_toe_extension=(50, 10), root_pitch=(3, 6),
    ),
    "on_all_fours": _legs(
        "kneeling", root_pitch=(78, 6), hip_flexion=(82, 9), knee_flexion=(94, 8),
        ankle_dorsiflexion=(-44, 4), spine_flexion=(2, 10), neck_flexion=(-22, 14),
    ),
    "squat_deep": _legs(
        "balanced", hip_flexion=(116, 5), knee_flexion=(134, 8), hip_abduction=(16, 7), hip_rotation=(10, 8),
        root_pitch=(14, 7), spine_flexion=(24, 9), ankle_dorsiflexion=(28, 4), neck_flexion=(-12, 12),
    ),
    "squat_on_toes": _legs(
        hip_flexion=(112, 7), knee_flexion=(146, 5), hip_abduction=(14, 8), hip_rotation=(8, 8),
        root_pitch=(6, 7), spine_flexion=(16, 9), ankle_dorsiflexion=(6, 7), toe_extension=(48, 10),
    ),
    "squat_half": _legs(
        "balanced", hip_flexion=(82, 14), knee_flexion=(86, 16), hip_abduction=(14, 6), hip_rotation=(9, 7),
        root_pitch=(32, 8), spine_flexion=(8, 9), ankle_dorsiflexion=(22, 6), neck_flexion=(-14, 10),
    ),
    "bend_forward": _legs(
        "balanced", root_pitch=(52, 16), hip_flexion=(58, 16), knee_flexion=(12, 9), spine_flexion=(34, 14),
        neck_flexion=(-4, 16),
    ),
    "stoop": _legs(
        "balanced", root_pitch=(24, 9), hip_flexion=(30, 9), knee_flexion=(14, 9), spine_flexion=(22, 9),
        neck_flexion=(4, 14),
    ),
    "lie_on_back": _legs(
        "grounded", root_pitch=(-93, 3), hip_flexion=(-1, 4), knee_flexion=(6, 6), hip_abduction=(9, 6),
        hip_rotation=(20, 10), ankle_dorsiflexion=(-26, 9), spine_flexion=(2, 4), neck_flexion=(8, 9),
    ),
    "lie_on_back_knees_up": _legs(
        "grounded, soles flat", root_pitch=(-93, 3), left_hip_flexion=(54, 8), right_hip_flexion=(50, 10),
        left_knee_flexion=(106, 14), right_knee_flexion=(98, 20), neck_flexion=(12, 9), spine_flexion=(2, 4),
    ),
    "lie_on_side": _legs(
        "grounded", root_pitch=(-90, 4), root_spin=(88, 9), left_hip_flexion=(36, 18),
        right_hip_flexion=(46, 20), left_knee_flexion=(52, 22), right_knee_flexion=(66, 24),
        hip_abduction=(-3, 4), hip_rotation=(0, 5), spine_flexion=(14, 10), neck_flexion=(10, 12),
        ankle_dorsiflexion=(-18, 9),
    ),
    "lie_curled": _legs(
        "grounded", root_pitch=(-90, 4), root_spin=(86, 10), left_hip_flexion=(88, 14),
        right_hip_flexion=(96, 14), left_knee_flexion=(100, 15), right_knee_flexion=(108, 15),
        hip_abduction=(-3, 4), hip_rotation=(0, 5), spine_flexion=(34, 10), neck_flexion=(20, 10),
        ankle_dorsiflexion=(-14, 9),
    ),
    "lie_on_front": _legs(
        "grounded", root_pitch=(90, 3), hip_flexion=(0, 4), knee_flexion=(4, 4), hip_abduction=(10, 6),
        neck_twist=(45, 14), ankle_dorsiflexion=(-42, 5), hip_rotation=(-6, 10), neck_flexion=(-10, 6),
        spine_flexion=(-3, 4),
    ),
    "lie_on_front_feet_up": _legs(
        "grounded, feet free", root_pitch=(90, 3), hip_flexion=(4, 4), left_knee_flexion=(85, 20),
        right_knee_flexion=(70, 32), spine_flexion=(-5, 4), neck_flexion=(-16, 9), neck_twist=(0, 30),
        ankle_dorsiflexion=(-26, 10),
    ),
    "lie_propped": _legs(
        "grounded, feet free", root_pitch=(74, 4), hip_flexion=(-12, 4), left_knee_flexion=(60, 30),
        right_knee_flexion=(50, 36), spine_flexion=(-23, 3), neck_flexion=(-14, 9),
        ankle_dorsiflexion=(-26, 10),
    ),
    "plank": _legs(
        root_pitch=(74, 6), hip_flexion=(2, 6), knee_flexion=(5, 5), ankle_dorsiflexion=(12, 8),
        toe_extension=(50, 10), neck_flexion=(-14, 10), hip_abduction=(5, 4),
    ),
    "downward_dog": _legs(
        root_pitch=(118, 8), hip_flexion=(78, 8), knee_flexion=(9, 8), ankle_dorsiflexion=(20, 8),
        spine_flexion=(4, 8),
    ),
    "splits_seated": _legs(
        hip_flexion=(86, 8), hip_abduction=(46, 4), hip_rotation=(18, 8), knee_flexion=(6, 5),
        spine_flexion=(14, 12), root_pitch=(4, 10), ankle_dorsiflexion=(-16, 12),
    ),
    "ski": _legs(
        root_pitch=(26, 7), root_lean=(0, 12), hip_flexion=(62, 12), knee_flexion=(62, 12),
        hip_abduction=(6, 4), ankle_dorsiflexion=(18, 6), spine_flexion=(16, 8), neck_flexion=(-18, 8),
        hip_rotation=(0, 4),
    ),
    "board": _legs(
        root_lean=(6, 9), root_pitch=(12, 9), left_hip_abduction=(22, 6), right_hip_abduction=(22, 6),
        hip_flexion=(46, 14), knee_flexion=(56, 16), ankle_dorsiflexion=(14, 7), hip_rotation=(12, 8),
        neck_twist=(48, 12), spine_twist=(14, 10), spine_flexion=(10, 8),
    ),
    "athletic_stance": _legs(
        "balanced", root_pitch=(20, 8), hip_flexion=(48, 12), knee_flexion=(46, 12), hip_abduction=(20, 5),
        hip_rotation=(10, 7), ankle_dorsiflexion=(14, 6), spine_flexion=(8, 7), neck_flexion=(-14, 8),
    ),
    "throw_stride": _legs(
        "flat", left_hip_flexion=(40, 10), left_knee_flexion=(24, 12), right_hip_flexion=(-12, 8),
        right_knee_flexion=(32, 12), hip_abduction=(14, 6), root_spin=(-22, 16), root_pitch=(4, 8),
    ),
}
"""What the root, spine and legs do."""

ARMS: dict[str, Template] = {
    "hang": _arms(),
    "hang_apart": _arms(arm_raise=(25, 8), arm_plane=(10, 20), elbow_flexion=(28, 12), pronation=(30, 20)),
    "swing": _arms(
        left_arm_raise=(24, 8), left_arm_plane=(-82, 10), left_elbow_flexion=(18, 9), right_arm_raise=(24, 8),
        right_arm_plane=(82, 10), right_elbow_flexion=(32, 10), arm_rotation=(-4, 9),
    ),
    "swing_running": _arms(
        left_hand="half_closed fist loose", right_hand="half_closed fist loose", left_arm_raise=(48, 12),
        left_arm_plane=(-72, 10), left_elbow_flexion=(96, 13), right_arm_raise=(42, 13),
        right_arm_plane=(78, 12), right_elbow_flexion=(98, 16), arm_rotation=(-14, 10), pronation=(5, 15),
    ),
    "pockets": _arms("pocket", "pocket"),
    "one_pocket": _arms("pocket"),
    "back_pockets": _arms("back_pocket", "back_pocket"),
    "hips": _arms("hip", "hip"),
    "one_hip": _arms("hip"),
    "lower_back": _arms("hip_back", "hip_back"),
    "crossed": _arms("crossed_outer", "crossed_inner", clavicle_protraction=(10, 5)),
    "hold_elbow": _arms(None, "other_elbow", clavicle_protraction=(4, 4)),
    "hold_wrist_front": _arms("clasp_front", "other_wrist"),
    "clasp_front": _arms("clasp_front", "other_hand"),
    "clasp_behind": _arms("clasp_back", "clasp_back", clavicle_protraction=(-9, 5)),
    "hold_back": _arms("back", clavicle_protraction=(-9, 5)),
    "belly": _arms("belly"),
    "heart": _arms("chest"),
    "hug_self": _arms("crossed_outer", "crossed_outer", clavicle_protraction=(14, 5)),
    "behind_head": _arms("back_of_head", "back_of_head", clavicle_elevation=(8, 5)),
    "one_behind_head": _arms("back_of_head"),
    "neck": _arms("neck", neck_flexion=(10, 9)),
    "hair": _arms("hair"),
    "hair_both": _arms("hair", "hair"),
    "forehead": _arms("forehead", neck_flexion=(6, 9)),
    "temple": _arms("temple"),
    "glasses": _arms("glasses"),
    "nose": _arms("nose"),
    "mouth": _arms("mouth"),
    "cheek": _arms("cheek", neck_lateral=(7, 6)),
    "cheeks_both": _arms("cheek", "cheek"),
    "chin": _arms("chin"),
    "thinker": _arms("chin", "other_elbow"),
    "chin_rest": _arms("chin_rest", neck_flexion=(6, 8)),
    "drink": _arms("cup", neck_flexion=(-10, 8)),
    "phone_call": _arms("ear", left_hand="hold_phone", neck_lateral=(5, 6)),
    "phone_view": _arms("phone_view", neck_flexion=(20, 8)),
    "phone_both": _arms("phone_both", "phone_both", neck_flexion=(22, 8)),
    "phone_lap": _arms("phone_lap", "phone_lap", neck_flexion=(26, 8)),
    "phone_lap_one": _arms("phone_lap", neck_flexion=(26, 8)),
    "selfie": _arms("selfie", neck_twist=(12, 8)),
    "photograph": _arms("camera", "camera"),
    "binoculars": _arms("binoculars", "binoculars"),
    "salute": _arms("salute"),
    "straps": _arms("strap", "strap"),
    "one_strap": _arms("strap"),
    "wave": _arms(
        left_hand="open open spread flat", left_arm_raise=(62, 18), left_arm_plane=(30, 20),
        left_arm_rotation=(62, 14), left_elbow_flexion=(108, 18), left_pronation=(20, 25),
    ),
    "wave_high": _arms(
        left_hand="open open spread flat", left_arm_raise=(140, 14), left_arm_plane=(40, 20),
        left_arm_rotation=(15, 14), left_elbow_flexion=(30, 16),
    ),
    "hands_up": _arms(
        left_hand="open spread flat", right_hand="open spread flat", arm_raise=(88, 12), arm_plane=(12, 12),
        arm_rotation=(78, 9), elbow_flexion=(88, 12),
    ),
    "cheer": _arms(
        left_hand="fist fist open spread victory", right_hand="fist fist open spread victory",
        arm_raise=(150, 15), arm_plane=(35, 18), arm_rotation=(6, 12), elbow_flexion=(28, 20),
        neck_flexion=(-10, 10),
    ),
    "flex_biceps": _arms(
        left_hand="fist", right_hand="fist", arm_raise=(92, 8), arm_plane=(5, 10), arm_rotation=(80, 8),
        elbow_flexion=(118, 12), pronation=(-50, 20),
    ),
    "shrug": _arms(
        left_hand="open loose", right_hand="open loose", clavicle_elevation=(20, 6), arm_raise=(26, 8),
        arm_rotation=(50, 14), elbow_flexion=(92, 14), pronation=(-62, 12), arm_plane=(30, 20),
    ),
    "gesture": _arms(
        arm_raise=(30, 12), arm_plane=(55, 25), arm_rotation=(8, 20), elbow_flexion=(82, 24),
        pronation=(0, 40), wrist_flexion=(-6, 18), neck_twist=(0, 16),
    ),
    "gesture_one": _arms(
        left_arm_raise=(34, 14), left_arm_plane=(55, 28), left_arm_rotation=(12, 22),
        left_elbow_flexion=(88, 26), left_pronation=(0, 40), left_wrist_flexion=(-8, 18),
    ),
    "point": _arms(
        left_hand="point", left_arm_raise=(82, 14), left_arm_plane=(72, 28), left_elbow_flexion=(10, 9),
        left_pronation=(35, 25),
    ),
    "show": _arms(
        left_hand="open loose", left_arm_raise=(48, 14), left_arm_plane=(15, 22), left_arm_rotation=(32, 18),
        left_elbow_flexion=(48, 20), left_pronation=(-48, 18),
    ),
    "thumb_up": _arms(
        left_hand="thumb_up", left_arm_raise=(32, 10), left_arm_plane=(70, 15), left_elbow_flexion=(86, 16),
        left_pronation=(0, 10),
    ),
    "spread": _arms(
        left_hand="open flat", right_hand="open flat", arm_raise=(84, 12), arm_plane=(8, 14),
        elbow_flexion=(10, 8), pronation=(20, 40),
    ),
    "balance": _arms(arm_raise=(62, 18), arm_plane=(15, 26), elbow_flexion=(32, 18), pronation=(30, 22)),
    "stretch_overhead": _arms(
        "above", "above", arm_raise=(172, 6), arm_plane=(70, 20), elbow_flexion=(18, 14),
        spine_flexion=(-8, 6), clavicle_elevation=(10, 5),
    ),
    "side_stretch": _arms(
        left_arm_raise=(168, 8), left_arm_plane=(40, 20), left_elbow_flexion=(22, 12), spine_lateral=(-26, 6),
        right="hip",
    ),
    "reach_up": _arms("above", spine_lateral=(-5, 5), neck_flexion=(-18, 9)),
    "reach_up_both": _arms("above", "above", neck_flexion=(-16, 9)),
    "reach_forward": _arms("forward", spine_flexion=(8, 8)),
    "reach_forward_both": _arms("forward", "forward", spine_flexion=(6, 7)),
    "reach_side": _arms("side", spine_lateral=(6, 6)),
    "lean_on_wall": _arms("wall"),
    "push": _arms("wall", "wall"),
    "hang_on_bar": _arms("bar", "bar", clavicle_elevation=(16, 5)),
    "reach_floor": _arms("floor"),
    "reach_floor_both": _arms("floor", "floor"),
    "touch_toes": _arms("toes", "toes", spine_flexion=(18, 10)),
    "shake_hands": _arms("shake"),
    "clap": _arms("clap", "clap"),
    "pray": _arms("pray", "pray"),
    "carry_tray": _arms("tray", "tray"),
    "carry_box": _arms("box", "box", spine_flexion=(-3, 4)),
    "carry_bag": _arms(
        left_hand="hook power_grip fist", left_elbow_flexion=(6, 4), left_arm_raise=(10, 4),
        left_pronation=(10, 10), spine_lateral=(-5, 4),
    ),
    "carry_on_shoulder": _arms("strap", clavicle_elevation=(6, 4)),
    "cradle": _arms("crossed_outer", "tray", neck_flexion=(14, 8)),
    "work_low": _arms("work", "work", neck_flexion=(18, 8)),
    "read": _arms("book", "book", neck_flexion=(16, 8)),
    "lap": _arms("lap", "other_hand"),
    "thighs": _arms("thigh", "thigh"),
    "one_thigh": _arms("thigh"),
    "knees": _arms("knee", "knee"),
    "hug_knees": _arms("shin", "shin"),
    "ankles": _arms("ankle", "ankle"),
    "elbow_on_knee": _arms("elbow_on_knee", "elbow_on_knee"),
    "type": _arms("keyboard", "keyboard", neck_flexion=(8, 8)),
    "type_and_mouse": _arms("mouse", "keyboard", neck_flexion=(4, 8)),
    "table": _arms("table", "table"),
    "write": _arms("plate", "table", left_hand="tripod", neck_flexion=(22, 8), spine_flexion=(8, 6)),
    "eat": _arms("mouth", "plate", neck_flexion=(10, 8)),
    "eat_both": _arms("plate", "plate", neck_flexion=(18, 8)),
    "drink_at_table": _arms("cup", "table"),
    "chin_at_table": _arms("chin_rest", "table", neck_flexion=(8, 8)),
    "steer": _arms("wheel", "wheel"),
    "handlebar": _arms("handlebar", "handlebar"),
    "ground_beside": _arms("ground_beside", "ground_beside"),
    "ground_one_side": _arms("ground_beside"),
    "ground_behind": _arms("ground_behind", "ground_behind", spine_flexion=(-14, 6), root_pitch=(-14, 6)),
    "prop": _arms("prop", "prop"),
    "prop_chin": _arms("chin_rest", "chin_rest"),
    "push_up": _arms("push_up", "push_up"),
    "pillow": _arms("pillow"),
    "arms_up_lying": _arms(
        arm_raise=(118, 25), arm_plane=(15, 15), arm_rotation=(50, 20), elbow_flexion=(80, 28),
    ),
    "guard": _arms("guard", "guard", clavicle_protraction=(8, 5), neck_flexion=(12, 6)),
    "punch": _arms("guard", "forward", right_hand="fist", spine_twist=(14, 8)),
    "ski_poles": _arms(
        left_hand="power_grip fist", right_hand="power_grip fist", arm_raise=(42, 10), arm_plane=(62, 14),
        elbow_flexion=(82, 16), arm_rotation=(8, 10),
    ),
    "golf": _arms("club", "club", neck_flexion=(22, 6)),
    "bat": _arms(
        "bat", "other_hand", right_hand="power_grip fist", spine_twist=(16, 8), neck_twist=(-35, 12),
    ),
    "forehand": _arms(
        left_hand="power_grip", left_arm_raise=(68, 14), left_arm_plane=(0, 30), left_elbow_flexion=(36, 20),
        left_arm_rotation=(38, 18), right_arm_raise=(58, 18), right_arm_plane=(55, 22),
        right_elbow_flexion=(42, 20), spine_twist=(16, 12), left_wrist_flexion=(-25, 12),
    ),
    "backhand": _arms(
        left_hand="power_grip", left_arm_raise=(52, 14), left_arm_plane=(112, 10),
        left_elbow_flexion=(46, 22), left_arm_rotation=(-20, 14), spine_twist=(-24, 10),
        right_arm_raise=(40, 14), right_arm_plane=(60, 20), right_elbow_flexion=(70, 20),
    ),
    "serve": _arms(
        left_hand="power_grip", right_hand="open ball_grip", left_arm_raise=(98, 14), left_arm_plane=(0, 15),
        left_arm_rotation=(82, 7), left_elbow_flexion=(92, 20), right_arm_raise=(150, 12),
        right_arm_plane=(65, 15), right_elbow_flexion=(12, 8), spine_flexion=(-10, 6), spine_lateral=(-12, 6),
        neck_flexion=(-24, 8),
    ),
    "throw": _arms(
        left_hand="ball_grip", left_arm_raise=(94, 10), left_arm_plane=(-4, 15), left_arm_rotation=(76, 12),
        left_elbow_flexion=(88, 20), right_arm_raise=(64, 16), right_arm_plane=(62, 22),
        right_elbow_flexion=(36, 22), spine_twist=(18, 10),
    ),
    "throw_release": _arms(
        left_hand="open relaxed", left_arm_raise=(112, 14), left_arm_plane=(75, 20),
        left_elbow_flexion=(26, 14), left_wrist_flexion=(20, 18), right_arm_raise=(32, 14),
        right_arm_plane=(-20, 30), right_elbow_flexion=(66, 24), spine_twist=(-18, 10),
    ),
    "shoot_basketball": _arms(
        left_hand="ball_grip spread", right_hand="ball_grip spread", left_arm_raise=(122, 14),
        left_arm_plane=(82, 9), left_elbow_flexion=(62, 28), left_wrist_flexion=(-42, 18),
        right_arm_raise=(108, 14), right_arm_plane=(80, 9), right_elbow_flexion=(82, 20),
        neck_flexion=(-12, 6),
    ),
    "dribble": _arms(
        left_hand="spread ball_grip open", left_arm_raise=(28, 9), left_arm_plane=(50, 20),
        left_elbow_flexion=(58, 18), left_pronation=(68, 7), right_arm_raise=(42, 14),
        right_arm_plane=(50, 20), right_elbow_flexion=(76, 18), neck_flexion=(6, 12),
    ),
    "dance": _arms(
        arm_raise=(78, 42), arm_plane=(35, 42), arm_rotation=(14, 34), elbow_flexion=(62, 36),
        pronation=(5, 42), wrist_flexion=(0, 24), spine_lateral=(0, 10), spine_twist=(0, 14),
        neck_lateral=(0, 10),
    ),
    "guitar": _arms("neck_of_guitar", "strings", neck_flexion=(12, 8), neck_twist=(14, 10)),
}
"""What the arms do; spine and neck angles add to those of the legs."""

GRIPS: tuple[str, ...] = (
    "",
    *sorted({*CONTACT_HANDS.values(), *(h for t in ARMS.values() for h in (t.left_hand, t.right_hand) if h)}),
)
"""All that is said of a hand's shape by a contact or a template; the first says nothing."""

# fmt: on

_RESTING_ARMS = (
    "pockets one_pocket hips one_hip crossed hold_elbow hold_wrist_front clasp_front clasp_behind "
    "back_pockets lower_back hold_back belly hug_self straps one_strap"
)
_FACE_ARMS = (
    "neck hair hair_both forehead temple glasses nose mouth cheek cheeks_both chin thinker chin_rest "
    "one_behind_head behind_head"
)
_PHONE_ARMS = "phone_call phone_view phone_both"
_TALKING_ARMS = (
    "gesture gesture gesture gesture_one gesture_one point show thumb_up shrug wave hang_apart heart "
    "clap shake_hands"
)
_STANDING = (
    "stand stand stand stand_weight_on_one_leg stand_weight_on_one_leg stand_wide step stand_legs_crossed"
)
_SITTING = (
    "sit sit sit_knees_apart sit_legs_forward sit_feet_back sit_ankles_crossed sit_knee_over_knee "
    "sit_ankle_on_knee sit_side_saddle sit_high"
)
_AT_TABLE = "sit sit sit_knees_apart sit_feet_back sit_ankles_crossed sit_leaning_forward"
_GROUND = (
    "ground_cross_legged ground_cross_legged ground_legs_straight ground_one_knee_up ground_knees_up "
    "ground_legs_aside"
)


@dataclasses.dataclass(frozen=True)
class Activity:
    """A share of all activities, and the templates that it draws from; a name given twice is twice as
    frequent."""

    share: float
    legs: str
    arms: str


ACTIVITIES: dict[str, Activity] = {
    "standing": Activity(14, _STANDING, "hang hang hang hang_apart carry_bag"),
    "standing_hands_at_rest": Activity(9, _STANDING + " lean_back_on_wall", _RESTING_ARMS),
    "standing_hand_to_head": Activity(4, _STANDING, _FACE_ARMS),
    "standing_phone": Activity(
        5, _STANDING + " lean_back_on_wall", _PHONE_ARMS + " selfie photograph phone_view"
    ),
    "talking": Activity(6, _STANDING, _TALKING_ARMS),
    "greeting": Activity(2, _STANDING, "wave wave_high shake_hands salute pray heart clap hands_up"),
    "cheering": Activity(1.5, _STANDING, "cheer wave_high hands_up flex_biceps clap"),
    "looking": Activity(1, _STANDING, "photograph binoculars salute read"),
    "eating_standing": Activity(1, _STANDING, "drink mouth drink"),
    "carrying": Activity(
        3,
        "stand stand step walk_contact walk_swing stand_weight_on_one_leg",
        "carry_tray carry_box carry_bag carry_on_shoulder cradle straps one_strap",
    ),
    "working_standing": Activity(
        3, "stand stand stoop step stand_wide", "work_low work_low reach_forward reach_up reach_side read"
    ),
    "reaching": Activity(
        4,
        "stand stand_wide step lean_aside stoop one_leg",
        "reach_up reach_up_both reach_forward reach_forward_both reach_side lean_on_wall push",
    ),
    "picking_up": Activity(
        3,
        "squat_half squat_deep squat_on_toes bend_forward bend_forward kneel_on_one_knee lunge",
        "reach_floor reach_floor_both reach_floor touch_toes knees",
    ),
    "walking": Activity(
        5,
        "walk_contact walk_contact walk_swing step climb_stairs",
        "swing swing swing pockets one_pocket phone_view phone_call carry_bag one_strap wave",
    ),
    "running": Activity(2, "run_float run_float run_swing", "swing_running"),
    "sitting": Activity(
        8,
        _SITTING + " sit_leaning_forward recline",
        "lap lap thighs one_thigh hang crossed clasp_front gesture gesture_one knees",
    ),
    "sitting_hand_to_head": Activity(3, _SITTING + " recline sit_leaning_forward", _FACE_ARMS),
    "sitting_phone": Activity(
        4, _SITTING + " recline", "phone_call phone_view phone_both phone_lap phone_lap_one"
    ),
    "sitting_forward": Activity(
        1.5, "sit_leaning_forward", "elbow_on_knee chin_rest knees clasp_front phone_lap"
    ),
    "at_table": Activity(
        6,
        _AT_TABLE,
        "type type type_and_mouse table table write eat eat_both drink_at_table chin_at_table phone_both "
        "read",
    ),
    "driving": Activity(1.5, "sit_legs_forward recline sit", "steer steer gesture_one"),
    "cycling": Activity(1, "ride_bicycle", "handlebar"),
    "sitting_on_ground": Activity(
        4,
        _GROUND,
        "lap thighs knees hang gesture_one ankles ground_beside ground_one_side "
        "ground_behind phone_both phone_lap read eat chin_rest mouth",
    ),
    "hugging_knees": Activity(0.7, "ground_knees_up", "hug_knees hug_knees ankles knees"),
    "kneeling": Activity(
        2.5,
        "kneel_on_heels kneel_on_heels kneel_upright kneel_on_one_knee kneel_on_one_knee",
        "thighs lap work_low reach_forward pray one_thigh hang phone_view gesture hips",
    ),
    "on_all_fours": Activity(0.8, "on_all_fours", "push_up"),
    "squatting": Activity(
        2.5,
        "squat_deep squat_deep squat_on_toes squat_half",
        "knees elbow_on_knee hang reach_floor clasp_front phone_both work_low reach_forward",
    ),
    "leaning": Activity(
        1.5, "lean_back_on_wall lean_aside stoop", "lean_on_wall crossed pockets hang hips push"
    ),
    "lying_on_back": Activity(
        2,
        "lie_on_back lie_on_back lie_on_back_knees_up",
        "hang hang_apart behind_head one_behind_head arms_up_lying belly clasp_front phone_both forehead",
    ),
    "lying_on_side": Activity(
        1.5, "lie_on_side lie_on_side lie_curled", "hang pillow pray phone_view cheek gesture_one"
    ),
    "lying_on_front": Activity(
        1, "lie_on_front lie_on_front lie_on_front_feet_up", "hang_apart arms_up_lying"
    ),
    "propped_on_front": Activity(0.7, "lie_propped", "prop prop_chin"),
    "exercising": Activity(
        3,
        "stand_wide side_lunge lunge one_leg squat_half athletic_stance",
        "side_stretch stretch_overhead spread reach_forward_both hips clasp_front balance flex_biceps",
    ),
    "yoga": Activity(
        2,
        "tree_pose lunge arabesque splits_seated ground_cross_legged",
        "pray stretch_overhead spread thighs",
    ),
    "push_up": Activity(0.7, "plank plank downward_dog", "push_up"),
    "toe_touch": Activity(1, "bend_forward ground_legs_straight splits_seated", "touch_toes ankles"),
    "hanging": Activity(0.5, "jump_straight jump_tuck", "hang_on_bar"),
    "throwing": Activity(1.5, "throw_stride throw_stride lunge one_leg", "throw throw_release"),
    "racket": Activity(2, "throw_stride athletic_stance side_lunge run_float", "forehand backhand serve"),
    "batting": Activity(1, "throw_stride athletic_stance", "bat"),
    "golf": Activity(0.5, "athletic_stance stoop", "golf"),
    "ball_games": Activity(
        1.5,
        "athletic_stance jump_straight run_float run_swing",
        "shoot_basketball dribble reach_up_both guard",
    ),
    "kicking": Activity(1.5, "high_kick kick_backswing kick_ball", "balance balance guard swing_running"),
    "jumping": Activity(
        2, "jump_straight jump_tuck jump_star jump_heels_up", "cheer balance spread swing_running hang_apart"
    ),
    "fighting": Activity(1, "athletic_stance step lunge throw_stride", "guard guard punch"),
    "boarding": Activity(1.5, "board", "balance balance hang_apart spread"),
    "skiing": Activity(1, "ski", "ski_poles ski_poles balance"),
    "dancing": Activity(
        2.5, "stand_weight_on_one_leg one_leg step lunge arabesque stand_wide jump_heels_up", "dance"
    ),
    "music": Activity(1, "stand stand_wide sit sit_high", "guitar"),
}
"""The mixture of activities; the shares are relative."""
