"""`wholebody-lift image`: the people of a photo in 3D."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from wholebody_lift.cli import arguments as options
from wholebody_lift.extras import DETECT

SUMMARY = "Find the people in a photo and lift them to 3D"
DETAILS = (
    f"Needs a detector: {DETECT.command}. Without -o, an HTML page is written beside the photo and opened."
)
EXAMPLES = """\
  wholebody-lift image photo.jpg
  wholebody-lift image photo.jpg -o result.json -o result.glb
  wholebody-lift image photo.jpg --height-mm 1780 -o page.html --open
"""


def add_arguments(command: ArgumentParser) -> None:
    options.add_source(command, "PHOTO", "a picture, such as .jpg or .png")
    options.add_detector(command)
    options.add_track(command)
    options.add_detected_output(command)
    options.add_camera(command, image_size=False)
    options.add_model(command)
    command.set_defaults(smooth="none", track_people=False, smoothness=1.0, lock_feet=False)


def run(arguments: Namespace) -> None:
    from wholebody_lift.cli import files

    paths = files.with_page(arguments)
    files.check_outputs(arguments, paths)
    from wholebody_lift import detectors
    from wholebody_lift.cli.lifting import lift_and_write

    people = detectors.detect_image(arguments.input, arguments.detector, **options.known(arguments))
    lift_and_write(people, arguments, paths)
    files.open_page(arguments, paths)
