"""Tables as Markdown."""

from collections.abc import Iterable, Sequence


def table(header: Sequence[object], rows: Iterable[Sequence[object]], *, numbers: bool = True) -> str:
    """A table whose columns after the first hold numbers, aligned to the right, or else text."""
    rule = ["---", *["---:" if numbers else "---"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in (header, rule, *rows))
