"""`wholebody-lift onnx`: the network and all geometry around it as one file for other runtimes."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from wholebody_lift.cli import arguments as options
from wholebody_lift.cli.messages import say
from wholebody_lift.cli.paths import one_of

SUMMARY = "Export the complete model to ONNX"
DETAILS = "One file from pixels to millimetres, for browsers, phones, game engines and C++."
EXAMPLES = """\
  wholebody-lift onnx tiny.onnx --weights tiny
  wholebody-lift onnx base.onnx
"""


def add_arguments(command: ArgumentParser) -> None:
    command.add_argument("output", metavar="OUT", type=one_of((".onnx",)), help="the .onnx file to write")
    options.add_weights(command)
    command.add_argument("-q", "--quiet", action="store_true", help="print only warnings and errors")


def run(arguments: Namespace) -> None:
    from wholebody_lift import onnx_file, pretrained

    onnx_file.write(pretrained.load(arguments.weights, revision=arguments.revision), arguments.output)
    say(arguments, f"wrote {arguments.output}, {arguments.output.stat().st_size / 1e6:.1f} MB")
