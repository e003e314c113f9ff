"""`wholebody-lift convert`: 2D keypoints from one program's format to another's."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from wholebody_lift.cli import arguments as options
from wholebody_lift.cli.messages import say
from wholebody_lift.cli.paths import PIPE, one_of

SUMMARY = "Convert 2D keypoints to the format of another program"
DETAILS = (
    "IN may have any format that lift reads. Nothing is lifted, and no keypoint is dropped for a low score."
)
EXAMPLES = """\
  wholebody-lift convert alphapose-results.json detections.json
  wholebody-lift convert detections.json keypoints.npz
  wholebody-lift convert detections.json frames/
  wholebody-lift convert openpose-folder video.json --to mmpose
"""

_SUFFIXES = {
    "coco-wholebody": (".json",),
    "mmpose": (".json",),
    "openpose": (".json", ""),
    "arrays": (".npz",),
}
"""What OUT may end in; a folder has no suffix."""

_BY_SUFFIX = {".json": "coco-wholebody", ".npz": "arrays", "": "openpose"}


def add_arguments(command: ArgumentParser) -> None:
    options.add_source(
        command, "IN", "2D keypoints: a file, a folder with a file for each frame, or - for stdin"
    )
    options.add_layout(command)
    command.add_argument(
        "output",
        metavar="OUT",
        type=one_of((".json", ".npz", ""), pipe=True),
        help="where to write: a .json, an .npz, a folder, or - for JSON on stdout",
    )
    command.add_argument(
        "--to",
        choices=list(_SUFFIXES),
        help="format (default: coco-wholebody for .json and -, arrays for .npz, openpose for a folder)",
    )
    options.add_min_score(command, "0, which keeps every keypoint")
    options.add_fps(command, "that of IN, if it has one")
    options.add_track(command)
    options.add_camera(command)
    options.add_quiet(command)


def run(arguments: Namespace) -> None:
    out: Path = arguments.output
    suffix = ".json" if out == PIPE else out.suffix.lower()
    form = arguments.to or _BY_SUFFIX[suffix]
    if suffix not in _SUFFIXES[form]:
        wanted = " or ".join(s or "a folder" for s in _SUFFIXES[form])
        arguments.wrong_usage(f"expected OUT to be {wanted} for {form}, got {out}")

    from wholebody_lift.checks import PER_PERSON
    from wholebody_lift.cli import files
    from wholebody_lift.errors import count
    from wholebody_lift.formats import detections

    given = options.known(arguments)
    for_reading = {"min_score", "image_size"}  # the latter turns fractions of the image into pixels
    stated = [*given, *(["fps"] if arguments.fps else [])]
    lost = [name for name in stated if name not in detections.KEPT[form] | for_reading]
    if lost:
        arguments.wrong_usage(
            f"expected a format with a place for {', '.join(lost)}, got {form}; write arrays (.npz), which "
            "keep everything, or omit the option"
        )
    known = {"min_score": 0.0, **given, "layout": arguments.layout}
    people = files.read_detections(arguments.input, arguments.fps, **known)
    people = files.only(people, arguments.track)
    if out == PIPE:
        with files.piped() as file:
            detections.write_keypoints(people, file, form)
    else:
        if out.exists() and arguments.input.exists() and out.samefile(arguments.input):
            arguments.wrong_usage(f"{out} is the input; write to another file")
        out.parent.mkdir(parents=True, exist_ok=True)
        detections.write_keypoints(people, out, form)
    has = [name for name in (*PER_PERSON, "fps") if getattr(people, name) is not None]
    left_out = [name for name in has if name not in detections.KEPT[form]]
    if left_out:
        say(arguments, f"{form} has no place for {', '.join(left_out)}: left out")
    say(arguments, f"wrote {count(len(people))} as {form} to {'standard output' if out == PIPE else out}")
