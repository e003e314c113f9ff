"""`wholebody-lift app`: a page on this computer that takes detections, photos and videos."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from wholebody_lift.cli import arguments as options

if TYPE_CHECKING:
    from http.server import HTTPServer

SUMMARY = "Open a page that lifts the files you drop on it"
DETAILS = (
    "Drop detections, a photo or a video on it, or use the camera, to see the people in 3D and to download "
    "them. The page is served by this computer to this computer only; your files do not leave it. Press "
    "Ctrl-C to stop it."
)
EXAMPLES = """\
  wholebody-lift app
  wholebody-lift app --port 8123 --no-open
"""


def add_arguments(command: ArgumentParser) -> None:
    add_page(command)
    options.add_choice_of_detector(command)
    options.add_model(command)


def add_page(command: ArgumentParser, port: int = 0, default: str = "any that is free") -> None:
    """Add --port, with this default, and --no-open, for a page that this computer serves."""
    command.add_argument(
        "--port",
        type=options.port,
        default=port,
        metavar="P",
        help=f"port of the page (default: {default})",
    )
    command.add_argument("--no-open", action="store_true", help="do not open the browser")


def run(arguments: Namespace) -> None:
    serve_workshop(arguments, "app")


def serve_workshop(arguments: Namespace, command: str, part: str = "") -> None:
    """Serve the page of the app until Ctrl-C, and open a part of it."""
    import sys

    from wholebody_lift.app.server import Server
    from wholebody_lift.app.workshop import WORKERS, Workshop
    from wholebody_lift.cli.lifting import load

    lifter = load(arguments)
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(max(1, torch.get_num_threads() // WORKERS))  # for each file that is lifted
    server = Server(Workshop(lifter, arguments.detector), arguments.port)
    serve(server, server.url + part, command, arguments)


def serve(server: HTTPServer, url: str, command: str, arguments: Namespace) -> None:
    """Say where a page is, open it unless --no-open is given, and serve it until Ctrl-C."""
    import webbrowser

    with server:
        print(f"wholebody-lift {command} is at {url}\nPress Ctrl-C to stop it.", flush=True)
        if not arguments.no_open and not webbrowser.open(url):
            print("found no browser; open the address yourself")
        server.serve_forever()
