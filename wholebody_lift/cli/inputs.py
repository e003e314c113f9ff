"""Several inputs of one command: files, folders and patterns, each with outputs of its own."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Sequence
from glob import glob, has_magic
from pathlib import Path

from wholebody_lift.cli import files
from wholebody_lift.cli.files import COMMAND, Media
from wholebody_lift.cli.messages import say, text_of
from wholebody_lift.cli.paths import PIPE, outputs_of
from wholebody_lift.errors import InputError, listed

NAME = "{name}"
"""Placeholder in OUT for the name of the input without its suffix."""


def each(arguments: Namespace, work: Callable[[Namespace], None], media: Media | None = None) -> None:
    """Do the work of a command for each of its inputs.

    `work` gets the arguments with one `input`, its `output`, and `alone`, which says whether it is the only
    input. If one of several inputs fails, its error is printed and the others are still processed.

    Args:
        arguments: with `inputs`, as given: files, folders of `media`, patterns such as photos/*.jpg.
        work: what to do for one input.
        media: what a folder is searched for; None if a folder is one input.

    Raises what `work` raises for a single input; InputError at the end if any of several failed, or where
    nothing matches; exits where several inputs would be written to one file.
    """
    sources = _sources(arguments.inputs, media)
    if len(sources) > 1:
        _check_names(arguments, sources)
    failed = []
    for source in sources:
        one = Namespace(**vars(arguments))
        one.input, one.alone = source, len(sources) == 1
        one.output = _outputs(arguments, source)
        if one.angles is not None:
            one.angles = _for(source, one.angles)
        if one.alone:
            work(one)
            return
        say(arguments, f"{source}:")
        try:
            work(one)
        except (OSError, ValueError) as error:
            failed.append(source)
            print(f"wholebody-lift: error: {text_of(error)}", file=sys.stderr)
    if failed:
        raise InputError(f"{len(failed)} of {len(sources)} inputs failed: {listed(failed)}")


def _sources(given: Sequence[Path], media: Media | None) -> list[Path]:
    """The input files, each once, in the order given; those of a folder or a pattern are sorted by name."""
    found: list[Path] = []
    for path in given:
        if has_magic(str(path)) and not path.exists():  # a shell that does not expand patterns, or quotes
            matches = [Path(match) for match in _by_name(glob(str(path), recursive=True))]
            if not matches:
                raise InputError(f"expected files that match {path}, got none")
            found += matches
        elif media is not None and path.is_dir():
            found += _in_folder(path, media)
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def _in_folder(folder: Path, media: Media) -> list[Path]:
    names = _by_name(path.name for path in folder.iterdir() if path.is_file() and path.name[0] != ".")
    of_each = {name: files.media_of(folder / name) for name in names}
    found = [folder / name for name, kind in of_each.items() if kind == media]
    if not found:
        other: Media = "picture" if media == "video" else "video"
        fix = f"; try: wholebody-lift {COMMAND[other]} {folder}" if other in of_each.values() else ""
        raise InputError(f"{folder}: expected a folder with {media}s, got one with {listed(names)}{fix}")
    return found


def _by_name(names: Iterable[str]) -> list[str]:
    from wholebody_lift.formats.detections.frame_names import natural_order

    return natural_order(list(names))


def _check_names(arguments: Namespace, sources: Sequence[Path]) -> None:
    """Exit if two inputs would be written to the same file."""
    if PIPE in sources:
        arguments.wrong_usage(f"expected - as the only input, got {len(sources)} inputs")
    if getattr(arguments, "open", False):
        arguments.wrong_usage(f"expected one input with --open, got {len(sources)}")
    for path in [*outputs_of(arguments), *([] if arguments.angles is None else [arguments.angles])]:
        if path == PIPE or NAME not in str(path):
            name = NAME + (".json" if path == PIPE else path.suffix)
            arguments.wrong_usage(
                f"expected a file for each of {len(sources)} inputs, got {path}; write {NAME} for the "
                f"name of the input: -o {path.with_name(name) if path != PIPE else name}"
            )
    written = [
        path for source in sources for path in (_outputs(arguments, source) or [files.page_beside(source)])
    ]
    if arguments.angles is not None:
        written += [_for(source, arguments.angles) for source in sources]
    twice = [path for path in dict.fromkeys(written) if written.count(path) > 1]
    if twice:
        arguments.wrong_usage(f"expected inputs with different names, got several for {listed(twice)}")


def _outputs(arguments: Namespace, source: Path) -> list[Path]:
    """What -o names, for one of the inputs."""
    return [_for(source, path) for path in outputs_of(arguments)]


def _for(source: Path, path: Path) -> Path:
    return Path(str(path).replace(NAME, source.stem))
