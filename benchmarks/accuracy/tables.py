"""What was found, as Markdown."""

import statistics
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.accuracy.contestants import CONTESTANTS, GROUPS
from benchmarks.accuracy.match import VIEWS, Pace
from wholebody_lift.train.markdown import table

FIGURES: dict[str, str] = {
    "whole": "MPJPE",
    "seen": "of given",
    "n_mpjpe": "N-MPJPE",
    "pa_mpjpe": "PA-MPJPE",
    "body": "body",
    "face_at_nose": "face at nose",
    "hands_at_wrist": "hands at wrist",
}
"""Columns: fields of `evaluate.Result` and how they are called; mm."""

Record = dict[str, Any]


def of_results(records: Sequence[Record]) -> str:
    """Costs of all networks, MPJPE of all `VIEWS` in short, then a table for each of them.

    Where there are several seeds, figures are their mean ± their standard deviation. Each is compared with
    the reference of its group.
    """
    runs = {name: [r for r in records if r["network"] == name] for name in CONTESTANTS}
    runs = {name: own for name, own in runs.items() if own}
    sections = [_costs(runs), _in_short(runs)]
    sections += [_errors(title, *view, runs) for title, view in VIEWS.items()]
    return "\n\n".join(sections) + "\n"


def of_paces(paces: dict[str, Pace], batch: int, people: int) -> str:
    """The cost of training on `people` people, without the time for making them."""
    rows = [
        [
            name,
            CONTESTANTS[name].about,
            _millions(pace.parameters),
            f"{batch / pace.seconds_per_step:.0f}",
            f"{people / batch * pace.seconds_per_step / 3600:.2f}",
        ]
        for name, pace in paces.items()
    ]
    hours = sum(people / batch * pace.seconds_per_step / 3600 for pace in paces.values())
    header = ["network", "", "parameters", "people/s", f"hours for {people:,} people"]
    return table(header, rows) + f"\n\nAll together: {hours:.1f} hours.\n"


def _costs(runs: dict[str, list[Record]]) -> str:
    rows = [
        [
            name,
            own[0]["about"],
            _millions(own[0]["parameters"]),
            f"{_mean(own, lambda r: r['people']):,.0f}",
            f"{_mean(own, lambda r: r['seconds'] / 60):.0f}",
            f"{_mean(own, lambda r: r['people'] / r['seconds']):.0f}",
            str(len(own)),
        ]
        for name, own in runs.items()
    ]
    header = ["network", "", "parameters", "people", "minutes", "people/s", "seeds"]
    return "### Networks and training\n\n" + table(header, rows)


def _values(own: list[Record], test_set: str, given: str, figure: str) -> list[float]:
    return [record["evaluation"]["results"][test_set][given][figure] for record in own]


def _in_short(runs: dict[str, list[Record]]) -> str:
    rows = [
        [name, *(_spread(_values(own, *view, "whole")) for view in VIEWS.values())]
        for name, own in runs.items()
    ]
    return "### MPJPE, mm\n\n" + table(["network", *VIEWS], rows)


def _errors(title: str, test_set: str, given: str, runs: dict[str, list[Record]]) -> str:
    def values(name: str, figure: str) -> list[float]:
        return _values(runs[name], test_set, given, figure)

    def against(name: str) -> str:
        reference = next(group.reference for group in GROUPS.values() if name in group.contestants)
        if reference not in runs or name == reference:
            return ""
        change = statistics.mean(values(name, "whole")) / statistics.mean(values(reference, "whole")) - 1
        return f"{change:+.1%}"

    rows = [[name, *(_spread(values(name, figure)) for figure in FIGURES), against(name)] for name in runs]
    header = ["network", *FIGURES.values(), "MPJPE, change"]
    return f"### {title[0].upper()}{title[1:]}, mm\n\n" + table(header, rows)


def _mean(own: list[Record], of: Callable[[Record], float]) -> float:
    return statistics.mean(of(record) for record in own)


def _spread(values: list[float]) -> str:
    mean = f"{statistics.mean(values):.1f}"
    return mean if len(values) == 1 else f"{mean} ± {statistics.stdev(values):.1f}"


def _millions(number: int) -> str:
    return f"{number / 1e6:.2f} M"
