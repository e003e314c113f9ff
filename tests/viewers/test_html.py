"""The page as text: complete, safe, small, and true to the pose."""

import base64
import hashlib
import json
import re
import zlib
from collections import Counter
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from wholebody_lift.errors import DroppedWarning
from wholebody_lift.ground import Ground
from wholebody_lift.pose import FRAMES, WORLD, Pose3D
from wholebody_lift.skeleton import EDGES, FACE_FEATURES, KEYPOINT_NAMES, MIRROR, NUM_KEYPOINTS
from wholebody_lift.viewers import html, palette


def data_of(page: str) -> dict:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(found[1], parse_constant=refuse)


def facts_of(page: str) -> dict[str, str]:
    return dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page))


def unpacked(packed: dict, rows: int) -> np.ndarray:
    """Whole numbers, or floats, as page/data.js unpacks them, one at a time in plain Python."""
    dtype = np.dtype(packed["type"]).newbyteorder("<")
    size = dtype.itemsize
    content = zlib.decompress(base64.b64decode(packed["base64"]))
    count = len(content) // size
    whole = [0] * count
    for i in range(count):
        change = sum(content[b * count + i] << (8 * b) for b in range(size))
        before = whole[i - count // rows] if i >= count // rows else 0
        whole[i] = (before + (change // 2 if change % 2 == 0 else -(change + 1) // 2)) % 2 ** (8 * size)
    return np.array(whole, f"<u{size}").view(dtype)


def array_of(data: dict, name: str, shape: tuple[int, ...]) -> np.ndarray:
    packed = data["arrays"][name]
    values = unpacked(packed, shape[0])
    if "step" not in packed:
        return values.reshape(shape)
    missing = (values == -32768) & (packed["type"] == "int16")
    return np.where(missing, np.nan, values * packed["step"]).reshape(shape)


@pytest.mark.parametrize("frame", [frame for frame in FRAMES if frame != WORLD])
def test_numbers_are_those_of_the_pose(clip: Pose3D, frame: str) -> None:
    pose = clip.to(frame)
    data = data_of(html.render(pose))
    for name, values in {
        "xyz": pose.xyz,
        "error": pose.error_mm,
        "xy": pose.keypoints,
        "scores": pose.scores,
    }.items():
        half = data["arrays"][name]["step"] / 2
        np.testing.assert_allclose(array_of(data, name, values.shape), values, atol=half * 1.01, err_msg=name)
    assert data["arrays"]["xyz"]["step"] <= 0.1
    np.testing.assert_array_equal(array_of(data, "translation", pose.translation.shape), pose.translation)
    np.testing.assert_array_equal(array_of(data, "observed", pose.observed.shape), pose.observed)
    np.testing.assert_allclose(
        array_of(data, "rays", pose.K.shape) @ pose.K, np.tile(np.eye(3), (65, 1, 1)), atol=1e-3
    )
    assert data["frame"] == frame
    np.testing.assert_array_equal(data["matrix"], FRAMES[frame].matrix)


def test_the_step_is_round_and_holds_the_largest(pose: Pose3D) -> None:
    for scale, finest, step in (
        (0.5, 0.01, 0.02),
        (1.0, 0.01, 0.05),
        (1.0, 0.05, 0.05),
        (1.0, 0.5, 0.5),
        (3.0, 0.05, 0.1),
        (50.0, 0.05, 2.0),
    ):
        packed = html._steps(pose.xyz * np.float32(scale), np.int16, finest)
        assert packed["step"] == step
        largest = np.abs(unpacked(packed, 1)).max()
        assert largest * step == pytest.approx(np.abs(pose.xyz * scale).max(), abs=step)
    nothing = html._steps(np.full((2, 3), np.nan), np.int16, 0.05)
    assert (unpacked(nothing, 2) == -32768).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.float32])
def test_packing_loses_nothing(dtype: type) -> None:
    """Also where differences wrap, and with NaN and the infinities among floats."""
    rng = np.random.default_rng(0)
    content = rng.bytes(7 * 5 * np.dtype(dtype).itemsize)
    values = np.frombuffer(content, dtype).reshape(7, 5)
    assert unpacked(html._packed(values, dtype), 7).tobytes() == content


def test_frames_are_image_ids_in_ascending_order(clip: Pose3D, crowd: Pose3D) -> None:
    order = np.random.default_rng(0).permutation(len(clip))
    shuffled = data_of(html.render(replace(clip[order], image_ids=order + 100)))
    assert shuffled["frames"] == list(range(100, 100 + len(clip)))
    assert shuffled["frame_of"] == list(range(len(clip)))
    np.testing.assert_allclose(array_of(shuffled, "xyz", clip.xyz.shape), clip.xyz, atol=0.051)
    together = data_of(html.render(crowd))
    assert together["frames"] == [7]
    assert together["frame_of"] == [0, 0, 0]


def test_a_track_is_one_person_in_every_frame(crowd: Pose3D) -> None:
    """Without tracks nobody is recognised: only the order within a frame counts."""
    twice = crowd[[0, 1, 2, 2, 0]]
    ids = np.array([0, 0, 0, 1, 1])
    tracked = data_of(html.render(replace(twice, image_ids=ids, track_ids=np.array([4, 9, 5, 5, 4]))))
    assert tracked["people"] == ["Person 4", "Person 5", "Person 9"]
    assert tracked["who"] == [0, 0, 1, 1, 2]
    assert tracked["frame_of"] == [0, 1, 0, 1, 0]
    np.testing.assert_allclose(array_of(tracked, "xyz", twice.xyz.shape)[3], crowd.xyz[2], atol=0.026)
    assert tracked["tracked"] is True
    untracked = data_of(html.render(replace(twice, image_ids=ids)))
    assert untracked["people"] == ["Person 1", "Person 2", "Person 3"]
    assert untracked["who"] == [0, 0, 1, 1, 2]
    assert untracked["frame_of"] == [0, 1, 0, 1, 0]
    assert untracked["tracked"] is False


def test_the_line_under_the_title_counts_without_guessing(crowd: Pose3D) -> None:
    """Without tracks, photos of different people and a video of one look alike."""
    twice, ids = crowd[[0, 1, 2, 2, 0]], np.array([0, 0, 0, 1, 1])
    expected = {
        "1 person": crowd[:1],
        "3 people in one image": crowd,
        "2 images, up to 3 people in each": replace(twice, image_ids=ids),
        "2 images, 1 person in each": replace(crowd[[0, 1]], image_ids=np.array([3, 8])),
        "2 frames, 3 people": replace(twice, image_ids=ids, track_ids=np.array([4, 9, 5, 5, 4])),
    }
    for line, pose in expected.items():
        assert f">{line}<" in html.render(pose)


@pytest.mark.parametrize(("people", "fps"), [(1, 60.0), (2, 30.0)])
def test_ten_seconds_stay_under_a_megabyte(clip: Pose3D, people: int, fps: float) -> None:
    """All frames, 2D, 3D and errors, of people who tremble, so that no frame is like another."""
    rng = np.random.default_rng(0)
    frames = round(10 * fps)
    long = clip[np.tile(np.arange(frames) % len(clip), people)]
    long = replace(
        long,
        xyz=long.xyz + rng.normal(0, 4, long.xyz.shape).astype(np.float32),
        keypoints=long.keypoints + rng.normal(0, 1.5, long.keypoints.shape).astype(np.float32),
        error_mm=long.error_mm * rng.uniform(0.9, 1.1, long.error_mm.shape).astype(np.float32),
        scores=rng.uniform(0.5, 1, long.scores.shape).astype(np.float32),
        image_ids=np.tile(np.arange(frames), people),
        track_ids=np.repeat(np.arange(people), frames),
        fps=fps,
    )
    page = html.render(long)
    assert len(page.encode()) < 1_000_000
    assert len(data_of(page)["frames"]) == frames


def test_nothing_is_loaded_from_elsewhere(pose: Pose3D) -> None:
    page = html.render(pose)
    assert not re.search(
        r"\w+://|[\"'(=]//", page.replace(re.search(r'id="data">(.*?)</script>', page)[1], "")
    )
    assert not re.search(r"@import|\bfetch\(|XMLHttpRequest|\bsrc=|url\(|\bimport\b", page)
    assert "$" not in page.split("<script", maxsplit=1)[0]


def test_only_its_own_script_and_style_may_run(pose: Pose3D) -> None:
    page = html.render(pose)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)[1]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for name, tag in (("script-src", '<script type="module">'), ("style-src", "<style>")):
        text = page.split(tag)[1].split(f"</{tag[1:].split()[0].rstrip('>')}>")[0]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}'" in policy
    assert not re.search(r"\sstyle=|\son\w+=", page.split("<script", maxsplit=1)[0])


def test_every_script_is_part_of_a_page() -> None:
    scripts = Path(html.__file__).parent.glob("page/*.js")
    assert sorted(path.stem for path in scripts) == sorted((*html.SCRIPTS, "live"))


@pytest.mark.parametrize(
    "title", ["</title><script>alert(1)</script>", "a & b < c", "$data ${style} $", "ünï → 3D"]
)
def test_title_is_only_text(pose: Pose3D, title: str) -> None:
    page = html.render(pose, title=title)
    assert page.count("<script") == 2
    assert "alert(1)</script>" not in page
    escaped = title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert f"<title>{escaped}</title>" in page
    assert f"<h1>{escaped}</h1>" in page


def test_embedded_data_cannot_end_its_script() -> None:
    text = html._embed({"name": "</script><!--<script>&"})
    assert not set(text) & set("<>&")
    assert json.loads(text) == {"name": "</script><!--<script>&"}


def test_facts_say_what_was_given_and_what_was_assumed(pose: Pose3D) -> None:
    facts = facts_of(html.render(pose))
    assert facts["Units"] == "millimetres"
    assert facts["Origin"] == "midpoint of the hips"
    assert (
        facts["Axes"]
        == "opencv<small>x image right, y image down, z away from the camera (right-handed)</small>"
    )
    assert facts["Camera"].startswith("assumed<small>focal length 1468 px, the image&#x27;s diagonal")
    assert facts["Scale"].startswith("assumed<small>an average adult")
    assert facts["Uncertainty"].startswith(f"± {pose.error_mm.mean():.1f} mm")
    assert facts["Fit"].startswith("2.4 px")
    assert facts["Rounding"].startswith("positions to 0.05 mm, pixels to 0.05 px")
    assert "Frame rate" not in facts

    given = replace(pose, camera_source="given", scale_source="height_mm", distortion=np.full((1, 5), 0.1))
    facts = facts_of(html.render(given.to("unity")))
    assert facts["Camera"] == "given<small>focal length 1468 px, with lens distortion</small>"
    assert facts["Scale"].startswith("given")
    assert "left-handed" in facts["Axes"]

    unknown = replace(pose, camera_source="keypoints", image_size=None)
    page = html.render(unknown)
    assert facts_of(page)["Camera"].startswith("assumed<small>image size unknown")
    assert data_of(page)["arrays"]["size"] is None


def test_what_is_assumed_stands_under_the_picture(pose: Pose3D) -> None:
    def caption(pose: Pose3D) -> str:
        return re.search(r'<p class="caption">(.*?)</p>', html.render(pose))[1]

    assert caption(pose) == (
        "Millimetres from the midpoint of the hips, opencv axes. "
        "Scale: assumed, an average adult. Camera: assumed from the image size."
    )
    given = replace(pose, camera_source="given", scale_source="height_mm").to("unity")
    assert "unity axes. Scale: given height. Camera: given." in caption(given)


def test_the_frame_rate_is_told_or_said_to_be_unknown(clip: Pose3D) -> None:
    assert "Frame rate" not in facts_of(html.render(clip))  # separate images, for all that is known
    tracked = html.render(replace(clip, track_ids=np.zeros(len(clip), np.int64)))
    assert facts_of(tracked)["Frame rate"] == "unknown<small>1× plays 10 frames per second</small>"
    known = html.render(replace(clip, fps=29.97))
    assert facts_of(known)["Frame rate"] == "29.97 per second"
    assert data_of(known)["fps"] == 29.97


def test_write_is_render(pose: Pose3D, tmp_path: Path) -> None:
    html.write(pose, tmp_path / "page.html", title="ü")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == html.render(pose, title="ü")


def test_nobody_is_an_error(pose: Pose3D) -> None:
    with pytest.raises(ValueError, match="0 people"):
        html.render(pose[[]])


def test_every_keypoint_and_edge_has_a_colour_and_sides_mirror() -> None:
    other = {"left": "right", "right": "left"}

    def mirrored(group: str) -> str:
        return "_".join(other.get(word, word) for word in group.split("_"))

    assert len(palette.KEYPOINT_GROUPS) == NUM_KEYPOINTS
    for k, group in enumerate(palette.KEYPOINT_GROUPS):
        assert group in palette.GROUP_COLOURS
        assert palette.KEYPOINT_GROUPS[MIRROR[k]] == mirrored(group), KEYPOINT_NAMES[k]
    group_of = {frozenset(edge): group for edge, group in zip(EDGES, palette.EDGE_GROUPS, strict=True)}
    for (a, b), group in zip(EDGES, palette.EDGE_GROUPS, strict=True):
        assert group_of[frozenset((MIRROR[a], MIRROR[b]))] == mirrored(group)
    assert set(palette.LABELS) == set(palette.GROUP_COLOURS)


def test_faces_are_drawn_by_their_outlines() -> None:
    """Lines join only what belongs together, nobody is left out, and eyes and lips are closed."""
    shown = [EDGES[e] for e in palette.SHOWN_EDGES]
    features = {i: name for name, keypoints in FACE_FEATURES.items() for i in keypoints}
    assert all(features.get(a) == features.get(b) for a, b in shown if b in features)
    neighbours = Counter(i for edge in shown for i in edge if i in features)
    loops = [i for name in ("left_eye", "right_eye", "mouth") for i in FACE_FEATURES[name]]
    assert all(neighbours[i] == 2 for i in loops)
    assert set(features) == set(neighbours)
    body = {edge for edge in EDGES if edge[1] not in features}
    assert body <= set(shown)


def plain_pictures(ids: list[int], width: int = 720, height: int = 1280) -> list[tuple[int, np.ndarray]]:
    return [(id, np.full((height, width, 3), 40 + 5 * id, np.uint8)) for id in ids]


def test_pictures_are_in_the_page_only_if_given(clip: Pose3D) -> None:
    image = pytest.importorskip("PIL.Image", reason="the extra mp4")
    some = clip[:4]
    without = html.render(some)
    assert data_of(without)["pictures"] is None
    assert "Pictures" not in facts_of(without)
    page = html.render(some, pictures=plain_pictures([0, 1, 3, 4]))
    pictures = data_of(page)["pictures"]
    assert [picture is None for picture in pictures] == [False, False, True, False]
    shown = np.asarray(image.open(BytesIO(base64.b64decode(pictures[1]))))
    assert shown.shape == (960, 540, 3)
    np.testing.assert_allclose(shown, 45, atol=1)
    assert facts_of(page)["Pictures"].startswith("3 of 4<small>part of this page")


def test_pictures_of_a_clip_are_small_and_limited(clip: Pose3D, monkeypatch: pytest.MonkeyPatch) -> None:
    image = pytest.importorskip("PIL.Image", reason="the extra mp4")
    pictures = plain_pictures(list(range(30)), 320, 640)
    shown = data_of(html.render(clip[:30], pictures=pictures))["pictures"]
    assert image.open(BytesIO(base64.b64decode(shown[0]))).size == (240, 480)
    monkeypatch.setattr(html, "PICTURE_BYTES", 10 * max(map(len, shown)))
    with pytest.warns(DroppedWarning, match=r"of \d+ of 30 images; write an \.mp4"):
        page = html.render(clip[:30], pictures=pictures)
    kept = [picture is not None for picture in data_of(page)["pictures"]]
    assert kept == sorted(kept, reverse=True)  # those at the beginning
    assert 10 <= sum(kept) < 30


def test_a_picture_tells_the_image_size(clip: Pose3D) -> None:
    pytest.importorskip("PIL", reason="the extra mp4")
    unknown = replace(clip[:2], image_size=None)
    assert data_of(html.render(unknown))["arrays"]["size"] is None
    data = data_of(html.render(unknown, pictures=plain_pictures([0, 1], 300, 200)))
    assert array_of(data, "size", (2, 2)).tolist() == [[300, 200]] * 2


def test_a_page_in_world_is_level_with_its_floor(clip: Pose3D) -> None:
    """The scene has the axes of a level camera, and the camera as its origin."""
    pose = replace(clip, ground=Ground((0.0, 0.8, 0.6), 1500.0, 2.0, 30.0)).to("world")
    page = html.render(pose)
    data = data_of(page)
    level = pose.in_camera @ FRAMES["blender"].matrix + np.array([0, 1500, 0])
    assert data["floor"] == 1500
    assert np.allclose(data["axis"], (0, 0.6, 0.8))
    order = np.argsort(pose.track_ids if pose.track_ids is not None else pose.image_ids, kind="stable")
    placed = array_of(data, "translation", (len(pose), 3)) @ FRAMES["blender"].matrix
    assert np.allclose(placed, level[order][:, [11, 12]].mean(axis=1), atol=0.2)
    assert "floor of frame world" in page
    assert "± 2.0°" in facts_of(page)["Ground"]
    plain = data_of(html.render(clip))
    assert (plain["floor"], plain["axis"]) == (None, [0, 0, 1])
