"""`wholebody-lift lift`: from 2D keypoints to 3D."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from wholebody_lift.cli import arguments as options

SUMMARY = "Lift 2D keypoints to 3D"
DETAILS = (
    "INPUT is a file that a detector wrote: COCO-WholeBody, MMPose, OpenPose (a file, or the folder of a "
    "video), AlphaPose, MediaPipe, or plain arrays; the format is told from the content."
)
EXAMPLES = """\
  wholebody-lift lift detections.json -o result.json -o result.html
  wholebody-lift lift keypoints.npy --image-size 1920 1080 --height-mm 1780 -o result.csv
  wholebody-lift lift keypoints.npy --intrinsics 1400 1400 960 540 --frame blender -o result.json
  wholebody-lift lift video.json --fps 30 --track 3 -o walk.npz -o walk.bvh -o walk.trc
  detector | wholebody-lift lift - -o - | wholebody-lift view -
"""


def add_arguments(command: ArgumentParser) -> None:
    options.add_source(
        command, "INPUT", "2D keypoints: a file, a folder with a file for each frame, or - for stdin"
    )
    options.add_layout(command)
    options.add_min_score(command, "0.3")
    options.add_output(command, required=True)
    options.add_camera(command)
    options.add_time(command, "that of the file, if it has one")
    options.add_model(command)


def run(arguments: Namespace) -> None:
    from wholebody_lift.cli import files

    files.check_outputs(arguments, arguments.output)
    known = {**options.known(arguments), "layout": arguments.layout}
    people = files.read_detections(arguments.input, arguments.fps, **known)
    from wholebody_lift.cli.lifting import lift_and_write

    lift_and_write(people, arguments, arguments.output)
