"""The page as text: complete, safe, small, and true to the pose."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wholebody_lift.pose import FRAMES, Pose3D
from wholebody_lift.skeleton import EDGES, KEYPOINT_NAMES, MIRROR, NUM_KEYPOINTS
from wholebody_lift.viewers import html, palette


def data_of(page: str) -> dict:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(found[1], parse_constant=refuse)


def facts_of(page: str) -> dict[str, str]:
    return dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page))


@pytest.mark.parametrize("frame", FRAMES)
def test_numbers_are_those_of_the_pose(clip: Pose3D, frame: str) -> None:
    pose = clip.to(frame)
    data = data_of(html.render(pose))
    xyz = np.array([person["xyz"] for person in data["people"]]).reshape(pose.xyz.shape) / 10
    np.testing.assert_allclose(xyz, pose.xyz, atol=0.051)
    translation = np.array([person["translation"] for person in data["people"]]) / 10
    np.testing.assert_allclose(translation, pose.translation, atol=0.051)
    error = np.array([person["error"] for person in data["people"]]) / 10
    np.testing.assert_allclose(error, pose.error_mm, atol=0.051)
    xy = np.array([person["xy"] for person in data["people"]], dtype=float) / 10
    np.testing.assert_allclose(xy.reshape(pose.keypoints.shape), pose.keypoints, atol=0.051)
    observed = np.array([[c == "1" for c in person["observed"]] for person in data["people"]])
    np.testing.assert_array_equal(observed, pose.observed)
    assert data["frame"] == frame
    np.testing.assert_array_equal(data["matrix"], FRAMES[frame].matrix)


def test_frames_are_image_ids_in_ascending_order(clip: Pose3D, crowd: Pose3D) -> None:
    order = np.random.default_rng(0).permutation(len(clip))
    shuffled = data_of(html.render(replace(clip[order], image_ids=order + 100)))
    assert shuffled["frames"] == list(range(100, 100 + len(clip)))
    assert [person["frame"] for person in shuffled["people"]] == order.tolist()
    together = data_of(html.render(crowd))
    assert together["frames"] == [7]
    assert [person["frame"] for person in together["people"]] == [0, 0, 0]


def test_a_clip_stays_under_a_megabyte(clip: Pose3D) -> None:
    assert len(html.render(clip).encode()) < 1_000_000


def test_nothing_is_loaded_from_elsewhere(pose: Pose3D) -> None:
    page = html.render(pose)
    assert "//" not in re.sub(r"^\s*//.*|\s// .*", "", page, flags=re.MULTILINE)
    assert not re.search(r"@import|\bfetch\(|XMLHttpRequest|\bsrc=|url\(|\bimport\b", page)
    assert "default-src 'none'" in page
    assert "$" not in page.split("<script", maxsplit=1)[0]


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
        facts["Frame"]
        == "opencv<small>x image right, y image down, z away from the camera (right-handed)</small>"
    )
    assert facts["Camera"].startswith("assumed<small>focal length 1468 px, the image&#x27;s diagonal")
    assert facts["Scale"].startswith("assumed<small>an average adult")
    assert facts["Error"].startswith(f"{pose.error_mm.mean():.1f} mm")
    assert facts["Fit"].startswith("2.4 px")

    given = replace(pose, camera_source="given", scale_source="height_mm", distortion=np.full((1, 5), 0.1))
    facts = facts_of(html.render(given.to("unity")))
    assert facts["Camera"] == "given<small>focal length 1468 px, with lens distortion</small>"
    assert facts["Scale"].startswith("given")
    assert "left-handed" in facts["Frame"]

    unknown = replace(pose, camera_source="keypoints", image_size=None)
    page = html.render(unknown)
    assert facts_of(page)["Camera"].startswith("assumed<small>image size unknown")
    assert data_of(page)["people"][0]["size"] is None


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
        assert group in palette.GROUPS
        assert palette.KEYPOINT_GROUPS[MIRROR[k]] == mirrored(group), KEYPOINT_NAMES[k]
    group_of = {frozenset(edge): group for edge, group in zip(EDGES, palette.EDGE_GROUPS, strict=True)}
    for (a, b), group in zip(EDGES, palette.EDGE_GROUPS, strict=True):
        assert group_of[frozenset((MIRROR[a], MIRROR[b]))] == mirrored(group)
    assert set(palette.LABELS) == set(palette.GROUPS)
