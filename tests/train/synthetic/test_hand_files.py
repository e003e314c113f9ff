"""Still hands in made-up files of the publishers' formats."""

import json
from pathlib import Path

import pytest

pytest.importorskip("anny")

from wholebody_lift.errors import InputError
from wholebody_lift.train.synthetic.recordings import hand_files, hands

WEBXR_FINGER = ("metacarpal", "phalanx-proximal", "phalanx-intermediate", "phalanx-distal", "tip")
MRTK_FINGER = ("Metacarpal", "Knuckle", "MiddleJoint", "DistalJoint", "Tip")


def _places() -> dict[tuple[str, int], tuple[float, float, float]]:
    """Metres of five joints of each finger, a left hand in right-handed axes; the thumb lacks the third."""
    fingers = ("thumb", "index", "middle", "ring", "pinky")
    return {
        (finger, i): (0.1 + 0.02 * row, 0.01 * row * row, -0.03 * (i + 1))
        for row, finger in enumerate(fingers)
        for i in range(5)
        if not (finger == "thumb" and i == 2)
    }


WRIST = (0.1, -0.02, 0.05)


def _webxr(places: dict[str, tuple[float, float, float]]) -> str:
    """As the project writes it: long lines are broken, and only names with a dash are in quotation marks."""
    entries = []
    for name, (x, y, z) in places.items():
        key = f"'{name}'" if "-" in name else name
        entries.append(
            f"    {key}: {{\n      offsetMatrix: [\n        1, 0, 0, 0,\n        0, 1, 0, 0, 0, 0, 1, 0,\n"
            f"        {x}, {y}, {z},\n        1,\n      ],\n      radius: 0.02,\n    }},\n"
        )
    return (
        "export const pose: HandPose = {\n  jointTransforms: {\n" + "".join(entries) + "  },\n"
        "  gripOffsetMatrix: [\n    1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 9, 9, 9, 1,\n  ],\n};\n"
    )


def _webxr_places() -> dict[str, tuple[float, float, float]]:
    named = {"wrist": WRIST}
    for (finger, i), place in _places().items():
        named[f"{finger}-{'' if finger == 'thumb' else 'finger-'}{WEBXR_FINGER[i]}"] = place
    return named


def _mrtk() -> str:
    """The same hand as a right one in left-handed axes: x and z change their signs."""
    thumb = {0: "MetacarpalJoint", 1: "ProximalJoint", 3: "DistalJoint", 4: "Tip"}
    named = {"None": (0.0, 0.0, 0.0), "Palm": (0.0, 0.0, 0.0), "Wrist": WRIST}
    for (finger, i), place in _places().items():
        named[finger.capitalize() + (thumb[i] if finger == "thumb" else MRTK_FINGER[i])] = place
    items = [
        {"joint": name, "pose": {"position": {"x": -x, "y": y, "z": -z}, "rotation": {"w": 1.0}}}
        for name, (x, y, z) in named.items()
    ]
    return json.dumps({"items": items})


def _expected() -> list[list[float]]:
    x, y, z = WRIST
    rows = [(0.0, 0.0, 0.0)]
    rows += [
        (1000 * (a - x), 1000 * (b - y), 1000 * (c - z))
        for (finger, i), (a, b, c) in _places().items()
        if finger == "thumb" or i > 0  # the metacarpals of the fingers are not among the 21
    ]
    return [[round(value, 2) for value in row] for row in rows]


def test_both_collections_convert_to_the_same_left_hand(tmp_path: Path) -> None:
    (tmp_path / "pinch.ts").write_text(_webxr(_webxr_places()))
    (tmp_path / "ArticulatedHandPose_Flat.json").write_text(_mrtk())
    for source, name in (("pinch.ts", "pinch"), ("ArticulatedHandPose_Flat.json", "Flat")):
        hand_files.convert([tmp_path / source], tmp_path / "hands" / "out.json")
        (hand,) = hands.read_poses(tmp_path / "hands" / "out.json")
        assert hand.name == name
        assert hand.points[0].tolist() == _expected()


def test_a_joint_that_is_missing_is_named_with_its_file(tmp_path: Path) -> None:
    places = _webxr_places()
    del places["ring-finger-tip"]
    (tmp_path / "point.ts").write_text(_webxr(places))
    with pytest.raises(InputError, match=r"point\.ts.*ring-finger-tip"):
        hand_files.convert([tmp_path / "point.ts"], tmp_path / "out.json")
    assert not (tmp_path / "out.json").exists()


@pytest.mark.parametrize("text", ["no JSON", "[]", '{"items": [{"joint": "Wrist"}]}', '{"items": 3}'])
def test_other_content_is_an_input_error(text: str) -> None:
    with pytest.raises(InputError, match="expected JSON with items"):
        hand_files.from_mrtk(text)


def test_files_of_two_collections_are_not_mixed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"one collection.*got \.json, \.ts"):
        hand_files.convert([Path("a.ts"), Path("b.json")], tmp_path / "out.json")
