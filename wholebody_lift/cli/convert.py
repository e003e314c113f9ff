"""`wholebody-lift convert`: 2D keypoints from one program's format to another's."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from wholebody_lift.cli import arguments as options
from wholebody_lift.cli import files
from wholebody_lift.cli.messages import say

SUMMARY = "Convert 2D keypoints to the format of another program"
DETAILS = (
    "Every format that lift reads can be IN. Nothing is lifted and no keypoint is dropped for its score."
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
"""What names of OUT may end in; a folder has no suffix."""

_BY_SUFFIX = {".json": "coco-wholebody", ".npz": "arrays", "": "openpose"}


def add_arguments(command: ArgumentParser) -> None:
    options.add_source(command, "IN", "2D keypoints: a file, a folder of OpenPose, or - for stdin")
    command.add_argument(
        "output",
        metavar="OUT",
        type=files.one_of((".json", ".npz", ""), pipe=True),
        help="where to write: a .json, an .npz, a folder, or - for JSON on stdout",
    )
    command.add_argument(
        "--to",
        choices=list(_SUFFIXES),
        help="format (default: coco-wholebody for .json and -, arrays for .npz, openpose for a folder)",
    )
    options.add_min_score(command, "0, which keeps all")
    command.add_argument(
        "--fps", type=options.number, metavar="F", help="frames per second, where the file does not say"
    )
    options.add_track(command)
    options.add_camera(command)
    command.add_argument("-q", "--quiet", action="store_true", help="say nothing but warnings and errors")


def run(arguments: Namespace) -> None:
    out: Path = arguments.output
    suffix = ".json" if out == files.PIPE else out.suffix.lower()
    form = arguments.to or _BY_SUFFIX[suffix]
    if suffix not in _SUFFIXES[form]:
        wanted = " or ".join(s or "a folder" for s in _SUFFIXES[form])
        arguments.wrong_usage(f"got OUT {out} for {form}, which is written to {wanted}")

    from wholebody_lift import formats

    known = {"min_score": 0.0, **options.known(arguments), "fps": arguments.fps}
    people = files.read_detections(arguments.input, **known)
    people = files.only(people, arguments.track)
    if out == files.PIPE:
        with files.piped() as file:
            formats.write_keypoints(people, file, form)
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        formats.write_keypoints(people, out, form)
    number = f"{len(people)} {'person' if len(people) == 1 else 'people'}"
    say(arguments, f"wrote {number} as {form} to {'standard output' if out == files.PIPE else out}")
