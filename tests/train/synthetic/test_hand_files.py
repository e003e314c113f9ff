"""Hands in made-up files of the publishers' formats."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("anny")

from wholebody_lift.errors import InputError
from wholebody_lift.train.synthetic.recordings import hand_files, hands, leap_files

WEBXR_FINGER = ("metacarpal", "phalanx-proximal", "phalanx-intermediate", "phalanx-distal", "tip")
MRTK_FINGER = ("Metacarpal", "Proximal", "Intermediate", "Distal", "Tip")


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
    """The same hand as a right one in left-handed axes: x and z change their signs. JSON in C# source."""
    thumb = {0: "Metacarpal", 1: "Proximal", 3: "Distal", 4: "Tip"}
    named = {"Palm": (0.0, 0.0, 0.0), "Wrist": WRIST}
    for (finger, i), place in _places().items():
        name = "Little" if finger == "pinky" else finger.capitalize()
        named[name + (thumb[i] if finger == "thumb" else MRTK_FINGER[i])] = place
    items = [
        {"joint": name, "pose": {"position": {"x": -x, "y": y, "z": -z}, "rotation": {"w": 1.0}}}
        for name, (x, y, z) in named.items()
    ]
    text = json.dumps({"items": items}, indent=1).replace('"', '""')
    return f'{{Flat, ArticulatedHandPose_Flat}},\nconst string ArticulatedHandPose_Flat = @"\n{text}";\n'


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
    (tmp_path / "Handshapes.cs").write_text(_mrtk())
    for source, name in (("pinch.ts", "pinch"), ("Handshapes.cs", "Flat")):
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


@pytest.mark.parametrize("json", ["no JSON", "[]", '{""items"": [{""joint"": ""Wrist""}]}', '{""items"": 3}'])
def test_other_content_is_an_input_error(json: str) -> None:
    with pytest.raises(InputError, match=r"expected JSON with items.*ArticulatedHandPose_Grab"):
        hand_files.from_mrtk(f'ArticulatedHandPose_Grab = @"{json}";')
    with pytest.raises(InputError, match="expected constants ArticulatedHandPose_"):
        hand_files.from_mrtk(json)


def test_files_of_two_kinds_are_not_mixed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"one kind.*got \.lz, \.ts"):
        hand_files.convert([Path("a.ts"), Path("b.json.lz")], tmp_path / "out.json")
    with pytest.raises(InputError, match=r"one kind.*got \.txt"):
        hand_files.convert([Path("a.txt")], tmp_path / "out.json")


def test_the_written_file_has_the_suffix_of_its_kind(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"suffix \.npz, got .*out\.json"):
        hand_files.convert([Path("a.handpose")], tmp_path / "out.json")


# ------------------------------------------------------------------------------------------------------ Leap


def _compress(text: str) -> str:
    """LZ-string's base64 of ASCII text in which no word is ever used, only new characters."""
    bits, width, room = "", 2, 1
    for character in text:
        bits += "0" * width + f"{ord(character):08b}"[::-1]
        for _ in range(1 if width == 2 else 2):  # after the first, a character is a word and begins one
            room -= 1
            if room == 0:
                width, room = width + 1, 1 << width
    bits += f"{2:0{width}b}"[::-1]
    bits += "0" * (-len(bits) % 8)
    return base64.b64encode(bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))).decode()


def _finger(kind: int, points: list[list[float]]) -> dict[str, object]:
    names = ("mcpPosition", "pipPosition", "dipPosition", "tipPosition")
    return {
        "id": 70 + kind,
        "handId": 7,
        "tool": False,
        "type": kind,
        **dict(zip(names, points, strict=True)),
    }


def _leap(shift: float, bend: float, fingers: int = 5) -> dict[str, object]:
    """A frame with one right hand whose wrist would be at `shift`, and whose fingertips go down by `bend`."""
    steps = np.array([(0, 20 * j, -bend * (j == 3)) for j in range(4)]) + shift
    pointables = [
        _finger(i, (base + steps).tolist()) for i, base in enumerate(leap_files._PALM[1 : fingers + 1])
    ]
    return {
        "hands": [{"id": 7, "type": "right", "confidence": 0.5}],
        "pointables": [*pointables[::-1], {"id": 99, "handId": 7, "tool": True}],
    }


def test_text_is_decompressed() -> None:
    for text, packed in (
        ("aaaaabaaaaacaaaaadaaaaaeaaaaa", "IYkI1EGNOATWBTWQ"),
        ("hello, i am a \u732b", "BYUwNmD2A0AECWsCGBbZtDUzkA=="),
        ("a" + "bcd" * 40, _compress("a" + "bcd" * 40)),
    ):
        assert leap_files.decompress(packed) == text


def test_leap_hands_get_a_wrist_and_are_kept_once(tmp_path: Path) -> None:
    frames = [_leap(0, 0), _leap(30, 0.9), _leap(10, 5), _leap(0, 50, fingers=4)]
    (tmp_path / "grab-60fps.json.lz").write_text(_compress(json.dumps({"frames": frames})))
    hand_files.convert([tmp_path / "grab-60fps.json.lz"], tmp_path / "hands" / "leap.npz")
    with np.load(tmp_path / "hands" / "leap.npz") as file:
        assert file["frame"].tolist() == [0, 2]
        assert file["confidence"].tolist() == [0.5, 0.5]
    (read,) = hands.read_leap(tmp_path / "hands" / "leap.npz")
    assert read.name == "grab-60fps"
    points = read.points * torch.tensor([-1.0, 1, 1])  # as the right hand that it was
    assert torch.allclose(points[:, 0], torch.tensor([[0.0] * 3, [10.0] * 3]).double(), atol=1e-4)
    assert torch.allclose(points[0, 5], torch.from_numpy(leap_files._PALM[2]), atol=1e-4)
    assert float(points[1, 8, 2] - points[0, 8, 2]) == pytest.approx(10 - 5, abs=1e-4)


def test_later_leap_files_name_their_fields_once(tmp_path: Path) -> None:
    frame = _leap(0, 0)
    names = [
        {"hands": [["id", "type", "confidence"]]},
        {
            "pointables": [
                ["id", "handId", "tool", "type", "mcpPosition", "pipPosition", "dipPosition", "tipPosition"]
            ]
        },
        "btip",
    ]
    row = [
        [list(one.values()) for one in frame["hands"]],
        [list(one.values()) for one in frame["pointables"]],
    ]
    documents = ({"frames": [frame]}, {"frames": [names, row]})
    (first,), (second,) = (list(leap_files.read(_compress(json.dumps(one)))) for one in documents)
    assert np.array_equal(first[0], second[0])
    assert first[1:] == second[1:] == ("right", 0, 0.5)


def test_other_leap_content_names_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.json.lz").write_text(_compress('{"frames": [{}]}'))
    with pytest.raises(InputError, match=r"a\.json\.lz: expected a recording of LeapJS Playback"):
        hand_files.convert([tmp_path / "a.json.lz"], tmp_path / "out.npz")
    for text in ("", "QQ", "not base64 \u00e9"):
        with pytest.raises(InputError, match="expected a recording"):
            list(leap_files.read(text))


# ----------------------------------------------------------------------------------------------- named hands


def _webxr_millimetres() -> np.ndarray:
    """25 joints in the order of WebXR, each (i, 2 i, -i) mm."""
    return np.arange(25)[:, None] * np.array([1, 2, -1])


WITHOUT_METACARPALS = np.delete(np.arange(25), [5, 10, 15, 20])


def test_named_hands_of_three_collections_become_one_file(tmp_path: Path) -> None:
    joints = _webxr_millimetres()
    line = (
        f'{{"names":["devil","\U0001f918"],"handedness":"left","time":1,"jointPositions":{joints.tolist()}}}'
    )
    line = line.replace(", ", ",")
    (tmp_path / "Handy-poses-left.js").write_text(f"const poses = [\n\t// {line},\n\t{line},\n]\n", "utf-8")

    matrices = np.zeros((2, 25, 16), "<f4")
    matrices[:, :, 12:15] = joints / 1000
    matrices[1, :, 12] *= -1
    content = np.concatenate([[25], matrices.ravel(), np.ones(50)]).astype("<f4")
    (tmp_path / "fist.handpose").write_bytes(content.tobytes())

    def vector(name: str, place: int) -> str:
        return f"      {name}: {{x: {place / 1000}, y: {2 * place / 1000}, z: {place / 1000}}}\n"

    bones = "".join(
        vector("PrevJoint", 5 * finger + bone)
        + vector("NextJoint", 5 * finger + bone + 1)
        + vector("Center", 99)
        for finger in range(5)
        for bone in range(4)
    )
    asset = f"serializedHand:\n{bones}    WristPosition: {{x: 0.0, y: 0.0, z: 0.0}}\n    IsLeft: 1\n"
    (tmp_path / "Open Palm.asset").write_text(asset)

    files = ["Open Palm.asset", "fist.handpose", "Handy-poses-left.js"]
    hand_files.convert([tmp_path / name for name in files], tmp_path / "named.npz")
    found = hands.read_named(tmp_path / "named.npz")
    assert [hand.name for hand in found] == [
        "handy.js/devil/\U0001f918/left",
        "handy-work/fist/left",
        "handy-work/fist/right",
        "ultraleap/Open Palm/left",
    ]
    for hand in found[:3]:
        assert np.allclose(hand.points[0], joints[WITHOUT_METACARPALS], atol=1e-4)
    # Each finger's points are where its second, third and fourth bone begin, and the tip.
    places = [0, *(5 * finger + i for finger in range(5) for i in (1, 2, 3, 4))]
    assert np.allclose(found[3].points[0], np.array(places)[:, None] * (1, 2, -1), atol=1e-4)


@pytest.mark.parametrize(
    ("name", "content"), [("a.js", b"const poses = []"), ("a.handpose", b"abc"), ("a.asset", b"x: 1")]
)
def test_a_file_without_a_named_hand_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=rf"{name}: expected"):
        hand_files.convert([tmp_path / name], tmp_path / "out.npz")
    assert not (tmp_path / "out.npz").exists()
