"""How blocks are written."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from wholebody_lift.train import markdown

ROOT = Path(__file__).resolve().parents[2]
"""The root of the checkout."""

EXAMPLES = ROOT / "examples" / "data"
WIDTH = 96
"""Width of wrapped text, in characters."""


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of text."""
    return markdown.table(header, rows, numbers=False)


def code(text: object) -> str:
    """As code."""
    return f"`{text}`"


def value_range(values: Sequence[float], unit: str = "") -> str:
    """Least and greatest value."""
    low, high = values
    return f"{low:g} to {high:g}{unit}"


def percent(share: float) -> str:
    """A share in percent."""
    return f"{round(100 * share, 1):g}%"


def list_shares(shares: dict[str, float]) -> str:
    """Names with their shares of the whole, in a line."""
    total = sum(shares.values())
    return ", ".join(f"{name.replace('_', ' ')} {percent(share / total)}" for name, share in shares.items())
