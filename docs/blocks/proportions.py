"""Proportions of real and of synthetic people: anthropometry.md."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from blocks.writing import table
from wholebody_lift.train.synthetic import anthropometry
from wholebody_lift.train.synthetic.anthropometry import MEASUREMENTS, Spread
from wholebody_lift.train.synthetic.rig import load_rig


def adults() -> str:
    """Measurements with the same definition in both."""
    return _measurements(apart=False)


def adults_apart() -> str:
    """Measurements between different points of the body."""
    return _measurements(apart=True)


@functools.cache
def _adults() -> dict[str, Any]:

    return anthropometry.of_people(load_rig())


def _measurements(*, apart: bool) -> str:

    def cell(name: str, spread: Spread) -> str:
        digits = 0 if name == "stature" else 2
        return f"{spread.mean:.{digits}f} ± {spread.deviation:.{digits}f}"

    rows = []
    for name, measurement in MEASUREMENTS.items():
        if bool(measurement.apart) != apart:
            continue
        men, women = _adults()[name]
        drillis = "" if measurement.drillis is None else f"{measurement.drillis:.1f}"
        cells = [cell(name, spread) for spread in (measurement.men, men, measurement.women, women)]
        why = (measurement.apart,) if apart else ()
        rows.append((name, measurement.survey, measurement.ours, *cells, drillis, *why))
    header = ("", "ANSUR II", "Ours", "Men", "Our men", "Women", "Our women", "Drillis and Contini")
    return table((*header, "Why they differ") if apart else header, rows)


BLOCKS: dict[str, Callable[[], str]] = {
    "adults": adults,
    "adults-apart": adults_apart,
}
