"""Options that several commands share, in groups."""

from __future__ import annotations

import math
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import Any

from wholebody_lift.cli.files import one_of
from wholebody_lift.outputs import KINDS
from wholebody_lift.pose import FRAMES


def number(text: str) -> float:
    """An argument type: a finite number over 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise ArgumentTypeError(f"got {text!r}; a number over 0 was wanted")
    return value


def add_output(command: ArgumentParser, *, required: bool) -> None:
    """-o, --frame and --quiet."""
    group = command.add_argument_group("output")
    group.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        type=one_of(tuple(KINDS), pipe=True),
        action="append",
        required=required,
        help="where to write, by suffix; may be given several times: .json or .npz (everything), .csv "
        "(table), .html (page to look at), .png, .pdf or .svg (figure of the first image), .trc, .c3d, .bvh, "
        ".glb or .rrd (for other programs), or - for JSON on stdout",
    )
    group.add_argument(
        "--frame",
        choices=list(FRAMES),
        help="axes (default: opencv; .trc opensim, .c3d blender; .bvh, .glb and .rrd have their own)",
    )
    group.add_argument("-q", "--quiet", action="store_true", help="say nothing but warnings and errors")


def add_detected_output(command: ArgumentParser) -> None:
    """`add_output`, and --open, for commands that show a page if nothing else is asked for."""
    add_output(command, required=False)
    command.add_argument(
        "--open", action="store_true", help="open the page in the browser, beside writing OUT"
    )


def add_camera(command: ArgumentParser, *, image_size: bool = True) -> None:
    """What may be known of camera and people."""
    group = command.add_argument_group(
        "camera and people",
        "What is not given is taken from the input, or else assumed; the result says which.",
    )
    if image_size:
        group.add_argument("--image-size", nargs=2, type=number, metavar=("W", "H"), help="pixels")
    group.add_argument("--intrinsics", nargs=4, type=float, metavar=("FX", "FY", "CX", "CY"), help="pixels")
    group.add_argument(
        "--distortion",
        nargs=5,
        type=float,
        metavar=("K1", "K2", "P1", "P2", "K3"),
        help="lens distortion in OpenCV's order; needs intrinsics",
    )
    group.add_argument(
        "--height-mm", type=number, metavar="H", help="standing height of the people; sets the scale"
    )


def known(arguments: Namespace) -> dict[str, Any]:
    """What was said about camera, people and scores, as keyword arguments of `Keypoints2D`."""
    said = {
        name: getattr(arguments, name, None)
        for name in ("image_size", "distortion", "height_mm", "min_score")
    }
    if arguments.intrinsics is not None:
        fx, fy, cx, cy = arguments.intrinsics
        said["K"] = [[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]]
    return {name: value for name, value in said.items() if value is not None}


def add_detector(command: ArgumentParser) -> None:
    """Which detector looks for people, and what counts as found."""
    command.add_argument(
        "--detector",
        choices=["auto", "mediapipe", "rtmlib"],
        default="auto",
        help="mediapipe finds one person, offline; rtmlib finds everybody and downloads its models on first "
        "use; auto takes the first that is installed (default: %(default)s)",
    )
    add_min_score(command, "0.3")


def add_min_score(command: ArgumentParser, default: str) -> None:
    """The limit under which a keypoint is missing."""
    command.add_argument(
        "--min-score",
        type=float,
        metavar="S",
        help=f"keypoints with a lower score count as missing (default: {default})",
    )


def add_track(command: Any) -> None:
    """Which people."""
    command.add_argument(
        "--track",
        type=int,
        metavar="ID",
        action="append",
        help="only this person, by track id, or by number (0, 1, ...) in a single image; "
        "may be given several times (default: everybody)",
    )


def add_time(command: ArgumentParser, fps: str) -> None:
    """How people over time are lifted."""
    group = command.add_argument_group("people over time")
    group.add_argument("--fps", type=number, metavar="F", help=f"frames per second (default: {fps})")
    group.add_argument(
        "--smooth",
        choices=["offline", "live", "none"],
        help="how frames become one motion: offline sees the whole clip and has no delay, live takes frames "
        "as they come, none lifts each by itself (default: offline for several frames of known rate, else "
        "none)",
    )
    group.add_argument(
        "--smoothness",
        type=number,
        metavar="X",
        default=1.0,
        help="2 is smoother, 0.5 follows faster (default: %(default)g)",
    )
    group.add_argument(
        "--lock-feet",
        action="store_true",
        help="hold feet that stand in their place; for cameras that stand still, offline only",
    )
    add_track(group)


def add_model(command: ArgumentParser) -> None:
    """Weights and where they run."""
    group = add_weights(command)
    group.add_argument(
        "--device", default="auto", help="auto, cpu, cuda, cuda:1, mps, ... (default: %(default)s)"
    )


def add_weights(command: ArgumentParser) -> Any:
    """Which weights; returns the group of options, for more about the model."""
    group = command.add_argument_group("model")
    group.add_argument(
        "--weights",
        metavar="WEIGHTS",
        help="base or tiny, which come with the package, a directory, or a Hub id (default: base)",
    )
    group.add_argument("--revision", metavar="R", help="branch, tag or commit of a Hub id")
    return group


def add_source(command: ArgumentParser, name: str, help: str) -> None:
    """What is read."""
    command.add_argument("input", metavar=name, type=Path, help=help)
