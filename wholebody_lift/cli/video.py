"""`wholebody-lift video`: the people of a video in 3D."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace

from wholebody_lift.cli import arguments as options
from wholebody_lift.cli.messages import progress
from wholebody_lift.extras import DETECT

SUMMARY = "Find the people in a video and lift them to 3D"
DETAILS = (
    f"Needs a detector: {DETECT.command}. Without -o, an HTML page is written beside the video and opened."
)
EXAMPLES = """\
  wholebody-lift video clip.mp4
  wholebody-lift video clip.mp4 --lock-feet -o clip.npz -o clip.bvh
  wholebody-lift video clip.mp4 --smooth none -o clip.csv
"""


def _count(text: str) -> int:
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise ArgumentTypeError(f"expected a whole number over 0, got {text!r}")


def add_arguments(command: ArgumentParser) -> None:
    options.add_source(command, "CLIP", "a video, such as .mp4")
    options.add_detector(command)
    command.add_argument(
        "--every",
        type=_count,
        default=1,
        metavar="N",
        help="process only every N-th frame (default: %(default)s)",
    )
    options.add_detected_output(command)
    options.add_camera(command, image_size=False)
    options.add_time(command, "that of the video")
    options.add_model(command)


def run(arguments: Namespace) -> None:
    from wholebody_lift.cli import files

    paths = files.with_page(arguments)
    files.check_outputs(arguments, paths)
    from wholebody_lift import detectors
    from wholebody_lift.cli.lifting import lift_and_write

    with progress(arguments, "frames") as show:
        people = detectors.detect_video(
            arguments.input,
            arguments.detector,
            every=arguments.every,
            progress=show,
            **options.known(arguments),
        )
    people = people.replace(fps=files.rate_of(people, arguments.fps))
    lift_and_write(people, arguments, paths)
    files.open_page(arguments, paths)
