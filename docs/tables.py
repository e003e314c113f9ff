"""Write what the documentation quotes from the code: tables, messages, an example file.

`python docs/tables.py` writes every block that stands in a page between `<!-- begin NAME -->` and
`<!-- end NAME -->` anew; tests/test_docs.py checks that this changes nothing. The blocks are in docs/blocks.
"""

import re
from collections.abc import Callable

from blocks import command_line, figures, messages, proportions, result_files, skeleton, training, tree
from blocks.writing import ROOT

PAGES = (
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "weights" / "README.md",
    ROOT / "weights" / "tiny" / "README.md",
)
BLOCKS: dict[str, Callable[[], str]] = {
    name: block
    for module in (skeleton, messages, result_files, command_line, training, proportions, figures, tree)
    for name, block in module.BLOCKS.items()
}
"""Every block by its name in the pages."""

_BLOCK = re.compile(r"(<!-- begin ([\w-]+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)


def render(page: str) -> str:
    """The page with every block as the code says it."""
    return _BLOCK.sub(lambda match: f"{match[1]}\n{BLOCKS[match[2]]()}\n\n{match[3]}", page)


def main() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        page.write_text(render(text), encoding="utf-8")


if __name__ == "__main__":
    main()
