"""`wholebody-lift video`: the people of a video in 3D."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from wholebody_lift.cli import arguments as options
from wholebody_lift.cli.messages import progress
from wholebody_lift.extras import DETECT

if TYPE_CHECKING:
    from wholebody_lift.keypoints import Keypoints2D

SUMMARY = "Find the people in videos and lift them to 3D"
DETAILS = (
    f"Needs a detector: {DETECT.command}. Without -o, an HTML page is written beside the video and opened; "
    "of several videos, or a folder, each gets its own."
)
EXAMPLES = """\
  wholebody-lift video clip.mp4
  wholebody-lift video clip.mp4 --lock-feet -o clip.npz -o clip.bvh
  wholebody-lift video clip.mp4 --smooth none -o clip.csv
  wholebody-lift video takes/ -o out/{name}.npz
"""


def add_arguments(command: ArgumentParser) -> None:
    options.add_sources(command, "CLIP", "videos, such as .mp4: files, patterns, or folders of them")
    options.add_detector(command)
    command.add_argument(
        "--every",
        type=options.whole_number,
        default=1,
        metavar="N",
        help="process only every N-th frame (default: %(default)s)",
    )
    options.add_shown_output(command)
    options.add_with_pictures(command)
    options.add_camera(command, image_size=False)
    options.add_time(command, "that of the video")
    options.add_model(command)


def run(arguments: Namespace) -> None:
    from wholebody_lift.cli import files
    from wholebody_lift.cli.lifting import lift_each

    def read(one: Namespace) -> Keypoints2D:
        files.check_media(one.input, "video")
        from wholebody_lift import detectors

        with progress(one, "frames") as show:
            return detectors.detect_video(
                one.input,
                one.detector,
                every=one.every,
                fps=one.fps,
                track=one.track_people is not False,
                progress=show,
                **options.known(one),
            )

    lift_each(arguments, read, "video")
