"""The activities of people in photographs, each with the templates that its legs and its arms are drawn from.

`poses.py` combines any of an activity's legs with any of its arms.
"""

import dataclasses

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
    """An activity's share of the mixture, and the templates to draw from. A name that is listed twice is
    drawn twice as often."""

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
