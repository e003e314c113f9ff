"""Templates of what legs and arms do: anatomical angles in degrees, each with a mean and a spread.

An angle that a template does not name has the mean and spread of relaxed standing (`joint_limits`). Templates
are written for one side; half of all people are mirrored.
"""

import dataclasses

from wholebody_lift.train.synthetic.contacts import CONTACT_HANDS

Angles = dict[str, tuple[float, float]]
"""Angle name -> (mean, spread) in degrees; the name of a sided angle without its side stands for both
sides."""

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
"""How the legs are supported.

- "level": both ankles are at the same height; "flat": the soles are flat on the floor as well; "balanced":
  the feet are also under the body that they carry.
- "kneeling": both shanks lie on the floor; "one knee": only the right one does, and the left sole is flat.
- "grounded": the trunk lies or sits on the floor, and the feet come down to it at their own angles, with
  "soles flat", or not at all ("feet free").
- "free": the legs keep their angles.
"""


@dataclasses.dataclass(frozen=True)
class Template:
    """What legs or arms do: their angles, what each hand touches, and how the feet are supported.

    `left` and `right` are names in `CONTACTS`, and `feet` is one of `FEET`. `left_hand` and `right_hand` name
    shapes to draw from instead of those of `CONTACT_HANDS`.
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
# fmt: on

GRIPS: tuple[str, ...] = (
    "",
    *sorted({*CONTACT_HANDS.values(), *(h for t in ARMS.values() for h in (t.left_hand, t.right_hand) if h)}),
)
"""All lists of hand shapes that a contact or a template names; the first is empty and allows any shape."""
