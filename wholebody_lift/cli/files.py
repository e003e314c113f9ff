"""What goes in and what comes out: files, folders, and - for the pipe."""

from __future__ import annotations

import shutil
import sys
import tempfile
from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wholebody_lift import outputs
from wholebody_lift.outputs import KINDS, Kind

if TYPE_CHECKING:
    from wholebody_lift.keypoints import Keypoints2D
    from wholebody_lift.pose import Pose3D

PIPE = Path("-")
"""Stands for stdin or stdout."""

_STDIN = "standard input"
_ADVICE: dict[outputs.Obstacle, str] = {
    "who": "it is not known who is who in several images; people need track ids before they are lifted",
    "when": "the frame rate is not known; give it with --fps",
    "several": "it holds one person; choose one with --track",
}


def one_of(suffixes: Sequence[str], *, pipe: bool = False) -> Callable[[str], Path]:
    """An argument type: a path with one of the suffixes, so that a wrong one is told before the work."""

    def parse(text: str) -> Path:
        path = Path(text)
        if path.suffix.lower() in suffixes or (pipe and path == PIPE):
            return path
        raise ArgumentTypeError(
            f"got {text!r}; its name must end in {' or '.join(suffixes)}{', or be -' if pipe else ''}"
        )

    return parse


# In


def read_detections(source: Path, **known: Any) -> Keypoints2D:
    """2D keypoints from a file, a folder or the pipe; `known` as for `formats.read`."""
    from wholebody_lift import formats, inputs

    if source == PIPE:
        return inputs.read(sys.stdin.buffer.read(), _STDIN, **known)
    return formats.read(source, **known)


def read_result(source: Path) -> Pose3D:
    """A saved result from a file or the pipe."""
    from wholebody_lift import formats, inputs

    if source == PIPE:
        return inputs.read_pose(sys.stdin.buffer.read(), _STDIN)
    return formats.read_pose(source)


def only(people: Any, tracks: Sequence[int] | None) -> Any:
    """The rows of some people, by track id, or by number (0, 1, ...) in a single image.

    `people` is a Keypoints2D or a Pose3D, and so is the answer. Raises InputError for who is not there.
    """
    if not tracks:
        return people
    import numpy as np

    from wholebody_lift.errors import InputError

    who = outputs.numbers(people)
    if who is None:
        raise InputError("got --track, but the people have no track ids")
    known = np.unique(who).tolist()
    for track in tracks:
        if track not in known:
            raise InputError(f"got --track {track}; there are {', '.join(map(str, known))}")
    return people[np.flatnonzero(np.isin(who, tracks))]


def title_of(source: Path) -> str:
    """What a page about it is called."""
    return "wholebody-lift" if source == PIPE else source.name


# Out


def kind_of(path: Path) -> Kind:
    """The kind of file that an output is; the pipe is JSON."""
    return KINDS[".json" if path == PIPE else path.suffix.lower()]


def check_outputs(arguments: Namespace, paths: Sequence[Path], source: Path) -> None:
    """Say before the work starts what would fail after it.

    Raises ImportError for a kind of file whose extra is not installed; exits where the input would be
    overwritten.
    """
    for path in paths:
        missing = kind_of(path).missing
        if missing is not None:
            raise ImportError(f"{path} needs {missing.module}: {missing.command}")
        if path != PIPE and path.exists() and source.exists() and path.samefile(source):
            arguments.wrong_usage(f"{path} is the input; write to another file")


def write_outputs(
    pose: Pose3D, paths: Sequence[Path], title: str, wrote: Callable[[Path], object], **options: Any
) -> None:
    """Write a result in all forms that are possible, complete ones first; each takes the options it knows.

    Raises ValueError at the end, which names the others and says why.
    """
    impossible = []
    for path in sorted(paths, key=lambda path: not kind_of(path).complete):
        kind = kind_of(path)
        obstacle = outputs.obstacle(pose, kind)
        if obstacle is not None:
            impossible.append(f"cannot write {path}: {_ADVICE[obstacle]}")
            continue
        taken = {name: value for name, value in options.items() if name in kind.options}
        if path == PIPE:
            with piped() as file:
                outputs.write(pose, file, **taken)
        else:
            outputs.write(pose, path, title=title, **taken)
            wrote(path)
    if impossible:
        raise ValueError("; ".join(impossible))


@contextmanager
def piped() -> Iterator[Path]:
    """A JSON file to be written, which then goes to stdout."""
    with tempfile.TemporaryDirectory(prefix="wholebody-lift-") as folder:
        path = Path(folder) / "output.json"
        yield path
        with path.open(encoding="utf-8") as file:
            shutil.copyfileobj(file, sys.stdout)


def with_page(arguments: Namespace) -> list[Path]:
    """What is to be written: the outputs, and a page if one is to be opened."""
    paths = list(arguments.output or [])
    if (arguments.open or not paths) and not any(path.suffix.lower() == ".html" for path in paths):
        paths.append(arguments.input.with_suffix(".html"))
    return paths


def open_page(arguments: Namespace, paths: Sequence[Path], say: Callable[[str], object]) -> None:
    """Open the page among the outputs, if that was asked for or nothing else was."""
    if arguments.open or not arguments.output:
        open_in_browser(next(path for path in paths if path.suffix.lower() == ".html"), say)


def open_in_browser(page: Path, say: Callable[[str], object]) -> None:
    """Show a page, or say that there is nothing to show it with."""
    import webbrowser

    if not webbrowser.open(page.resolve().as_uri()):
        say(f"found no browser to open it with; open {page} by hand")
