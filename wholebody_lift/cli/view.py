"""`wholebody-lift view`: a saved result in the browser."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from wholebody_lift.cli import arguments as options
from wholebody_lift.cli.messages import say
from wholebody_lift.cli.paths import one_of, title_of

SUMMARY = "Open a saved result in the browser"
DETAILS = "The result becomes one HTML file that needs no network."
EXAMPLES = """\
  wholebody-lift view result.json
  wholebody-lift view result.npz -o page.html --no-open
  wholebody-lift lift detections.json -o - | wholebody-lift view -
"""


def add_arguments(command: ArgumentParser) -> None:
    options.add_source(command, "RESULT", "a saved result: .json, .npz, or - for JSON on stdin")
    command.add_argument(
        "-o",
        "--output",
        metavar="PAGE",
        type=one_of((".html",)),
        help="the HTML file (default: beside the result; a temporary file for -)",
    )
    options.add_pictures(command)
    command.add_argument("--no-open", action="store_true", help="write the HTML file only")


def run(arguments: Namespace) -> None:
    from wholebody_lift import outputs
    from wholebody_lift.cli import files

    pose = files.read_result(arguments.input)
    page = arguments.output or files.page_beside(arguments.input)
    files.check_pictures(arguments, [page])
    outputs.write(pose, page, title=title_of(arguments.input), pictures=files.pictures_for(arguments, page))
    say(arguments, f"wrote {page}")
    if not arguments.no_open:
        files.open_in_browser(arguments, page)
