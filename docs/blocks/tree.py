"""The tree of the package, one line a file, from the first sentence of each file."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from blocks.writing import ROOT

_PAGES = {"page": "The page: HTML, CSS and JavaScript", "data": "Tables that the modules beside it read"}
"""Folders without Python, shown as one line."""

_LONGEST = 110


def tree() -> str:
    lines = list(_lines(ROOT / "wholebody_lift", 0))
    width = max(len(name) for name, _ in lines) + 2
    return "\n".join(("```text", *(f"{name:{width}}{about}".rstrip() for name, about in lines), "```"))


def _lines(folder: Path, depth: int) -> Iterator[tuple[str, str]]:
    """A folder and its contents: indented names, each with a description."""
    inside = [path for path in sorted(folder.iterdir()) if not _is_left_by_python(path)]
    module = folder / "__init__.py"
    yield (
        f"{'  ' * depth}{folder.name}/",
        _first_sentence(module) if module in inside else _PAGES[folder.name],
    )
    if module not in inside:
        return
    for path in inside:
        if path.suffix == ".py" and path != module:
            yield f"{'  ' * (depth + 1)}{path.name}", _first_sentence(path)
    for path in inside:
        if path.is_dir():
            yield from _lines(path, depth + 1)


def _is_left_by_python(path: Path) -> bool:
    """Whether a folder contains only compiled modules, as one does whose sources were removed."""
    return path.name == "__pycache__" or (path.is_dir() and all(map(_is_left_by_python, path.iterdir())))


def _first_sentence(path: Path) -> str:
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    sentence = re.split(r"(?<=\.)\s", " ".join(text.split("\n\n")[0].split()))[0]
    sentence = re.sub(r" \([^)]*\)", "", sentence).rstrip(".")  # sources stand in the file
    return sentence if len(sentence) <= _LONGEST else sentence.split(": ")[0]


BLOCKS = {"tree": tree}
