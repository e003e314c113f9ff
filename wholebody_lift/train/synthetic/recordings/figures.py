"""The figures of the recordings: which bones of a source's skeleton drive those of Anny."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

SIDES = ("L", "R")


@dataclass(frozen=True)
class Source:
    """The bones of a source skeleton that drive those of Anny. "{side}" stands for `sides`, left first."""

    sides: tuple[str, str]
    pelvis: str
    spine: tuple[str, ...]  # above the pelvis, up to the one that carries the shoulders
    neck: tuple[str, ...]  # above those, up to the head
    clavicle: str
    upper_arm: str
    forearm: str
    hand: str
    middle_knuckle: str  # its head is the end of the palm
    thigh: str
    shin: str
    foot: str
    toes: str | None
    # The axis about which the left elbow bends in the rest pose, in which palms face down or inwards and
    # thumbs point forward. None: the rest pose is Anny's, so its own bones show how elbows and palms turn.
    elbow_axis: tuple[float, float, float] | None
    head_lift: float = 0.0  # degrees by which the head looks up in the rest pose
    ankles_roll: bool = False  # whether the source records how feet roll about their length
    knee_bend: float = 0.0  # degrees by which the source bends knees more than people do
    level_soles: bool = False  # whether feet that stand need to be levelled, which differ from clip to clip
    fingers: Mapping[int, tuple[str, str, str]] = field(default_factory=dict)  # by Anny's number

    def bone(self, pattern: str, side: str) -> str:
        """The source's bone for a side of Anny, "L" or "R"."""
        return pattern.format(side=self.sides[SIDES.index(side)])


def corrected(cmu: Source) -> Source:
    """A figure of CMU with knees and soles as people have them.

    Where hips are highest, the standing leg of most of these figures bends its knee by 17 to 30 degrees,
    whoever is recorded; people who stand bend it by 3 to 7 (`REACTIDLE`). Soles are off by up to 14 degrees.
    """
    return replace(cmu, knee_bend=14.0, level_soles=True)


# In the T pose of all sources, palms face down and thumbs point forward. The Acclaim files bend the elbow
# about the x axis of axis="180 -30 -90", and the BVH files were made from such files.
CMU_ELBOW = (0.0, -0.5, -(0.75**0.5))
CMU_BVH = Source(
    sides=("l", "r"),
    pelvis="hip",
    spine=("abdomen", "chest"),
    neck=("neck", "head"),
    clavicle="{side}Collar",
    upper_arm="{side}Shldr",
    forearm="{side}ForeArm",
    hand="{side}Hand",
    middle_knuckle="{side}Mid1",
    thigh="{side}Thigh",
    shin="{side}Shin",
    foot="{side}Foot",
    toes=None,
    elbow_axis=CMU_ELBOW,
)
CMU_AMC = Source(
    sides=("l", "r"),
    pelvis="root",
    spine=("lowerback", "upperback", "thorax"),
    neck=("lowerneck", "upperneck", "head"),
    clavicle="{side}clavicle",
    upper_arm="{side}humerus",
    forearm="{side}radius",
    hand="{side}hand",
    middle_knuckle="{side}fingers",
    thigh="{side}femur",
    shin="{side}tibia",
    foot="{side}foot",
    toes="{side}toes",
    elbow_axis=CMU_ELBOW,
    # In 32 trials of level walking, the head bone looks 16 degrees down, whereas people look 6 degrees down.
    head_lift=10.0,
)
QUATERNIUS = Source(
    sides=("L", "R"),
    pelvis="DEF-hips",
    spine=("DEF-spine.001", "DEF-spine.002", "DEF-spine.003"),
    neck=("DEF-neck", "DEF-head"),
    clavicle="DEF-shoulder.{side}",
    upper_arm="DEF-upper_arm.{side}",
    forearm="DEF-forearm.{side}",
    hand="DEF-hand.{side}",
    middle_knuckle="DEF-f_middle.01.{side}",
    thigh="DEF-thigh.{side}",
    shin="DEF-shin.{side}",
    foot="DEF-foot.{side}",
    toes="DEF-toe.{side}",
    elbow_axis=(0.0, 0.0, -1.0),
    ankles_roll=True,
    fingers={
        number: (f"DEF-{name}.01.{{side}}", f"DEF-{name}.02.{{side}}", f"DEF-{name}.03.{{side}}")
        for number, name in enumerate(("thumb", "f_index", "f_middle", "f_ring", "f_pinky"), start=1)
    },
)
_FINGER_NAMES = ("thumb", "index", "middle", "ring", "pinky")
MESH2MOTION = Source(
    sides=("l", "r"),
    pelvis="pelvis",
    spine=("spine_01", "spine_02", "spine_03"),
    neck=("neck_01", "head"),
    clavicle="clavicle_{side}",
    upper_arm="upperarm_{side}",
    forearm="lowerarm_{side}",
    hand="hand_{side}",
    middle_knuckle="middle_01_{side}",
    thigh="thigh_{side}",
    shin="calf_{side}",
    foot="foot_{side}",
    toes="ball_{side}",
    elbow_axis=(0.0, 0.0, -1.0),
    ankles_roll=True,
    fingers={
        number: (f"{name}_01_{{side}}", f"{name}_02_{{side}}", f"{name}_03_{{side}}")
        for number, name in enumerate(_FINGER_NAMES, start=1)
    },
)
"""The bone names of Unreal's mannequin."""
VIRCADIA = Source(
    sides=("Left", "Right"),
    pelvis="Hips",
    spine=("Spine", "Spine1", "Spine2"),
    neck=("Neck", "Head"),
    clavicle="{side}Shoulder",
    upper_arm="{side}Arm",
    forearm="{side}ForeArm",
    hand="{side}Hand",
    middle_knuckle="{side}HandMiddle1",
    thigh="{side}UpLeg",
    shin="{side}Leg",
    foot="{side}Foot",
    toes="{side}ToeBase",
    elbow_axis=(0.0, 0.0, -1.0),
    ankles_roll=True,
    fingers={
        number: (f"{{side}}Hand{name}1", f"{{side}}Hand{name}2", f"{{side}}Hand{name}3")
        for number, name in enumerate(map(str.title, _FINGER_NAMES), start=1)
    },
)
"""The bone names of Mixamo's characters."""
KAYKIT = Source(
    sides=("l", "r"),
    pelvis="hips",
    spine=("spine", "chest"),
    neck=("head",),
    clavicle="chest",
    upper_arm="upperarm.{side}",
    forearm="lowerarm.{side}",
    hand="wrist.{side}",  # follows the forearm; the bone beyond it turns with the weapon
    middle_knuckle="hand.{side}",
    thigh="upperleg.{side}",
    shin="lowerleg.{side}",
    foot="foot.{side}",
    toes="toes.{side}",
    elbow_axis=(0.0, 0.0, -1.0),
    ankles_roll=True,
)
MAKEHUMAN = Source(
    sides=("L", "R"),
    pelvis="root",
    spine=("spine05", "spine04", "spine03", "spine02", "spine01"),
    neck=("neck01", "neck02", "neck03", "head"),
    clavicle="clavicle.{side}",
    upper_arm="upperarm01.{side}",
    forearm="lowerarm01.{side}",
    hand="wrist.{side}",
    middle_knuckle="finger3-1.{side}",
    thigh="upperleg01.{side}",
    shin="lowerleg01.{side}",
    foot="foot.{side}",
    toes="toe2-1.{side}",
    elbow_axis=None,
    ankles_roll=True,
    fingers={
        n: (f"finger{n}-1.{{side}}", f"finger{n}-2.{{side}}", f"finger{n}-3.{{side}}") for n in range(1, 6)
    },
)
"""MakeHuman's default rig, from which Anny's is made."""
REACTIDLE = Source(
    sides=("L", "R"),
    pelvis="pelvis",
    spine=("spine", "spine.001"),
    neck=("neck", "face"),
    clavicle="shoulder.{side}",
    upper_arm="upper_arm.{side}",
    forearm="forearm.{side}",
    hand="hand.{side}",
    middle_knuckle="fingers.{side}",
    thigh="thigh.{side}",
    shin="shin.{side}",
    foot="foot.{side}",
    toes=None,
    elbow_axis=(0.0, 0.0, -1.0),
    head_lift=11.0,  # people who stand upright would look 17 degrees down
)
COLOGNE = replace(
    VIRCADIA,
    spine=("Spine", "Spine1"),
    middle_knuckle="{side}Fingers",
    head_lift=7.0,  # people who stand and walk would look 13 degrees down
    fingers={},
)
ACCAD = replace(COLOGNE, head_lift=0.0)
GALTIS = Source(
    sides=("L", "R"),
    pelvis="Hip_Root",
    spine=("Chest_1", "Chest_2", "Chest_3", "Chest_4"),
    neck=("Neck", "Head"),
    clavicle="Collar_{side}",
    upper_arm="Bicep_{side}",
    forearm="Forearm_{side}",
    hand="Hand_{side}",
    middle_knuckle="Middle1_{side}",
    thigh="Thigh_{side}",
    shin="Shin_{side}",
    foot="Foot_{side}",
    toes="Toe_{side}",
    elbow_axis=(-1.0, 0.0, 0.0),  # the arms of the rest pose hang, palms inwards
    ankles_roll=True,
    fingers={
        number: (f"{name}1_{{side}}", f"{name}2_{{side}}", f"{name}3_{{side}}")
        for number, name in enumerate(map(str.title, _FINGER_NAMES), start=1)
    },
)
"""The figure of Studio Galt's sign language."""
CMU_DAZ = replace(CMU_BVH, head_lift=-6.0)  # heads look 16 degrees higher than in the Acclaim files
CMU_131 = Source(
    sides=("Left", "Right"),
    pelvis="Hips",
    spine=("Chest", "Chest2"),
    neck=("Neck", "Head"),
    clavicle="{side}Collar",
    upper_arm="{side}Shoulder",
    forearm="{side}Elbow",
    hand="{side}Wrist",
    middle_knuckle="{side[0]}Fingers",
    thigh="{side}Hip",
    shin="{side}Knee",
    foot="{side}Ankle",
    toes="{side}Toe",
    elbow_axis=(-1.0, 0.0, 0.0),  # the arms of the rest pose hang
)
CMU_CGSPEED = Source(
    sides=("Left", "Right"),
    pelvis="Hips",
    spine=("LowerBack", "Spine", "Spine1"),
    neck=("Neck", "Neck1", "Head"),
    clavicle="{side}Shoulder",
    upper_arm="{side}Arm",
    forearm="{side}ForeArm",
    hand="{side}FingerBase",
    middle_knuckle="{side}HandIndex1",
    thigh="{side}UpLeg",
    shin="{side}Leg",
    foot="{side}Foot",
    toes="{side}ToeBase",
    elbow_axis=CMU_ELBOW,
    head_lift=CMU_AMC.head_lift,  # these are conversions of the Acclaim files
)
CMU_FBX = Source(
    sides=("Left", "Right"),
    pelvis="Hips",
    spine=("Spine", "Spine1", "Spine2"),
    neck=("Neck", "Head"),
    clavicle="Spine2",
    upper_arm="{side}Arm",
    forearm="{side}ForeArm",
    hand="{side}Hand",
    middle_knuckle="{side}Fingers",
    thigh="{side}UpLeg",
    shin="{side}Leg",
    foot="{side}Foot",
    toes="{side}ToeBase",
    elbow_axis=CMU_ELBOW,
    head_lift=30.0,  # people who stand upright would look 35 degrees down
)
