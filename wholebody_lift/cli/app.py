"""`wholebody-lift app`: the page on this computer that takes detections and photos."""

from __future__ import annotations

import webbrowser
from argparse import ArgumentParser, ArgumentTypeError, Namespace

from wholebody_lift.cli import arguments as options

SUMMARY = "Open a page that lifts what is dropped on it"
DETAILS = (
    "Detections or a photo in, people in 3D to look at and to download. The page is served on this computer "
    "and to this computer alone; nothing leaves it. Ctrl-C ends it."
)
EXAMPLES = """\
  wholebody-lift app
  wholebody-lift app --port 8123 --no-open
"""


def _port(text: str) -> int:
    if text.isdecimal() and int(text) < 2**16:
        return int(text)
    raise ArgumentTypeError(f"got {text!r}; a number from 0 to 65535 was wanted")


def add_arguments(command: ArgumentParser) -> None:
    command.add_argument(
        "--port", type=_port, default=0, metavar="P", help="on which port (default: any that is free)"
    )
    command.add_argument("--no-open", action="store_true", help="do not open the browser")
    options.add_model(command)


def run(arguments: Namespace) -> None:
    from wholebody_lift.app.server import Server
    from wholebody_lift.app.workshop import Workshop
    from wholebody_lift.cli.lifting import load

    with Server(Workshop(load(arguments)), arguments.port) as server:
        print(f"wholebody-lift app is at {server.url}\nCtrl-C ends it.", flush=True)
        if not arguments.no_open and not webbrowser.open(server.url):
            print("found no browser to open it with; copy the address")
        try:
            server.serve_forever()
        except KeyboardInterrupt:  # the usual way to end it
            print("\nended")
