"""`wholebody-lift image`: the people of a photo in 3D."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from contextlib import ExitStack
from typing import TYPE_CHECKING

from wholebody_lift.cli import arguments as options
from wholebody_lift.extras import DETECT

if TYPE_CHECKING:
    from wholebody_lift.detectors import Detect
    from wholebody_lift.keypoints import Keypoints2D

SUMMARY = "Find the people in photos and lift them to 3D"
DETAILS = (
    f"Needs a detector: {DETECT.command}. Without -o, an HTML page is written beside the photo and opened; "
    "of several photos, or a folder, each gets its own."
)
EXAMPLES = """\
  wholebody-lift image photo.jpg
  wholebody-lift image photo.jpg -o result.json -o result.glb
  wholebody-lift image photo.jpg --height-mm 1780 -o page.html --open
  wholebody-lift image photos/ -o out/{name}.json -o out/{name}.png
"""


def add_arguments(command: ArgumentParser) -> None:
    options.add_sources(
        command, "PHOTO", "pictures, such as .jpg or .png: files, patterns, or folders of them"
    )
    options.add_detector(command)
    options.add_track(command)
    options.add_shown_output(command)
    options.add_with_pictures(command)
    options.add_camera(command, image_size=False)
    options.add_model(command)
    command.set_defaults(
        smooth="none", track_people=False, smoothness=None, lock_feet=False, camera_height=None
    )


def run(arguments: Namespace) -> None:
    from wholebody_lift.cli import files
    from wholebody_lift.cli.lifting import lift_each

    with ExitStack() as stack:
        detector: list[Detect] = []  # loaded once, when the first photo has been looked at

        def read(one: Namespace) -> Keypoints2D:
            files.check_media(one.input, "picture")
            from wholebody_lift import detectors

            if not detector:
                detector.append(stack.enter_context(detectors.start(one.detector)))
            return detectors.detect_image(one.input, detector[0], **options.known(one))

        lift_each(arguments, read, "picture")
