"""The paths on the command line: files, and - for the pipe."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wholebody_lift.kinds import Kind

PIPE = Path("-")
"""Stands for stdin or stdout."""


_INSTEAD = {
    ".glb": (".fbx", ".gltf", ".obj", ".usd", ".usdz", ".usda", ".dae", ".vrm", ".blend", ".ply"),
    ".csv": (".xlsx", ".xls", ".tsv", ".txt", ".parquet"),
    ".npz": (".npy", ".pkl", ".pickle", ".mat", ".h5", ".pt"),
    ".png": (".jpg", ".jpeg", ".webp", ".gif", ".tif", ".tiff", ".bmp"),
    ".html": (".htm",),
    ".mp4": (".mov", ".avi", ".mkv", ".webm", ".m4v"),
}
"""The kind of file to suggest for suffixes that cannot be written."""


def _instead(suffix: str, suffixes: Iterable[str]) -> str:
    for instead, asked in _INSTEAD.items():
        if suffix in asked and instead in suffixes:
            return f"; for {suffix}, write {instead}" + (
                ", which Blender imports and saves as other kinds" if instead == ".glb" else ""
            )
    return ""


def one_of(suffixes: Iterable[str], *, pipe: bool = False) -> Callable[[str], Path]:
    """An argument type: a path with one of the suffixes; a wrong suffix is reported before any work."""
    wanted = [suffix or "no suffix" for suffix in suffixes]

    def parse(text: str) -> Path:
        path = Path(text)
        if path.suffix.lower() in suffixes or (pipe and path == PIPE):
            return path
        raise ArgumentTypeError(
            f"expected a name that ends in {' or '.join(wanted)}{', or -' if pipe else ''}, got {text!r}"
            f"{_instead(path.suffix.lower(), suffixes)}"
        )

    return parse


def kind_of(path: Path) -> Kind:
    """The kind of file that an output is; the pipe is JSON."""
    from wholebody_lift.outputs import KINDS

    return KINDS[".json" if path == PIPE else path.suffix.lower()]


def outputs_of(arguments: Namespace) -> Sequence[Path]:
    """What -o or OUT names, if anything."""
    given = getattr(arguments, "output", None)
    return given if isinstance(given, list) else [given] if given else []


def title_of(source: Path) -> str:
    """The title of an input's page."""
    return "wholebody-lift" if source == PIPE else source.name
