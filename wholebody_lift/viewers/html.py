"""A Pose3D as one standalone HTML page: 3D view, 2D input and facts; it needs no network."""

import base64
import json
import math
import re
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
import numpy.typing as npt

from wholebody_lift import atomic, tracks
from wholebody_lift._types import AnyFloats
from wholebody_lift.errors import DroppedWarning, count, warn
from wholebody_lift.kinds import Kind
from wholebody_lift.pose import FRAMES, WORLD, Pose3D
from wholebody_lift.skeleton import EDGES, FACE_FEATURES, KEYPOINT_NAMES, PARTS
from wholebody_lift.viewers import palette, views
from wholebody_lift.viewers.pictures import NumberedPictures, jpeg, matching

SCRIPTS = (
    "data",
    "ink",
    "camera",
    "body",
    "scene",
    "surroundings",
    "picture",
    "panels",
    "player",
    "input",
    "main",
)
"""The files page/*.js, in the order in which they are joined into the page's only script."""

_MISSING = -32768
"""What NaN is stored as in an int16 array."""

_UNKNOWN_FPS = 10
"""Frames per second at which a clip of unknown rate plays."""


PICTURE_BYTES = 16_000_000
"""How much of a page its pictures may take."""

_LARGE, _SMALL = (960, 80), (480, 70)  # the longest side in pixels, and JPEG's quality
_FEW = 20
"""Up to this many pictures are shown large."""


def write(
    pose: Pose3D, path: str | Path, *, title: str = "wholebody-lift", pictures: NumberedPictures | None = None
) -> None:
    """Write the page of `render` to a file, with the same errors."""
    atomic.write_text(path, render(pose, title=title, pictures=pictures))


KIND = Kind(".html", "Page", "to view, to send", write, "any browser")


def render(pose: Pose3D, *, title: str = "wholebody-lift", pictures: NumberedPictures | None = None) -> str:
    """The page as text: it contains everything and loads nothing.

    People with the same image id are shown together, at their translations. A clip (with `fps` or
    track ids) plays the image ids in ascending order, at `pose.fps`; separate images are shown one by one.
    Rows with the same track id are one person. Positions and pixels are stored as 16-bit integers in a step
    that the page states (0.1 mm or finer if no keypoint is more than 3.2 m from its person's hips);
    translation and camera stay float32.

    Args:
        pose: the result.
        title: of the page.
        pictures: what the keypoints were found in, such as `detectors.Pictures("clip.mp4")`. They become part
            of the page, as JPEG with a longest side of 480 pixels (960 where there are up to 20), and lie
            under the 2D keypoints: everyone who gets the page sees them. By default the page has none.

    Warns with `DroppedWarning` where they would take more than `PICTURE_BYTES`: later ones are left out.

    Raises ValueError for a pose without people, ImportError for pictures without Pillow.
    """
    if len(pose) == 0:
        raise ValueError("expected a pose with people to show, got one of 0 people")
    return page(pose, title, SCRIPTS, pictures)


def page(pose: Pose3D, title: str, scripts: Sequence[str], pictures: NumberedPictures | None = None) -> str:
    """The page of some people, whose script is these files of page/ joined."""
    # Imported late: `--help` needs this module, but makes no page.
    from html import escape
    from importlib.resources import files

    here = files("wholebody_lift.viewers") / "page"
    style = _colours() + (here / "style.css").read_text(encoding="utf-8")
    script = "\n".join((here / f"{name}.js").read_text(encoding="utf-8") for name in scripts)
    pose, shown = _with_pictures(pose, pictures)
    data = _data(pose) | {"pictures": shown}
    return Template((here / "index.html").read_text(encoding="utf-8")).substitute(
        policy=f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'",
        title=escape(title),
        subtitle=escape(_subtitle(pose)),
        caption=escape(_caption(pose)),
        facts="\n".join(f"<dt>{term}</dt><dd>{_detail(*lines)}</dd>" for term, *lines in _facts(pose, data)),
        style=style,
        script=script,
        data=_embed(data),
    )


# What page/data.js reads


def _with_pictures(pose: Pose3D, pictures: NumberedPictures | None) -> tuple[Pose3D, list[str | None] | None]:
    """The pose, with an image size if the pictures tell it; and of each image id its JPEG as base64."""
    if pictures is None:
        return pose, None
    ids = np.unique(pose.image_ids)
    longest, quality = _LARGE if len(ids) <= _FEW else _SMALL
    shown: list[str | None] = []
    size, room = None, PICTURE_BYTES
    for picture in matching(pictures, ids):
        if picture is None or room < 0:
            shown.append(None)
            continue
        size = size or picture.shape[1::-1]
        text = base64.b64encode(jpeg(picture, longest, quality)).decode()
        room -= len(text)
        shown.append(text if room >= 0 else None)
    if room < 0:
        kept = len(ids) - shown.count(None)
        warn(
            f"expected pictures of up to {PICTURE_BYTES / 1e6:.0f} MB for a page, got more: it has those of "
            f"{kept} of {len(ids)} images; write an .mp4 for all of them",
            DroppedWarning,
        )
    if size is not None and pose.image_size is None:
        pose = replace(pose, image_size=np.tile(np.array(size, np.float64), (len(pose), 1)))
    return pose, shown


def _data(pose: Pose3D) -> dict[str, Any]:
    pose, who, people = _by_person(pose)
    return {
        **_skeleton(),
        **_scene(pose),
        **_rows(pose),
        "who": who.tolist(),
        "people": people,
        "unseen": _unseen(pose, who, len(people)),
        "tracked": pose.track_ids is not None,
        "arrays": _arrays(pose),
    }


def _by_person(pose: Pose3D) -> tuple[Pose3D, npt.NDArray[np.int64], list[str]]:
    """The rows sorted by person, then by frame, with each row's index in the list of people, and that list.

    Successive rows of one person differ little, so they compress well.
    """
    pose = pose[np.argsort(pose.image_ids, kind="stable")]
    who, people = _people(pose)
    rows = np.argsort(who, kind="stable")
    return pose[rows], who[rows], people


def _unseen(pose: Pose3D, who: npt.NDArray[np.int64], people: int) -> list[list[int]]:
    """The keypoints of each person's unseen feet."""
    from wholebody_lift.viewers.solids import unseen_feet  # imported late, as `--help` draws nobody

    unseen = unseen_feet(pose.observed, who)
    return [np.flatnonzero(unseen[who == person].any(axis=0)).tolist() for person in range(people)]


def _skeleton() -> dict[str, Any]:
    """What is the same for every result: names, parts, colours, edges and solids."""
    from wholebody_lift.viewers import solids

    return {
        "names": [_in_words(name) for name in KEYPOINT_NAMES],
        "parts": [
            {
                "part": part,
                "label": part.replace("_", " ").capitalize(),
                "groups": palette.PART_GROUPS[part],
                "keypoints": [keypoints.start, keypoints.stop],
            }
            for part, keypoints in PARTS.items()
        ],
        "groups": list(palette.GROUP_COLOURS),
        "labels": palette.LABELS,
        "group_of": palette.KEYPOINT_GROUPS,
        "looks": palette.LOOKS,
        "edges": [
            (*EDGES[e], palette.EDGE_GROUPS[e], palette.EDGE_PARTS[e], palette.EDGE_LOOKS[e])
            for e in palette.SHOWN_EDGES
        ],
        "solids": [
            {
                "part": solid.part,
                "group": solid.group,
                "pale": solid.pale,
                "keypoints": solid.keypoints,
                "balls": [ball._asdict() for ball in solid.balls],
            }
            for solid in solids.SOLIDS
        ],
        "covered": sorted(solids.COVERED),
        "feet": solids.FEET,
        "chin": solids.CHIN,
    }


def _scene(pose: Pose3D) -> dict[str, Any]:
    """What holds for the whole result: named views, axes, the top of the error scale in mm, frame rate."""
    return {
        "views": views.named(pose),
        "frame": pose.frame,
        "matrix": FRAMES[pose.frame].matrix.astype(int).tolist(),
        **_level(pose),
        "error_top": _round_up(float(np.percentile(pose.error_mm, 98))),
        "fps": pose.fps,
        "unknown_fps": _UNKNOWN_FPS,
    }


def _level(pose: Pose3D) -> dict[str, Any]:
    """The camera's axis in the scene, and in frame "world" how far below the camera the floor is, in mm."""
    if pose.frame != WORLD or pose.ground is None:
        return {"axis": [0, 0, 1], "floor": None}
    axis = pose.ground.matrix[:, 2] @ FRAMES[WORLD].matrix
    return {"axis": axis.round(6).tolist(), "floor": pose.ground.camera_height_mm}


def _from_camera(pose: Pose3D) -> tuple[AnyFloats, AnyFloats]:
    """Translations from the camera, and the maps from pixels to rays, both in the axes of the scene."""
    rays = np.linalg.inv(pose.K)
    if pose.frame != WORLD or pose.ground is None:
        return pose.translation, rays
    height = np.array([0, 0, pose.ground.camera_height_mm], np.float32)
    return pose.translation - height, FRAMES[WORLD].matrix.T @ pose.ground.matrix @ rays


def _rows(pose: Pose3D) -> dict[str, Any]:
    """The image ids in ascending order, and each row's index among them."""
    ids, frame_of = np.unique(pose.image_ids, return_inverse=True)
    return {"frames": ids.tolist(), "frame_of": frame_of.tolist()}


def _arrays(pose: Pose3D) -> dict[str, Any]:
    """The arrays (rows, ...), packed; `rays` map (u, v, 1) to a point 1 in front of the camera."""
    size = pose.image_size
    translation, rays = _from_camera(pose)
    return {
        "xyz": _steps(pose.xyz, np.int16, finest=0.05),
        "error": _steps(pose.error_mm, np.uint16, finest=0.1),
        "xy": _steps(pose.keypoints, np.int16, finest=0.05),
        "scores": _steps(pose.scores, np.uint8, finest=0.01),
        "observed": _packed(pose.observed, np.uint8),
        "translation": _packed(translation, np.float32),
        "rays": _packed(rays, np.float32),
        "size": None if size is None else _packed(size, np.float32),
    }


def _people(pose: Pose3D) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Each row's index in the list of people, and that list: by track, else by order in a frame.

    Rows are sorted by frame.
    """
    who = tracks.numbers(pose)
    if who is None:  # people are not identified across images
        who = np.arange(len(pose)) - np.searchsorted(pose.image_ids, pose.image_ids)
    known, place = np.unique(who, return_inverse=True)
    first = 0 if pose.track_ids is not None else 1
    return place, [f"Person {number + first}" for number in known]


def _in_words(name: str) -> str:
    """A keypoint's name in words, such as "left forefinger 1" or "face 37, right eye"."""
    for feature, keypoints in FACE_FEATURES.items():
        if KEYPOINT_NAMES.index(name) in keypoints:
            return f"face {name.removeprefix('face-')}, {feature.replace('_', ' ')}"
    return re.sub(r"(?<=[a-z])(\d)$", r" \1", name.replace("_", " "))


def _steps(values: AnyFloats, dtype: type[np.integer[Any]], finest: float) -> dict[str, Any]:
    """An array as integer multiples of a step: 1, 2 or 5 times a power of ten.

    The step is the smallest with which the largest value fits `dtype`, but at least `finest`, which must be
    such a step too.
    """
    most = np.iinfo(dtype).max
    least = max(float(np.nanmax(np.abs(values), initial=0.0)) / most, finest)
    power = 10.0 ** math.floor(math.log10(least) + 1e-9)
    step = float(f"{next(m * power for m in (1, 2, 5, 10) if m * power >= least * (1 - 1e-9)):.0e}")
    whole = np.where(np.isnan(values), _MISSING, np.rint(values / step)).clip(np.iinfo(dtype).min, most)
    return {**_packed(whole, dtype), "step": step}


def _packed(values: npt.NDArray[Any], dtype: type[np.generic]) -> dict[str, Any]:
    """An array (rows, ...) packed without loss; page/data.js unpacks it.

    Successive rows are similar. So each number, read as an integer of the same width, is replaced by its
    difference from the previous row, which may wrap around. The differences are made unsigned: 0, -1, 1, -2
    become 0, 1, 2, 3. The low bytes of all numbers are stored first, then the high bytes, nearly all of which
    are 0. The whole is deflated.
    """
    size = np.dtype(dtype).itemsize
    whole = values.astype(np.dtype(dtype).newbyteorder("<")).reshape(len(values), -1).view(f"<i{size}")
    change = np.diff(whole, axis=0, prepend=np.zeros_like(whole[:1]))
    unsigned = np.ascontiguousarray((change << 1) ^ (change >> (8 * size - 1)))
    planes = unsigned.view(np.uint8).reshape(-1, size).T
    return {
        "type": np.dtype(dtype).name,
        "base64": base64.b64encode(zlib.compress(planes.tobytes(), 9)).decode(),
    }


def _round_up(value: float) -> int:
    """The next multiple of 10, so that the colour scale ends at a round number of mm."""
    return max(10, int(np.ceil(value / 10)) * 10)


def _embed(data: dict[str, Any]) -> str:
    """JSON that cannot end the script element around it."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _hash(text: str) -> str:
    """The hash by which a content security policy allows an inline script or style."""
    import hashlib

    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


# The text beside the pictures


def _colours() -> str:
    """The palette as CSS variables."""
    named = palette.GROUP_COLOURS | {f"error-{i}": colours for i, colours in enumerate(palette.ERROR_RAMP)}
    variables = " ".join(f"--{name}: light-dark({c.light}, {c.dark});" for name, c in named.items())
    return f":root {{ {variables} }}\n"


def _subtitle(pose: Pose3D) -> str:
    images, counts = np.unique(pose.image_ids, return_counts=True)
    if len(images) == 1:
        return count(len(pose)) + ("" if len(pose) == 1 else " in one image")
    who = tracks.numbers(pose)
    if who is None or (pose.track_ids is None and pose.fps is None):  # nobody is followed from image to image
        most = count(int(counts.max()))
        return f"{len(images)} images, {most if counts.min() == counts.max() else f'up to {most}'} in each"
    return f"{len(images)} frames, {count(len(np.unique(who)))}"


def _caption(pose: Pose3D) -> str:
    """The line under the picture: units, axes, scale and camera."""
    scale = _SCALE_SHORT[pose.scale_source]
    return (
        f"Millimetres from the midpoint of the hips, {pose.frame} axes. "
        f"Scale: {scale}. Camera: {_CAMERA_SHORT[pose.camera_source]}."
    )


_SCALE_SHORT = {
    "height_mm": "given height",
    "bone_lengths": "given bone lengths",
    "average_adult": "assumed, an average adult",
}

_CAMERA_SHORT = {
    "given": "given",
    "image_size": "assumed from the image size",
    "keypoints": "assumed, image size unknown",
}


def _detail(text: str, *notes: str) -> str:
    from html import escape

    return escape(text) + "".join(f"<small>{escape(note)}</small>" for note in notes)


def _facts(pose: Pose3D, data: dict[str, Any]) -> list[tuple[str, ...]]:
    """(term, text, note, ...) rows that explain the numbers."""
    return [
        *_coordinates(pose),
        ("Camera", *_camera(pose)),
        ("Scale", *_scale(pose)),
        *_quality(pose),
        ("Ground", *_ground(pose)),
        *_frame_rate(pose),
        *_pictures(data["pictures"]),
        ("Rounding", _rounding(data["arrays"]), "in this page only"),
    ]


def _coordinates(pose: Pose3D) -> list[tuple[str, ...]]:
    spec = FRAMES[pose.frame]
    return [
        ("Axes", pose.frame, f"x {spec.x}, y {spec.y}, z {spec.z} ({spec.handedness}-handed)"),
        ("Units", "millimetres"),
        ("Origin", "midpoint of the hips"),
    ]


def _quality(pose: Pose3D) -> list[tuple[str, ...]]:
    reprojection = float(np.nanmean(pose.reprojection_error_px))
    return [
        ("Uncertainty", f"± {pose.error_mm.mean():.1f} mm", "expected error; mean of all keypoints"),
        ("Fit", f"{reprojection:.1f} px reprojection error", "mean distance of the result from the 2D input"),
        ("Observed", f"{pose.observed.mean():.0%} of the keypoints", "the others are inferred"),
    ]


def _ground(pose: Pose3D) -> tuple[str, ...]:
    drawn = "level with the camera, through the lowest keypoint"
    if pose.ground is None:
        return "not measured", drawn
    known = f"down ± {pose.ground.down_spread_deg:.1f}°, floor ± {pose.ground.height_spread_mm:.0f} mm"
    return (known, "the floor of frame world") if pose.frame == WORLD else (known, f"drawn {drawn}")


def _frame_rate(pose: Pose3D) -> list[tuple[str, ...]]:
    """The rate at which a clip plays; nothing for separate images, which do not play."""
    if len(np.unique(pose.image_ids)) == 1:
        return []
    if pose.fps is not None:
        return [("Frame rate", f"{pose.fps:g} per second")]
    if pose.track_ids is not None:
        return [("Frame rate", "unknown", f"1× plays {_UNKNOWN_FPS} frames per second")]
    return []


def _pictures(shown: list[str | None] | None) -> list[tuple[str, ...]]:
    """Whether the page contains pictures, which anyone who shares it should know."""
    if shown is None:
        return []
    there = len(shown) - shown.count(None)
    return [("Pictures", f"{there} of {len(shown)}", "part of this page: everyone who gets it sees them")]


def _rounding(arrays: dict[str, Any]) -> str:
    return f"positions to {arrays['xyz']['step']:g} mm, pixels to {arrays['xy']['step']:g} px"


def _camera(pose: Pose3D) -> tuple[str, str]:
    focal = np.sqrt(pose.K[:, 0, 0] * pose.K[:, 1, 1])
    low, high = f"{focal.min():.0f}", f"{focal.max():.0f}"
    pixels = f"{low} px" if low == high else f"{low} to {high} px"
    if pose.camera_source == "given":
        bent = "with lens distortion" if np.any(pose.distortion) else "no lens distortion"
        return "given", f"focal length {pixels}, {bent}"
    if pose.camera_source == "image_size":
        return "assumed", f"focal length {pixels}, the image's diagonal; principal point in the middle"
    return "assumed", f"image size unknown: a moderate perspective of the person (focal length {pixels})"


def _scale(pose: Pose3D) -> tuple[str, str]:
    if pose.scale_source == "height_mm":
        return "given", "from the person's height"
    if pose.scale_source == "bone_lengths":
        return "given", "from the lengths of the person's bones"
    return "assumed", "an average adult, as one image does not show the size; a known height sets it"
