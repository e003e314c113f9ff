"""`wholebody-lift onnx`: the network and all geometry around it as one file for other runtimes."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from wholebody_lift.cli import arguments as options
from wholebody_lift.cli.messages import say
from wholebody_lift.cli.paths import one_of

SUMMARY = "Export the complete model to ONNX"
DETAILS = "One file from pixels to millimetres, for browsers, phones, game engines and C++."
EXAMPLES = """\
  wholebody-lift onnx tiny.onnx --weights tiny
  wholebody-lift onnx base.onnx
  wholebody-lift onnx base-int8.onnx --precision int8
  wholebody-lift onnx base-int8.onnx --precision int8 --calibrate detections.json
"""


def add_arguments(command: ArgumentParser) -> None:
    command.add_argument("output", metavar="OUT", type=one_of((".onnx",)), help="the .onnx file to write")
    options.add_weights(command)
    command.add_argument(
        "--precision",
        choices=["fp32", "fp16", "int8"],
        default="fp32",
        help="what the network computes in: fp16 is for graphics cards, int8 is for CPUs and less exact "
        "(default: %(default)s)",
    )
    command.add_argument(
        "--calibrate",
        metavar="FILE",
        type=Path,
        help="with int8: 2D keypoints of a hundred people or more, in any format that lift reads, to measure "
        "its ranges; without, they are measured anew in every call",
    )
    options.add_quiet(command)


def run(arguments: Namespace) -> None:
    from wholebody_lift import onnx_file, pretrained
    from wholebody_lift.cli.files import read_detections

    people = None if arguments.calibrate is None else read_detections(arguments.calibrate, fps=None)
    model = pretrained.load(arguments.weights, revision=arguments.revision)
    onnx_file.write(model, arguments.output, precision=arguments.precision, calibrate=people)
    say(arguments, f"wrote {arguments.output}, {arguments.output.stat().st_size / 1e6:.1f} MB")
