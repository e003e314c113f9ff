"""`wholebody-lift webcam`: the people in front of this computer's camera in 3D, live."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from wholebody_lift.cli import app
from wholebody_lift.cli import arguments as options
from wholebody_lift.extras import DETECT

SUMMARY = "Show the people in front of the camera in 3D, live"
DETAILS = (
    "Opens a page with the camera's picture and the 3D figure side by side; what you record there can be "
    f"downloaded in every format. Needs a detector: {DETECT.command}. The page is served by this computer to "
    "this computer only, and no picture is kept. Press Ctrl-C to stop it."
)
EXAMPLES = """\
  wholebody-lift webcam
  wholebody-lift webcam --detector rtmlib --weights tiny
"""


def add_arguments(command: ArgumentParser) -> None:
    options.add_choice_of_detector(command)
    app.add_page(command)
    options.add_model(command)


def run(arguments: Namespace) -> None:
    from wholebody_lift import detectors

    detectors.start(arguments.detector, video=True)  # loads nothing, but says what is not installed
    app.serve_workshop(arguments, "webcam", "#camera")
