"""Options that several commands share, in groups."""

from __future__ import annotations

import math
import re
from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction, Namespace
from pathlib import Path
from typing import Any

from wholebody_lift.cli.paths import one_of


def number(text: str) -> float:
    """An argument type: a finite number over 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise ArgumentTypeError(f"expected a number over 0, got {text!r}")
    return value


def whole_number(text: str) -> int:
    """An argument type: a whole number over 0."""
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise ArgumentTypeError(f"expected a whole number over 0, got {text!r}")


def port(text: str) -> int:
    """An argument type: a port of this computer."""
    if text.isdecimal() and int(text) < 2**16:
        return int(text)
    raise ArgumentTypeError(f"expected a number from 0 to 65535, got {text!r}")


def _with_default(option: str) -> list[str]:
    """The kinds of file with their own default for an option, followed by that default: ".trc opensim"."""
    from wholebody_lift.outputs import KINDS

    defaults = {kind.suffix: kind.options.get(option) for kind in KINDS.values()}
    return [f"{suffix} {default}" for suffix, default in defaults.items() if default is not None]


def takers(option: str, value: Any = None) -> str:
    """The kinds of file that take an option, with this value if one is given, for its help: ".trc, .c3d"."""
    from wholebody_lift.outputs import KINDS

    takes = [
        kind.suffix
        for kind in KINDS.values()
        if (option in kind.options if value is None else kind.takes(option, value))
    ]
    return ", ".join(takes)


def add_output(command: ArgumentParser, *, named: str = "", frame: str = "opencv") -> None:
    """Add -o, --frame and --quiet; `named` is appended to the help text of -o, and `frame` is the default."""
    from wholebody_lift.errors import listed
    from wholebody_lift.outputs import KINDS
    from wholebody_lift.pose import FRAMES

    group = command.add_argument_group("output")
    group.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        type=one_of(KINDS, pipe=True),
        action="append",
        help="where to write; the suffix decides what, and -o may be given several times: "
        f"{', '.join(f'{kind.suffix} ({kind.purpose})' for kind in KINDS.values())}, or - for JSON on stdout"
        f"{named}",
    )
    group.add_argument(
        "--frame",
        choices=list(FRAMES),
        help=f"axes (default: {frame}; {', '.join(_with_default('frame'))}; "
        f"{listed(kind.suffix for kind in KINDS.values() if kind.frame)} have their own)",
    )
    group.add_argument(
        "--angles",
        metavar="OUT",
        type=one_of((".csv", ".png", ".pdf", ".svg")),
        help="also write joint angles, in degrees with their expected errors: as a table (.csv), or plotted "
        "over time (.png, .pdf, .svg; one person); OpenSim takes .mot",
    )
    add_quiet(group)


def add_quiet(command: Any) -> None:
    """Add --quiet."""
    command.add_argument("-q", "--quiet", action="store_true", help="print only warnings and errors")


def add_shown_output(command: ArgumentParser) -> None:
    """Add the options of `add_output`, and --open, to a command that shows a page by default."""
    add_output(command, named="; {name} in it stands for the name of the input")
    command.add_argument("--open", action="store_true", help="open the page in the browser, even with -o")


def add_camera(command: ArgumentParser, *, image_size: bool = True) -> None:
    """Add the options that describe the camera and the people."""
    from wholebody_lift.checks import GRAVITY_SPREAD_DEG

    group = command.add_argument_group(
        "camera and people",
        "What you leave out is taken from the input or else assumed; the result says which.",
    )
    if image_size:
        group.add_argument(
            "--image-size",
            nargs=2,
            type=number,
            metavar=("W", "H"),
            help="size of the image, pixels",
        )
    group.add_argument(
        "--intrinsics",
        nargs=4,
        type=float,
        metavar=("FX", "FY", "CX", "CY"),
        help="focal lengths and principal point, pixels",
    )
    group.add_argument(
        "--distortion",
        nargs=5,
        type=float,
        metavar=("K1", "K2", "P1", "P2", "K3"),
        help="lens distortion in OpenCV's order; needs --intrinsics",
    )
    group.add_argument(
        "--height-mm", type=number, metavar="H", help="standing height of the people, mm; sets the scale"
    )
    group.add_argument(
        "--bone-lengths",
        type=Path,
        metavar="FILE",
        help='JSON with lengths in mm by name, such as {"left_thigh": 430}, or a saved result (.npz, .json) '
        "of the same person, whose bones are then measured; sets the scale unless --height-mm is given",
    )
    down = group.add_mutually_exclusive_group()
    down.add_argument(
        "--level-camera",
        nargs="?",
        type=number,
        const=GRAVITY_SPREAD_DEG,
        metavar="DEGREES",
        help=f"the camera is level to within DEGREES ({GRAVITY_SPREAD_DEG:g} unless given)",
    )
    down.add_argument(
        "--gravity",
        nargs=3,
        type=float,
        metavar=("X", "Y", "Z"),
        help="the direction down in camera axes (x right, y down, z forward), known to within "
        f"{GRAVITY_SPREAD_DEG:g} degrees or so",
    )


def known(arguments: Namespace) -> dict[str, Any]:
    """What the options say about camera, people and scores, as keyword arguments of `Keypoints2D`."""
    given = {
        name: getattr(arguments, name, None)
        for name in ("image_size", "distortion", "height_mm", "min_score")
    }
    if arguments.intrinsics is not None:
        fx, fy, cx, cy = arguments.intrinsics
        given["K"] = [[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]]
    given["gravity"] = arguments.gravity
    if getattr(arguments, "level_camera", None) is not None:
        given |= {"gravity": "level", "gravity_spread_deg": arguments.level_camera}
    if arguments.bone_lengths is not None:
        from wholebody_lift.cli import files

        given["bone_lengths"] = files.read_bone_lengths(arguments.bone_lengths)
    return {name: value for name, value in given.items() if value is not None}


def add_pictures(command: Any) -> None:
    """Add --pictures, which names what the keypoints were found in, to a command that does not read it."""
    command.add_argument(
        "--pictures",
        type=Path,
        metavar="FILE",
        help="the photo or video that the keypoints were found in, for .mp4, and for .html, which then "
        "contains it: everyone who gets the page sees it (default: keypoints on a plain ground)",
    )


def add_with_pictures(command: ArgumentParser) -> None:
    """Add --with-pictures to a command that reads pictures."""
    command.add_argument(
        "--with-pictures",
        action="store_true",
        help="put the pictures into the page, small, under the 2D keypoints: everyone who gets the page sees "
        "them (an .mp4 always has them)",
    )


def add_detector(command: ArgumentParser) -> None:
    """The detector that finds people, and the score below which a keypoint is missing."""
    add_choice_of_detector(command)
    add_min_score(command)


def add_choice_of_detector(command: ArgumentParser) -> None:
    """The detector that finds people."""
    command.add_argument(
        "--detector",
        choices=["auto", "mediapipe", "rtmlib"],
        default="auto",
        help="mediapipe finds one person and works offline; rtmlib finds everyone and downloads its models "
        "on first use; auto takes the first that is installed (default: %(default)s)",
    )


def add_layout(command: ArgumentParser) -> None:
    """The order of the keypoints, where a file does not say it."""
    from wholebody_lift.layouts import NAMED

    command.add_argument(
        "--layout",
        choices=list(NAMED),
        help="order of the keypoints in a file that does not state it (default: found from their number and "
        "positions)",
    )


def add_min_score(command: ArgumentParser, default: str | None = None) -> None:
    """The score below which a keypoint is missing; `default` is what holds without it, if not `MIN_SCORE`."""
    from wholebody_lift.checks import MIN_SCORE

    command.add_argument(
        "--min-score",
        type=float,
        metavar="S",
        help=f"keypoints with a lower score count as missing (default: {default or MIN_SCORE})",
    )


def add_track(command: Any) -> None:
    """Add --track, which selects people."""
    command.add_argument(
        "--track",
        type=int,
        metavar="ID",
        action="append",
        help="keep only this person, by track id, or by number (0, 1, ...) in a single image; "
        "may be given several times (default: everyone)",
    )


def add_time(command: ArgumentParser, fps: str) -> None:
    """Add the options for people over time."""
    group = command.add_argument_group("people over time")
    add_fps(group, fps)
    group.add_argument(
        "--track-people",
        action=BooleanOptionalAction,
        help="follow people without track ids from frame to frame and drop false detections (default: on if "
        "the frame rate is known and a frame shows several people)",
    )
    group.add_argument(
        "--smooth",
        choices=["offline", "live", "none"],
        help="offline smooths over the whole clip without delay, live uses past frames only, none lifts each "
        "frame by itself (default: offline for several frames of known rate, else none)",
    )
    add_smoothness(group)
    group.add_argument(
        "--camera-height",
        type=number,
        metavar="MM",
        help="height of the camera above the floor, where --frame world has its origin; needs --height-mm or "
        "--bone-lengths, offline only",
    )
    add_track(group)


def add_fps(command: Any, default: str) -> None:
    """Add --fps; `default` says what holds without it."""
    command.add_argument("--fps", type=number, metavar="F", help=f"frames per second (default: {default})")


def add_smoothness(group: Any) -> None:
    """Add the options that say how motions are smoothed."""
    group.add_argument(
        "--smoothness",
        type=number,
        metavar="X",
        help="2 is smoother, 0.5 follows faster movements (default: 1)",
    )
    group.add_argument(
        "--lock-feet",
        action="store_true",
        help="keep standing feet in place; for a camera that does not move, offline only",
    )


def _device(text: str) -> str:
    if re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", text):
        return text
    raise ArgumentTypeError(f"expected auto, cpu, cuda, cuda:1, ... or mps, got {text!r}")


def add_model(command: ArgumentParser) -> None:
    """Which weights, computed by what, and where."""
    group = add_weights(command)
    add_backend(group)
    add_device(group)


def add_device(command: Any) -> None:
    """Where it is computed."""
    command.add_argument(
        "--device",
        type=_device,
        default="auto",
        metavar="DEVICE",
        help="auto, cpu, cuda, cuda:1, ... or mps (default: %(default)s)",
    )


def add_backend(command: Any) -> None:
    """What computes."""
    command.add_argument(
        "--backend",
        choices=["auto", "torch", "onnx"],
        default="auto",
        help="torch, or onnx for ONNX Runtime, which takes the path of an .onnx file as WEIGHTS too; auto is "
        "torch where it is installed (default: %(default)s)",
    )


def add_weights(command: ArgumentParser) -> Any:
    """Which weights; returns the group of options, to which more can be added."""
    group = command.add_argument_group("model")
    group.add_argument(
        "--weights",
        metavar="WEIGHTS",
        help="base or tiny from the package, a directory, or a Hub id (default: base)",
    )
    group.add_argument("--revision", metavar="R", help="branch, tag or commit of a Hub id")
    return group


def add_source(command: ArgumentParser, name: str, help: str) -> None:
    """The input."""
    command.add_argument("input", metavar=name, type=Path, help=help)


def add_sources(command: ArgumentParser, name: str, help: str) -> None:
    """The inputs, of a command that takes several."""
    command.add_argument("inputs", metavar=name, type=Path, nargs="+", help=help)
