import pytest

from wholebody_lift.train.evaluation.actions import ACTION_GROUPS, action_group
from wholebody_lift.train.synthetic.activities import ACTIVITIES


@pytest.mark.parametrize(
    ("label", "group"),
    [
        ("cmu_amc/02_02", "walking"),
        ("cmu_amc/02_03", "running"),
        ("cmu_amc/08_11", "walking"),
        ("salsa/24", "dancing"),
        ("quaternius/Sword_Attack", "fighting"),
        ("quaternius/PickUp_Table", "handling things"),
        ("sitting_phone", "sitting"),
        ("sitting_on_ground", "on the ground"),
        ("eating_standing", "standing"),
        ("limits", "any joint angles"),
        ("somewhere/else", "other"),
    ],
)
def test_groups(label: str, group: str) -> None:
    assert action_group(label) == group
    assert group == "other" or group in ACTION_GROUPS


def test_nearly_all_activities_have_a_group() -> None:
    known = sum(activity.share for name, activity in ACTIVITIES.items() if action_group(name) != "other")
    assert known > 0.9 * sum(activity.share for activity in ACTIVITIES.values())
