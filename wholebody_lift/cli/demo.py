"""`wholebody-lift demo`: you in 3D, in a page that runs in the browser alone."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from wholebody_lift.cli import app
from wholebody_lift.cli.messages import say

SUMMARY = "See yourself in 3D, in a page that runs in the browser alone"
DETAILS = (
    "The page takes your camera, a clip or a photo, finds you with MediaPipe and lifts you with the tiny "
    "weights, all in the browser: no picture leaves it. The page is built first, which needs npm and the "
    "network; later starts need neither. Ctrl-C ends it."
)
EXAMPLES = """\
  wholebody-lift demo --web
  wholebody-lift demo --web site --build"""

_PORT = 8133
"""Always the same, as browsers keep the files of a page by its address, port included."""


def add_arguments(command: ArgumentParser) -> None:
    command.add_argument(
        "--web",
        nargs="?",
        type=Path,
        metavar="DIR",
        help="the folder of the page, built there if it is not up to date (default: one in the user's cache)",
    )
    command.add_argument(
        "--build", action="store_true", help="build the page and stop, to put the folder on a web server"
    )
    app.add_page(command, _PORT, f"{_PORT}; 0 is any that is free")


def run(arguments: Namespace) -> None:
    from wholebody_lift.browser.build import build, cached_folder
    from wholebody_lift.browser.server import Server

    folder = arguments.web or cached_folder()
    build(folder, lambda text: say(arguments, text))
    if arguments.build:
        say(arguments, f"wrote {folder}")
        return
    server = Server(folder, arguments.port)
    app.serve(server, server.url, "demo", arguments)
