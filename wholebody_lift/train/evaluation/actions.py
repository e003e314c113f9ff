"""Groups of what people of the test sets do, large enough to be measured."""

import re

ACTION_GROUPS: dict[str, tuple[str, ...]] = {
    "walking": (
        "cmu_amc/02_0[12]",
        *(f"cmu_amc/{subject}_" for subject in ("03", "07", "08", "10", "16", "32", "38", "43")),
        "quaternius/(Walk|Crouch_Fwd)",
        "walking",
    ),
    "running": ("cmu_amc/02_03", "quaternius/(Jog|Sprint)", "running"),
    "jumping, climbing": ("cmu_amc/(01_|02_04)", "quaternius/(Jump|Roll)", "jumping", "hanging"),
    "dancing": ("indian/", "salsa/", "quaternius/Dance", "dancing"),
    "fighting": (
        "martial/",
        "cmu_amc/02_0[5789]",
        "quaternius/(Sword|Punch|Pistol|Hit|Spell)",
        "fighting",
    ),
    "handling things": (
        "cmu_amc/02_(06|10)",
        "quaternius/(PickUp|Interact|Fixing|Push)",
        "(picking_up|reaching|carrying|working_standing|music)",
    ),
    "standing": (
        "quaternius/(Idle|Crouch_Idle)",
        "(standing|talking|greeting|cheering|looking|eating_standing|leaning)",
    ),
    "sitting": ("quaternius/(Sitting|Driving)", "sitting(?!_on_ground)", "(at_table|driving|cycling)"),
    "on the ground": (
        "quaternius/Death",
        "(sitting_on_ground|hugging_knees|kneeling|on_all_fours|squatting|lying_|propped_|push_up)",
    ),
    "sport": (
        "quaternius/Swim",
        "(exercising|yoga|toe_touch|throwing|racket|batting|golf|ball_games|kicking|boarding|skiing)",
    ),
    "any joint angles": ("limits",),
}
"""Regular expressions for how the names of a group's recordings and activities begin. The content of CMU's
trials is as listed on mocap.cs.cmu.edu; the bank's trials of subjects 07, 08 and so on are walks."""


def action_group(label: str) -> str:
    """The group of a recording or an activity, "other" if it is in none."""
    groups = (group for group, names in ACTION_GROUPS.items() if any(re.match(name, label) for name in names))
    return next(groups, "other")
