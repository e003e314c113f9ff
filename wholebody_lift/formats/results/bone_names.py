"""The bone names of animation programs, so that they can map the bones by name.

Sources: the humanoid of the VRM 1.0 specification (VRMC_vrm-1.0/humanoid.md); the metarig "Human" of Rigify
in Blender 5.0 (rigify/metarigs/human.py); for Mixamo and Unreal, the retargeting maps that others use, such
as those of the VRM add-on for Blender.
"""

from __future__ import annotations

from typing import Literal, get_args

from wholebody_lift.body.inverse_kinematics import BONES

BoneNames = Literal["vrm", "mixamo", "unreal", "rigify"]
"""Names of the humanoid of VRM 1.0, of Mixamo's skeleton, Unreal's mannequin, and Rigify's human metarig."""

_MIDDLE: dict[BoneNames, tuple[str, ...]] = {
    "mixamo": ("Hips", "Spine", "Spine2", "Neck", "Head"),
    "unreal": ("pelvis", "spine_01", "spine_03", "neck_01", "head"),
    "rigify": ("spine", "spine.001", "spine.003", "spine.004", "spine.006"),
}
_LIMBS: dict[BoneNames, tuple[str, ...]] = {
    "mixamo": ("Shoulder", "Arm", "ForeArm", "Hand", "UpLeg", "Leg", "Foot", "ToeBase"),
    "unreal": ("clavicle", "upperarm", "lowerarm", "hand", "thigh", "calf", "foot", "ball"),
    "rigify": ("shoulder", "upper_arm", "forearm", "hand", "thigh", "shin", "foot", "toe"),
}
_FINGERS: dict[BoneNames, tuple[str, ...]] = {
    "mixamo": ("HandThumb", "HandIndex", "HandMiddle", "HandRing", "HandPinky"),
    "unreal": ("thumb", "index", "middle", "ring", "pinky"),
    "rigify": ("thumb", "f_index", "f_middle", "f_ring", "f_pinky"),
}
_OF_SIDE: dict[BoneNames, str] = {
    "mixamo": "mixamorig:{Side}{bone}",
    "unreal": "{bone}_{s}",
    "rigify": "{bone}.{S}",
}
_SEGMENT: dict[BoneNames, str] = {
    "mixamo": "{finger}{n}",
    "unreal": "{finger}_0{n}",
    "rigify": "{finger}.0{n}",
}

_SEGMENTS = ("Proximal", "Intermediate", "Distal")


def bone_names(names: BoneNames) -> tuple[str, ...]:
    """The name of each of `BONES`. Raises ValueError for names that are not known."""
    if names not in get_args(BoneNames):
        raise ValueError(f"expected names {', '.join(get_args(BoneNames))}, got {names!r}")
    ours = tuple(bone.name for bone in BONES)
    if names == "vrm":
        return ours
    middle = ("hips", "spine", "chest", "neck", "head")
    limbs = ("Shoulder", "UpperArm", "LowerArm", "Hand", "UpperLeg", "LowerLeg", "Foot", "Toes")
    found = dict(zip(middle, _MIDDLE[names], strict=True))
    if names == "mixamo":
        found = {bone: f"mixamorig:{name}" for bone, name in found.items()}
    for side in ("left", "right"):
        theirs = dict(zip(limbs, _LIMBS[names], strict=True))
        for finger, name in zip(("Thumb", "Index", "Middle", "Ring", "Little"), _FINGERS[names], strict=True):
            segments = ("Metacarpal", "Proximal", "Distal") if finger == "Thumb" else _SEGMENTS
            for n, segment in enumerate(segments, start=1):
                theirs[f"{finger}{segment}"] = _SEGMENT[names].format(finger=name, n=n)
        for bone, name in theirs.items():
            found[f"{side}{bone}"] = _OF_SIDE[names].format(
                bone=name, Side=side.capitalize(), s=side[0], S=side[0].upper()
            )
    return tuple(found[name] for name in ours)
