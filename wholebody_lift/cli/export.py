"""`wholebody-lift export`: from a saved result to the files of other programs."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import get_args

from wholebody_lift.cli import arguments as options
from wholebody_lift.cli.paths import kind_of

SUMMARY = "Convert a saved result for another program"
DETAILS = "RESULT is a .json or .npz that lift, image or video wrote."
EXAMPLES = """\
  wholebody-lift export result.npz -o walk.bvh -o walk.glb
  wholebody-lift export result.npz -o walk.bvh --names mixamo
  wholebody-lift export result.npz -o walk.trc --names pose2sim --observed-only
  wholebody-lift export result.json --track 7 --fps 25 -o person7.c3d
  wholebody-lift export result.json -o table.csv --layout wide --frame unity
  wholebody-lift export result.npz -o walk.mot --angles angles.csv
"""

_FLAGS = {
    "frame": "--frame",
    "origin": "--origin",
    "layout": "--layout",
    "names": "--names",
    "inferred": "--observed-only",
}


def add_arguments(command: ArgumentParser) -> None:
    from wholebody_lift.formats.results.bone_names import BoneNames
    from wholebody_lift.formats.results.motion import Origin
    from wholebody_lift.formats.results.pose_csv import TableLayout
    from wholebody_lift.formats.results.trc import Names

    options.add_source(command, "RESULT", "a saved result: .json, .npz, or - for JSON on stdin")
    options.add_output(command, frame="that of the result")
    group = command.add_argument_group("formats")
    group.add_argument(
        "--origin",
        choices=get_args(Origin),
        help="origin of all positions: the ground under the hips of the first frame, the camera, or each "
        f"person's hips ({options.takers('origin')}; default: ground)",
    )
    group.add_argument(
        "--layout",
        choices=get_args(TableLayout),
        help="a row per keypoint (long), or per person and image, with all keypoints (wide) or joint angles "
        f"({options.takers('layout')}; default: long)",
    )
    group.add_argument(
        "--names",
        choices=(*get_args(Names), *get_args(BoneNames)),
        help="names of the markers in .trc: those of the keypoints, in mm, or Pose2Sim's, in m (default: "
        "keypoints); or of the bones in .bvh and .glb (default: vrm)",
    )
    group.add_argument(
        "--observed-only",
        dest="inferred",
        action="store_const",
        const=False,
        help=f"omit inferred keypoints ({options.takers('inferred')})",
    )
    options.add_pictures(group)
    over_time = command.add_argument_group("people over time")
    options.add_fps(over_time, "that of the result")
    options.add_track(over_time)


def run(arguments: Namespace) -> None:
    if not arguments.output and arguments.angles is None:
        arguments.wrong_usage("expected -o or --angles, got neither")
    arguments.output = arguments.output or []
    from dataclasses import replace

    from wholebody_lift.cli import files

    given = {name: getattr(arguments, name) for name in _FLAGS if getattr(arguments, name) is not None}
    for name, value in given.items():
        if not any(kind_of(path).takes(name, value) for path in arguments.output):
            flag = f"{_FLAGS[name]} {value}" if name == "names" else _FLAGS[name]
            takers = options.takers(name, value)
            arguments.wrong_usage(f"expected an OUT that takes {flag} ({takers}), got none")
    shows = any("pictures" in kind_of(path).options for path in arguments.output)
    if arguments.pictures is not None and not shows:
        takers = options.takers("pictures")
        arguments.wrong_usage(f"expected an OUT that takes --pictures ({takers}), got none")
    files.check_outputs(arguments, arguments.output)
    pose = files.read_result(arguments.input)
    pose = replace(pose, fps=files.rate_of(pose, arguments.fps))
    files.write_outputs(files.only(pose, arguments.track), arguments, arguments.output, **given)
