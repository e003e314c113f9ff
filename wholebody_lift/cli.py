"""The command `wholebody-lift`: lift a file of 2D keypoints, view a result, say what is installed.

Exit codes: 0 success, 1 something is wrong with the input or the weights, 2 wrong usage. torch and
everything else that is slow to import is imported by the sub-command that needs it.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from wholebody_lift import __version__
from wholebody_lift.pose import FRAMES

if TYPE_CHECKING:
    from wholebody_lift.keypoints import Keypoints2D
    from wholebody_lift.lifter import Lifter
    from wholebody_lift.pose import Pose3D

_RESULTS = (".json", ".npz", ".csv")
_PAGES = (".html",)
_FIGURES = (".png", ".pdf", ".svg")

_LIFT_EXAMPLES = """\
examples:
  wholebody-lift lift detections.json -o result.json
  wholebody-lift lift detections.json -o result.npz -o result.html -o result.png
  wholebody-lift lift keypoints.npy --image-size 1920 1080 --height-mm 1780 -o result.csv
  wholebody-lift lift keypoints.npy --intrinsics 1400 1400 960 540 --frame blender -o result.json
"""
_VIEW_EXAMPLES = """\
examples:
  wholebody-lift view result.json
  wholebody-lift view result.npz -o page.html --no-open
"""
_INFO_EXAMPLES = """\
examples:
  wholebody-lift info
  wholebody-lift info ./my-weights
  wholebody-lift info owner/name --revision v1.0
  wholebody-lift info result.json
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with `argv` (default: the process's own) and return the exit code.

    Wrong usage exits with code 2 by SystemExit, as argparse does.
    """
    arguments = _parser().parse_args(argv)
    with warnings.catch_warnings():
        warnings.showwarning = _print_warning_once()
        try:
            arguments.run(arguments)
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            if arguments.debug:
                traceback.print_exc()
            print(f"wholebody-lift: error: {_one_line(error)}", file=sys.stderr)
            return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wholebody-lift",
        description="Lift 133 COCO-WholeBody keypoints from 2D (pixels) to 3D (millimetres).",
        epilog='Run "wholebody-lift COMMAND --help" for the options of a command and examples.',
    )
    parser.add_argument("--version", action="version", version=f"wholebody-lift {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_lift(commands)
    _add_view(commands)
    _add_info(commands)
    return parser


def _add_command(commands: Any, name: str, run: Any, summary: str, epilog: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary[0].lower() + summary[1:],
        description=f"{summary}.",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run)
    command.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return command


def _add_lift(commands: Any) -> None:
    command = _add_command(commands, "lift", _lift, "Lift a file of 2D keypoints to 3D", _LIFT_EXAMPLES)
    command.add_argument("input", metavar="INPUT", type=Path, help="2D keypoints: .json, .npz or .npy")
    command.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        type=_output(*_RESULTS, *_PAGES, *_FIGURES),
        action="append",
        required=True,
        help="where to write, by suffix: .json or .npz (complete), .csv (table), .html (page to look at), "
        ".png, .pdf or .svg (figure of the first person); may be given several times",
    )
    camera = command.add_argument_group("camera", "What is not given is assumed, and the result says so.")
    camera.add_argument("--image-size", nargs=2, type=float, metavar=("W", "H"), help="pixels")
    camera.add_argument("--intrinsics", nargs=4, type=float, metavar=("FX", "FY", "CX", "CY"), help="pixels")
    camera.add_argument(
        "--distortion",
        nargs=5,
        type=float,
        metavar=("K1", "K2", "P1", "P2", "K3"),
        help="lens distortion in OpenCV's order; needs intrinsics",
    )
    command.add_argument(
        "--height-mm", type=float, metavar="H", help="standing height of the people; sets the scale"
    )
    command.add_argument(
        "--min-score", type=float, metavar="S", help="keypoints with a lower score count as missing"
    )
    command.add_argument(
        "--frame", choices=list(FRAMES), default="opencv", help="axes of the result (default: %(default)s)"
    )
    command.add_argument(
        "--weights", metavar="DIR_OR_HUB_ID", help="default: the weights that come with the package"
    )
    command.add_argument("--revision", metavar="R", help="branch, tag or commit of a Hub id")
    command.add_argument(
        "--device", default="auto", help="auto, cpu, cuda, cuda:1, mps, ... (default: %(default)s)"
    )


def _add_view(commands: Any) -> None:
    command = _add_command(
        commands, "view", _view, "Write a result as a page and open it in the browser", _VIEW_EXAMPLES
    )
    command.add_argument("result", metavar="RESULT", type=Path, help="a .json or .npz written by lift")
    command.add_argument(
        "-o",
        "--output",
        metavar="PAGE",
        type=_output(*_PAGES),
        help="the page (default: beside the result, as .html)",
    )
    command.add_argument("--no-open", action="store_true", help="only write the page")


def _add_info(commands: Any) -> None:
    command = _add_command(
        commands, "info", _info, "Describe the installation, weights, a result or detections", _INFO_EXAMPLES
    )
    command.add_argument(
        "subject",
        metavar="WEIGHTS_OR_FILE",
        nargs="?",
        help="a directory of weights, a Hub id, or a file that lift reads or writes "
        "(default: the weights that come with the package)",
    )
    command.add_argument("--revision", metavar="R", help="branch, tag or commit of a Hub id")


def _output(*suffixes: str) -> Callable[[str], Path]:
    """An argument type: a path with one of the suffixes, so that a wrong one is told before the work."""

    def parse(text: str) -> Path:
        path = Path(text)
        if path.suffix.lower() not in suffixes:
            raise argparse.ArgumentTypeError(f"got {text!r}; its name must end in {' or '.join(suffixes)}")
        return path

    return parse


# --- lift ---


def _lift(arguments: argparse.Namespace) -> None:
    from wholebody_lift.lifter import Lifter

    people = _read(arguments)
    lifter = Lifter.from_pretrained(arguments.weights, revision=arguments.revision, device=arguments.device)
    pose = lifter.lift(people).to(arguments.frame)
    print(pose.summary())
    for path in arguments.output:
        _write(pose, path, title=arguments.input.name)
        print(f"wrote {path}")


def _read(arguments: argparse.Namespace) -> Keypoints2D:
    """The detections, with what the command line knows better."""
    from wholebody_lift import formats

    known: dict[str, Any] = {
        "image_size": arguments.image_size,
        "distortion": arguments.distortion,
        "height_mm": arguments.height_mm,
        "min_score": arguments.min_score,
    }
    if arguments.intrinsics is not None:
        fx, fy, cx, cy = arguments.intrinsics
        known["K"] = [[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]]
    return formats.read(
        arguments.input, **{name: value for name, value in known.items() if value is not None}
    )


def _write(pose: Pose3D, path: Path, *, title: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() in _PAGES:
        from wholebody_lift.viewers import html

        html.write(pose, path, title=title)
    elif path.suffix.lower() in _FIGURES:
        from wholebody_lift.viewers import figure

        figure.plot(pose).savefig(path, dpi=200)
    else:
        pose.save(path)


# --- view ---


def _view(arguments: argparse.Namespace) -> None:
    from wholebody_lift.pose import Pose3D

    page = arguments.output or arguments.result.with_suffix(".html")
    _write(Pose3D.load(arguments.result), page, title=arguments.result.name)
    print(f"wrote {page}")
    if not arguments.no_open:
        import webbrowser

        if not webbrowser.open(page.resolve().as_uri()):
            print("found no browser to open it with; open it by hand")


# --- info ---


def _info(arguments: argparse.Namespace) -> None:
    if arguments.subject is not None and Path(arguments.subject).is_file():
        print(_describe_file(Path(arguments.subject)))
        return
    import numpy as np
    import torch

    from wholebody_lift.lifter import Lifter

    print(f"wholebody-lift {__version__}")
    print(f"python  {sys.version.split()[0]}, torch {torch.__version__}, numpy {np.__version__}")
    lifter = Lifter.from_pretrained(arguments.subject, revision=arguments.revision)
    print(f"device  {lifter.device}")
    print(_describe_weights(lifter, arguments.subject, arguments.revision))


def _describe_weights(lifter: Lifter, source: str | None, revision: str | None) -> str:
    parameters = sum(parameter.numel() for parameter in lifter.model.parameters())
    config = ", ".join(f"{name} {value}" for name, value in lifter.model.config.model_dump().items())
    path = _weights_file(source, revision)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return "\n".join(
        [
            f"weights {source or 'in the package'}",
            f"file    {path}",
            f"sha256  {digest}",
            f"network SemGAN, {parameters:,} parameters",
            f"config  {config}",
        ]
    )


def _weights_file(source: str | None, revision: str | None) -> Path:
    """model.safetensors of weights that have just been loaded."""
    from huggingface_hub import hf_hub_download

    from wholebody_lift import pretrained

    if source is None:
        return pretrained.embedded_directory() / pretrained.WEIGHTS_FILE
    if Path(source).is_dir():
        return Path(source) / pretrained.WEIGHTS_FILE
    return Path(hf_hub_download(source, pretrained.WEIGHTS_FILE, revision=revision, local_files_only=True))


def _describe_file(path: Path) -> str:
    """What a file holds: a result, or else detections."""
    from wholebody_lift import formats
    from wholebody_lift.keypoints import InputError

    try:
        return f"{path}: a result\n{formats.read_pose(path).summary()}"
    except InputError as no_result:
        try:
            return f"{path}: detections\n{_describe_detections(formats.read(path))}"
        except InputError as no_detections:
            raise InputError(f"neither a result ({no_result}) nor detections ({no_detections})") from None


def _describe_detections(people: Keypoints2D) -> str:
    import numpy as np

    images = "unknown" if people.image_ids is None else str(len(np.unique(people.image_ids)))
    size = "unknown"
    if people.image_size is not None:
        size = ", ".join(f"{w:g} x {h:g}" for w, h in np.unique(people.image_size, axis=0)) + " pixels"
    return "\n".join(
        [
            f"people    {len(people)}; images: {images}",
            f"observed  {people.observed.mean():.0%} of the keypoints",
            f"image     {size}",
            f"camera    {'intrinsics given' if people.K is not None else 'unknown'}",
        ]
    )


# --- messages ---


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _print_warning_once() -> Any:
    """A stand-in for warnings.showwarning: each text is one line on stderr, and is shown once."""
    shown: set[str] = set()

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        text = " ".join(str(message).split())
        if text not in shown:
            shown.add(text)
            print(f"wholebody-lift: warning: {text}", file=sys.stderr)

    return show
