"""A Pose3D as one standalone HTML page: 3D view, 2D input and facts; it needs no network."""

import json
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from wholebody_lift.pose import FRAMES, FloatArray, Pose3D
from wholebody_lift.skeleton import EDGES, PARTS
from wholebody_lift.viewers import palette


def write(pose: Pose3D, path: str | Path, *, title: str = "wholebody-lift") -> None:
    """Write the page of `render` to a file. Raises ValueError for a pose without people."""
    Path(path).write_text(render(pose, title=title), encoding="utf-8")


def render(pose: Pose3D, *, title: str = "wholebody-lift") -> str:
    """The page as text: everything is inside, nothing is loaded from elsewhere.

    People with the same image id are shown together, placed by their translation; distinct image
    ids are the frames of the play bar, in ascending order. Positions are kept to 0.1 mm and 0.1 px.
    Raises ValueError for a pose without people.
    """
    if len(pose) == 0:
        raise ValueError("got a pose of 0 people; there is nothing to show")
    here = files("wholebody_lift.viewers")
    source = {name: (here / f"page.{name}").read_text(encoding="utf-8") for name in ("html", "css", "js")}
    return Template(source["html"]).substitute(
        title=escape(title),
        subtitle=escape(_subtitle(pose)),
        facts="\n".join(f"<dt>{term}</dt><dd>{_detail(*lines)}</dd>" for term, *lines in _facts(pose)),
        style=_colours() + source["css"],
        script=source["js"],
        data=_embed(_data(pose)),
    )


def _data(pose: Pose3D) -> dict[str, Any]:
    """What page.js draws. Numbers are integers: tenths of a mm or pixel, hundredths of a score."""
    ids, frame_of = np.unique(pose.image_ids, return_inverse=True)
    size = pose.image_size
    people = [
        {
            "frame": int(frame_of[n]),
            "xyz": _tenths(pose.xyz[n]),
            "translation": _tenths(pose.translation[n]),
            "error": _tenths(pose.error_mm[n]),
            "observed": "".join("01"[int(seen)] for seen in pose.observed[n]),
            "xy": _tenths(pose.keypoints[n]),
            "scores": np.rint(100 * pose.scores[n]).astype(int).tolist(),
            "size": None if size is None else [round(float(side), 1) for side in size[n]],
        }
        for n in range(len(pose))
    ]
    return {
        "names": pose.names,
        "parts": [
            {"part": part, "label": part.replace("_", " ").capitalize(), "groups": palette.PART_GROUPS[part]}
            for part in PARTS
        ],
        "part_of": palette.PART_OF,
        "groups": list(palette.GROUPS),
        "labels": palette.LABELS,
        "group_of": palette.KEYPOINT_GROUPS,
        "edges": [
            (a, b, group, part)
            for (a, b), group, part in zip(EDGES, palette.EDGE_GROUPS, palette.EDGE_PARTS, strict=True)
        ],
        "frame": pose.frame,
        "matrix": FRAMES[pose.frame].matrix.astype(int).tolist(),
        "error_top": _round_up(float(np.percentile(pose.error_mm, 98))),
        "frames": ids.tolist(),
        "people": people,
    }


def _tenths(values: FloatArray) -> list[int | None]:
    """All numbers in one list, as integers of a tenth; None for NaN."""
    return [None if np.isnan(v) else round(10 * float(v)) for v in values.ravel()]


def _round_up(value: float) -> int:
    """The next of 10, 20, 30, ... so that the end of the colour scale is a round number of mm."""
    return max(10, int(np.ceil(value / 10)) * 10)


def _embed(data: dict[str, Any]) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _colours() -> str:
    """The palette as CSS variables, light and dark."""
    named = palette.GROUPS | {f"error-{i}": colours for i, colours in enumerate(palette.ERROR_RAMP)}
    light = " ".join(f"--{name}: {colours.light};" for name, colours in named.items())
    dark = " ".join(f"--{name}: {colours.dark};" for name, colours in named.items())
    return f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"


def _subtitle(pose: Pose3D) -> str:
    images = len(np.unique(pose.image_ids))
    if images == 1:
        return "1 person" if len(pose) == 1 else f"{len(pose)} people in one image"
    per_image = "1 person" if len(pose) == images else f"{len(pose)} people"
    return f"{images} frames, {per_image}"


def _detail(text: str, *notes: str) -> str:
    return escape(text) + "".join(f"<small>{escape(note)}</small>" for note in notes)


def _facts(pose: Pose3D) -> list[tuple[str, ...]]:
    """(term, text, note, ...) rows that say how the numbers are to be read."""
    spec = FRAMES[pose.frame]
    reprojection = float(pose.reprojection_error_px.mean())
    return [
        ("Frame", pose.frame, f"x {spec.x}, y {spec.y}, z {spec.z} ({spec.handedness}-handed)"),
        ("Units", "millimetres"),
        ("Origin", "midpoint of the hips"),
        ("Camera", *_camera(pose)),
        ("Scale", *_scale(pose)),
        ("Error", f"{pose.error_mm.mean():.1f} mm predicted", "mean over all keypoints, people and frames"),
        ("Fit", f"{reprojection:.1f} px reprojection error", "mean between the 2D input and the result"),
        ("Observed", f"{pose.observed.mean():.0%} of the keypoints", "the others are inferred"),
    ]


def _camera(pose: Pose3D) -> tuple[str, str]:
    focal = np.sqrt(pose.K[:, 0, 0] * pose.K[:, 1, 1])
    low, high = f"{focal.min():.0f}", f"{focal.max():.0f}"
    pixels = f"{low} px" if low == high else f"{low} to {high} px"
    if pose.camera_source == "given":
        bent = "with lens distortion" if np.any(pose.distortion) else "no lens distortion"
        return "given", f"focal length {pixels}, {bent}"
    if pose.camera_source == "image_size":
        return "assumed", f"focal length {pixels}, the image's diagonal; principal point in the middle"
    return "assumed", f"image size unknown: a moderate perspective about the person (focal length {pixels})"


def _scale(pose: Pose3D) -> tuple[str, str]:
    if pose.scale_source == "height_mm":
        return "given", "from the person's height"
    return "assumed", "an average adult; one image cannot tell the size, a known height sets it"
