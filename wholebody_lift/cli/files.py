"""Reading the input of a command and writing its outputs: files, folders, and pipes."""

from __future__ import annotations

import shutil
import sys
import tempfile
import warnings
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from wholebody_lift import outputs, tracks
from wholebody_lift.cli.messages import say
from wholebody_lift.cli.paths import PIPE, kind_of, outputs_of, title_of
from wholebody_lift.errors import InputError, listed
from wholebody_lift.extras import PILLOW
from wholebody_lift.kinds import Obstacle
from wholebody_lift.viewers import clip

if TYPE_CHECKING:
    from wholebody_lift.detectors import Pictures
    from wholebody_lift.keypoints import Keypoints2D
    from wholebody_lift.pose import Pose3D

_STDIN = "standard input"
Media = Literal["picture", "video"]
COMMAND: dict[Media, str] = {"picture": "image", "video": "video"}
"""The command for each medium."""
_ADVICE: dict[Obstacle, str] = {
    "who": "it is not known who is who from image to image; people need track ids before they are lifted",
    "when": "the frame rate is not known; give it with --fps",
    "several": "the file holds one person; choose one with --track",
}


# In


def read_detections(source: Path, fps: float | None, **known: Any) -> Keypoints2D:
    """2D keypoints from a file, a folder or the pipe; `known` as for `formats.read`."""
    from wholebody_lift import formats

    if source == PIPE:
        people = formats.read(_standard_input(), name=_STDIN, **known)
    else:
        try:
            people = formats.read(source, **known)
        except InputError as error:
            raise mistaken(source, "2D keypoints") or error from None
    rate = rate_of(people, fps)
    return people if rate == people.fps else people.replace(fps=rate)


def read_result(source: Path) -> Pose3D:
    """A saved result from a file or the pipe."""
    from wholebody_lift import formats

    if source == PIPE:
        return formats.read_pose(_standard_input(), name=_STDIN)
    try:
        return formats.read_pose(source)
    except InputError as error:
        raise mistaken(source, "a saved result") or error from None


def read_bone_lengths(path: Path) -> Any:
    """Bone lengths by name, as a JSON file has them, or (12,) of the one person of a saved result.

    Raises InputError for a file with anything else, and for a result with several people.
    """
    import json

    import numpy as np

    from wholebody_lift import checks
    from wholebody_lift.skeleton import LONG_BONES

    if path.suffix == ".json":
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, RecursionError) as error:
            raise InputError(f"{path}: expected JSON with bone lengths by name, got {error}") from None
        if isinstance(content, dict) and any(name in LONG_BONES for name in content):
            try:
                return checks.bone_lengths(content)
            except InputError as error:
                raise InputError(f"{path}: {error}") from None
    lengths = read_result(path).bone_lengths()
    if len(np.unique(lengths, axis=0)) != 1:
        raise InputError(
            f"{path}: expected the result of one person, got several; write one with `wholebody-lift lift "
            "--track`"
        )
    return lengths[0]


def rate_of(people: Keypoints2D | Pose3D, fps: float | None) -> float | None:
    """The rate of --fps, or else that of the input; warns where they differ."""
    if fps is None or people.fps is None:
        return fps or people.fps
    return tracks.rate(people, fps)


def check_media(source: Path, wanted: Media) -> None:
    """Raise InputError for a file that another command takes; whether it can be decoded, OpenCV finds out."""
    from wholebody_lift.detectors import headers

    begin = headers.beginning_of(source)
    got = headers.kind_of(begin)
    if got != wanted and not (wanted == "video" and headers.may_be_animated(begin)):
        error = mistaken(source, f"a {wanted}")
        if error is not None:
            raise error


def media_of(path: Path) -> Media | None:
    """What a file is by its first bytes; None if it is neither."""
    from wholebody_lift.detectors import headers

    return headers.kind_of(headers.beginning_of(path))


def mistaken(source: Path, wanted: str) -> InputError | None:
    """An error that names the right command for a file that another command takes; None for other files."""
    from wholebody_lift import formats

    if source.is_dir():
        return None
    media = media_of(source)
    if media is not None:
        return InputError(
            f"{source}: expected {wanted}, got a {media}; try: wholebody-lift {COMMAND[media]} {source}"
        )
    for got, read, command in (
        ("2D keypoints", formats.read, f"lift {source}"),
        ("a saved result", formats.read_pose, f"view {source}"),
    ):
        if got != wanted:
            with suppress(InputError), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                read(source)
                return InputError(f"{source}: expected {wanted}, got {got}; try: wholebody-lift {command}")
    return None


def _standard_input() -> bytes:
    if sys.stdin is None:
        raise OSError("standard input is closed; give the name of a file in place of -")
    return sys.stdin.buffer.read()


def only(people: Any, wanted: Sequence[int] | None) -> Any:
    """The people that --track names, of a Keypoints2D or a Pose3D; everybody without it.

    Raises InputError for a person who is not there, and if nothing tells the people apart.
    """
    if not wanted:
        return people
    if people.track_ids is None and len(tracks.images(people)) > 1:
        if tracks.numbers(people) is None:
            raise InputError(
                f"expected people with track ids for --track, got {tracks.in_words(people)} without; "
                "number them: lift them with --track-people and --fps"
            )
        raise InputError(
            f"expected people with track ids for --track, got {len(people)} images with one person each, who "
            "counts as the same person in all of them; leave --track out"
        )
    return tracks.only(people, wanted)


# Out


def check_outputs(arguments: Namespace, paths: Sequence[Path]) -> None:
    """Report before the work starts what would otherwise fail after it.

    Raises ImportError for a kind of file whose extra is not installed; exits where the input would be
    overwritten.
    """
    from wholebody_lift.pose import FRAMES

    angles = [] if arguments.angles is None else [arguments.angles]
    for path in [*paths, *angles]:
        kind = kind_of(path)
        if kind.missing is not None:
            raise ImportError(f"{path} needs {kind.missing.package}: {kind.missing.command}")
        frame = getattr(arguments, "frame", None)
        if kind.right_handed and frame is not None and FRAMES[frame].handedness == "left":
            raise InputError(f"{path}: expected a right-handed frame, as {kind.name} has one, got {frame}")
        if path != PIPE and path.exists() and arguments.input.exists() and path.samefile(arguments.input):
            arguments.wrong_usage(f"{path} is the input; write to another file")
    check_pictures(arguments, paths)


def check_pictures(arguments: Namespace, paths: Sequence[Path]) -> None:
    """Report before the work starts what keeps pictures from the outputs.

    Raises ImportError without the extra, OSError for a file of --pictures that cannot be opened, InputError
    for one that is neither a picture nor a video.
    """
    given = getattr(arguments, "pictures", None)
    if given is not None and media_of(given) is None:
        raise InputError(f"{given}: expected a photo or a video for --pictures, got another file")
    for path in paths:
        if pictures_for(arguments, path) is not None:
            PILLOW.needed_for(f"{path} with pictures")


def pictures_for(arguments: Namespace, path: Path) -> Pictures | None:
    """What --pictures names, or the photo or video that the command reads; pages have it only if asked."""
    if "pictures" not in kind_of(path).options:
        return None
    from wholebody_lift.detectors import Pictures

    given = getattr(arguments, "pictures", None)
    if given is not None:
        return Pictures(given)
    asked = getattr(arguments, "with_pictures", None)
    return None if asked is None or not (asked or kind_of(path) is clip.KIND) else Pictures(arguments.input)


def write_outputs(pose: Pose3D, arguments: Namespace, paths: Sequence[Path], **options: Any) -> None:
    """Write a result to every path that can hold it, complete formats first, each with the options it takes.

    Raises ValueError at the end, which names the files that could not be written and says why.
    """
    options["title"] = title_of(arguments.input)
    impossible = []
    for path in sorted(paths, key=lambda path: not kind_of(path).complete):
        kind = kind_of(path)
        obstacle = outputs.obstacle(pose, kind)
        if obstacle is not None:
            impossible.append(f"cannot write {path}: {_ADVICE[obstacle]}")
            continue
        taken = {name: value for name, value in options.items() if kind.takes(name, value)}
        pictures = pictures_for(arguments, path)
        if pictures is not None:
            taken["pictures"] = pictures
            if "sound" in kind.options and media_of(Path(pictures.path)) == "video":
                taken["sound"] = pictures.path
        try:
            if path == PIPE:
                with piped() as file:
                    outputs.write(pose, file, **taken)
            else:
                written = outputs.write(pose, path, **taken)
                say(arguments, f"wrote {listed(written)}")
        except ValueError as error:
            impossible.append(f"cannot write {path}: {error}")
    if arguments.angles is not None:
        _write_angles(pose, arguments.angles)
        say(arguments, f"wrote {arguments.angles}")
    if impossible:
        raise ValueError("; ".join(impossible))


def _write_angles(pose: Pose3D, path: Path) -> None:
    """Joint angles as a table, or as a plot."""
    if path.suffix.lower() == ".csv":
        outputs.write(pose, path, layout="angles")
        return
    from wholebody_lift.viewers import angle_plot

    path.parent.mkdir(parents=True, exist_ok=True)
    angle_plot.write(pose, path)


@contextmanager
def piped() -> Iterator[Path]:
    """A JSON file to be written, which then goes to stdout."""
    if sys.stdout is None:
        raise OSError("standard output is closed; give the name of a file in place of -")
    with tempfile.TemporaryDirectory(prefix="wholebody-lift-") as folder:
        path = Path(folder) / "output.json"
        yield path
        with path.open(encoding="utf-8") as file:
            shutil.copyfileobj(file, sys.stdout)


def with_page(arguments: Namespace) -> list[Path]:
    """The files to write: the outputs, and a page if one is to be opened."""
    paths = list(outputs_of(arguments))
    if (arguments.open or not paths) and not any(path.suffix.lower() == ".html" for path in paths):
        paths.append(page_beside(arguments.input))
    return paths


def page_beside(source: Path) -> Path:
    """The path of an input's page: beside the input, or in a temporary folder for the pipe."""
    if source == PIPE:  # the browser needs it after this program has ended
        return Path(tempfile.mkdtemp(prefix="wholebody-lift-")) / "result.html"
    if source.is_dir():
        return source.parent / f"{source.resolve().name}.html"
    return source.with_suffix(".html")


def open_page(arguments: Namespace, paths: Sequence[Path]) -> None:
    """Open the page among the outputs with --open or without -o; never for several inputs."""
    if arguments.alone and (arguments.open or not arguments.output):
        open_in_browser(arguments, next(path for path in paths if path.suffix.lower() == ".html"))


def open_in_browser(arguments: Namespace, page: Path) -> None:
    """Show a page, or say that there is no browser."""
    import webbrowser

    if not webbrowser.open(page.resolve().as_uri()):
        say(arguments, f"found no browser; open {page} yourself")
