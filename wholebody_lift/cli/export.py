"""`wholebody-lift export`: from a saved result to the files of other programs."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import replace

from wholebody_lift.cli import arguments as options
from wholebody_lift.cli import files
from wholebody_lift.cli.messages import say
from wholebody_lift.outputs import LAYOUTS, NAMES, ORIGINS

SUMMARY = "Write a saved result for another program"
DETAILS = "RESULT is a .json or .npz that lift, image or video wrote."
EXAMPLES = """\
  wholebody-lift export result.npz -o walk.bvh -o walk.glb
  wholebody-lift export result.npz -o walk.trc --names pose2sim --observed-only
  wholebody-lift export result.json --track 7 --fps 25 -o person7.c3d
  wholebody-lift export result.json -o table.csv --layout wide --frame unity
"""

_FLAGS = {
    "frame": "--frame",
    "origin": "--origin",
    "layout": "--layout",
    "names": "--names",
    "inferred": "--observed-only",
}


def add_arguments(command: ArgumentParser) -> None:
    options.add_source(command, "RESULT", "a saved result: .json, .npz, or - for JSON on stdin")
    options.add_output(command, required=True)
    group = command.add_argument_group("formats")
    group.add_argument(
        "--origin",
        choices=ORIGINS,
        help="where positions are from: the ground under the hips of the first frame, the camera, or each "
        "person's hips (.trc, .c3d, .bvh, .glb; default: ground)",
    )
    group.add_argument(
        "--layout", choices=LAYOUTS, help="a row per keypoint, or per person and image (.csv; default: long)"
    )
    group.add_argument(
        "--names",
        choices=NAMES,
        help="names of markers: ours, in mm, or Pose2Sim's, in m (.trc; default: keypoints)",
    )
    group.add_argument(
        "--observed-only",
        dest="inferred",
        action="store_const",
        const=False,
        help="leave out keypoints that are inferred (.trc, .c3d)",
    )
    over_time = command.add_argument_group("people over time")
    over_time.add_argument(
        "--fps", type=options.number, metavar="F", help="frames per second (default: that of the result)"
    )
    options.add_track(over_time)


def run(arguments: Namespace) -> None:
    given = {name: getattr(arguments, name) for name in _FLAGS if getattr(arguments, name) is not None}
    taken = set().union(*(files.kind_of(path).options for path in arguments.output))
    for name in given.keys() - taken:
        arguments.wrong_usage(f"no OUT takes {_FLAGS[name]}")
    files.check_outputs(arguments, arguments.output, arguments.input)
    pose = files.read_result(arguments.input)
    if arguments.fps is not None:
        pose = replace(pose, fps=arguments.fps)
    files.write_outputs(
        files.only(pose, arguments.track),
        arguments.output,
        files.title_of(arguments.input),
        lambda path: say(arguments, f"wrote {path}"),
        **given,
    )
