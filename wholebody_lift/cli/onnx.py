"""`wholebody-lift onnx`: the weights, and all geometry around them, as one file for other runtimes."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from wholebody_lift.cli import arguments as options
from wholebody_lift.cli.messages import say

SUMMARY = "Write the way from pixels to millimetres as an ONNX file"
DETAILS = "For browsers, phones, game engines and C++; docs/onnx.md has its inputs and outputs."
EXAMPLES = """\
  wholebody-lift onnx tiny.onnx --weights tiny
  wholebody-lift onnx base.onnx
"""


def add_arguments(command: ArgumentParser) -> None:
    command.add_argument("output", metavar="OUT", type=Path, help="the file to write, .onnx")
    options.add_weights(command)
    command.add_argument("-q", "--quiet", action="store_true", help="say nothing but warnings and errors")


def run(arguments: Namespace) -> None:
    if arguments.output.suffix != ".onnx":
        arguments.wrong_usage(f"OUT is {arguments.output}; wanted a name that ends in .onnx")
    from wholebody_lift import onnx_file, pretrained

    onnx_file.write(pretrained.load(arguments.weights, revision=arguments.revision), arguments.output)
    say(arguments, f"wrote {arguments.output}, {arguments.output.stat().st_size / 1e6:.1f} MB")
