"""`wholebody-lift info`: what is installed, which weights these are, what a file holds."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from wholebody_lift import __version__
from wholebody_lift.cli import arguments as options
from wholebody_lift.extras import EXTRAS

if TYPE_CHECKING:
    from wholebody_lift.backends import Name
    from wholebody_lift.keypoints import Keypoints2D
    from wholebody_lift.lifter import Lifter

SUMMARY = "Describe the installation, weights, a result or detections"
DETAILS = ""
EXAMPLES = """\
  wholebody-lift info
  wholebody-lift info ./my-weights
  wholebody-lift info owner/name --revision v1.0
  wholebody-lift info mine.onnx
  wholebody-lift info result.json
  wholebody-lift info --verify
"""


def add_arguments(command: ArgumentParser) -> None:
    command.add_argument(
        "subject",
        metavar="WEIGHTS_OR_FILE",
        nargs="?",
        help="base or tiny from the package, a directory of weights, a Hub id, an .onnx file, or a file that "
        "lift reads or writes (default: base)",
    )
    command.add_argument("--revision", metavar="R", help="branch, tag or commit of a Hub id")
    options.add_backend(command)
    command.add_argument(
        "--verify",
        action="store_true",
        help="compare the weights in the package with their SHA-256, and do nothing else",
    )


def run(arguments: Namespace) -> None:
    if arguments.verify:
        print(_verify())
        return
    file = arguments.subject is not None and Path(arguments.subject).is_file()
    if file and Path(arguments.subject).suffix != ".onnx":
        print(_describe_file(Path(arguments.subject)))
        return
    import numpy as np

    from wholebody_lift.lifter import Lifter

    print(f"wholebody-lift {__version__}")
    print(f"python   {sys.version.split()[0]}, numpy {np.__version__}")
    print(_describe_extras())
    backend: Name = "onnx" if file else arguments.backend
    lifter = Lifter.from_pretrained(arguments.subject, revision=arguments.revision, backend=backend)
    print(f"backend  {lifter.backend.described}")
    print(f"device   {lifter.device}")
    print(_describe_weights(lifter, arguments.subject, arguments.revision))


def _verify() -> str:
    """One line for each file of the weights in the package."""
    from wholebody_lift import pretrained

    lines = []
    for directory in map(pretrained.packaged_directory, pretrained.PACKAGED):
        lines += [
            f"ok  {sha256}  {directory / name}" for name, sha256 in pretrained.verify(directory).items()
        ]
    return "\n".join(lines)


def _describe_extras() -> str:
    present = [extra.name for extra in EXTRAS if extra.installed]
    lines = [f"extras   {', '.join(present) or 'none'}"]
    lines += [f"missing  {extra.name}: {extra.command}" for extra in EXTRAS if not extra.installed]
    return "\n".join(lines)


def _describe_weights(lifter: Lifter, source: str | None, revision: str | None) -> str:
    import hashlib

    from wholebody_lift import pretrained
    from wholebody_lift.backends.onnx_runtime import OnnxRuntime

    if isinstance(lifter.backend, OnnxRuntime):
        path, size = lifter.backend.path, f"an ONNX file in {lifter.backend.precision}"
    else:
        directory = pretrained.locate(source, revision=revision, local_files_only=True)  # just loaded
        path = directory / pretrained.WEIGHTS_FILE
        size = f"{sum(parameter.numel() for parameter in lifter.model.parameters()):,} parameters"
    calibrated = "calibrated" if lifter.backend.config.calibration else "not calibrated"
    return "\n".join(
        [
            f"weights  {source or 'base'}: {size}, expected errors {calibrated}",
            f"file     {path}",
            f"sha256   {hashlib.sha256(path.read_bytes()).hexdigest()}",
        ]
    )


def _describe_file(path: Path) -> str:
    """What a file holds: a result, or else detections."""
    from wholebody_lift import formats
    from wholebody_lift.cli import files
    from wholebody_lift.errors import InputError

    try:
        return f"{path}: a result\n{formats.read_pose(path).summary()}"
    except InputError as no_result:
        try:
            return f"{path}: detections\n{_describe_detections(formats.read(path))}"
        except InputError as no_detections:
            raise files.mistaken(path, "a result or detections") or InputError(
                f"expected a result or detections, got neither: {no_result}; {no_detections}"
            ) from None


def _describe_detections(people: Keypoints2D) -> str:
    import numpy as np

    images = "unknown" if people.image_ids is None else str(len(np.unique(people.image_ids)))
    size = "unknown"
    if people.image_size is not None:
        size = ", ".join(f"{w:g} x {h:g}" for w, h in np.unique(people.image_size, axis=0)) + " pixels"
    tracks = "unknown" if people.track_ids is None else ", ".join(map(str, np.unique(people.track_ids)))
    return "\n".join(
        [
            f"people    {len(people)}; images: {images}",
            f"tracks    {tracks}",
            f"rate      {'unknown' if people.fps is None else f'{people.fps:g} frames per second'}",
            f"observed  {people.observed.mean():.0%} of the keypoints",
            f"image     {size}",
            f"camera    {'intrinsics given' if people.K is not None else 'unknown'}",
        ]
    )
