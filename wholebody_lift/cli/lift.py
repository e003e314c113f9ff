"""`wholebody-lift lift`: from 2D keypoints to 3D."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from wholebody_lift.cli import arguments as options

if TYPE_CHECKING:
    from wholebody_lift.keypoints import Keypoints2D

SUMMARY = "Lift 2D keypoints to 3D"
DETAILS = (
    "INPUT is a file that a detector wrote: COCO-WholeBody, MMPose, OpenPose (a file, or the folder of a "
    "video), AlphaPose, MediaPipe, or plain arrays; the format is told from the content. "
    "Without -o, an HTML page is written beside it and opened."
)
EXAMPLES = """\
  wholebody-lift lift detections.json
  wholebody-lift lift detections.json -o result.json -o result.html
  wholebody-lift lift *.json -o out/{name}.npz
  wholebody-lift lift keypoints.npy --image-size 1920 1080 --height-mm 1780 -o result.csv
  wholebody-lift lift keypoints.npy --intrinsics 1400 1400 960 540 --frame blender -o result.json
  wholebody-lift lift video.json --fps 30 --track 3 -o walk.npz -o walk.bvh -o walk.trc
  detector | wholebody-lift lift - -o - | wholebody-lift view -
"""


def add_arguments(command: ArgumentParser) -> None:
    options.add_sources(
        command,
        "INPUT",
        "2D keypoints: files or patterns, a folder with a file for each frame, or - for stdin",
    )
    options.add_layout(command)
    options.add_min_score(command)
    options.add_shown_output(command)
    options.add_pictures(command)
    options.add_camera(command)
    options.add_time(command, "that of the file, if it has one")
    options.add_model(command)


def run(arguments: Namespace) -> None:
    from wholebody_lift.cli import files
    from wholebody_lift.cli.lifting import lift_each

    def read(one: Namespace) -> Keypoints2D:
        return files.read_detections(one.input, one.fps, **options.known(one), layout=one.layout)

    lift_each(arguments, read)
