"""Measurements of synthetic people as plain values: shares, percentiles, counts."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from wholebody_lift.train.datasheet.measures import Measures, from_recordings
from wholebody_lift.train.synthetic import cameras, detector, poses
from wholebody_lift.train.synthetic.activities import ACTIVITIES
from wholebody_lift.train.synthetic.joint_limits import CENTRAL, LIMITS, SIDED

EXPLAINED = (0.90, 0.95, 0.99)
"""Shares of the variance for which principal components are counted."""

TOLERANCE_DEGREES = 1.0
"""An angle counts as outside its limits if it exceeds them by more than this."""

PERCENTILES = (1, 5, 25, 50, 75, 95, 99)


def _percentiles(values: Tensor) -> dict[str, float]:
    share = torch.tensor(PERCENTILES, dtype=torch.float64) / 100
    found = torch.quantile(values.double().cpu(), share)
    return {f"p{percentile}": float(value) for percentile, value in zip(PERCENTILES, found, strict=True)}


def summarise(measures: Measures) -> dict[str, Any]:
    """Reduce measurements to plain values, ready for JSON."""
    yaw = measures.views["yaw"]
    quarter = ((yaw + 45) % 360 // 90).long()
    quarters = ("front", "left", "back", "right")
    return {
        "people": len(measures.family),
        "split": measures.split,
        "with_recordings": measures.with_recordings,
        "views": {name: _percentiles(values) for name, values in measures.views.items()},
        "side_seen": {name: float((quarter == i).float().mean()) for i, name in enumerate(quarters)},
        "shares": _shares(measures),
        "angles": {name: _describe_angle(measures, name) for name in (*CENTRAL, *SIDED) if _has_limits(name)},
        "missing": _describe_missing(measures),
        "components": {
            part: {
                name: {
                    "spread_mm": components.spread_mm,
                    **{f"{share:.0%}": components.needed(share) for share in EXPLAINED},
                }
                for name, components in sources.items()
            }
            for part, sources in measures.components.items()
        },
        "nearest_mm": {
            part: {name: _percentiles(values) for name, values in compared.items() if len(values)}
            for part, compared in measures.nearest.items()
        },
    }


def _has_limits(name: str) -> bool:
    return not name.startswith("root")


def _shares(measures: Measures) -> dict[str, dict[str, dict[str, float]]]:
    """The documented and the drawn share of each member of each mixture."""
    sources = poses.SHARES_WITH_RECORDINGS if measures.with_recordings else poses.SHARES_ALONE
    activities = {name: activity.share for name, activity in ACTIVITIES.items()}
    first = poses.LABELS.index(next(iter(ACTIVITIES)))
    label = measures.label
    activity = label[label >= first] - first
    source_names = [*poses.LABELS[:first], "activity"]
    return {
        "poses": _compare_shares(
            {name: sources.get(name, 0.0) for name in source_names}, label.clamp_max(first)
        ),
        "activities": _compare_shares(activities, activity),
        "cameras": _compare_shares(
            {name: row.share for name, row in cameras.FAMILIES.items()}, measures.family
        ),
        "detectors": _compare_shares(
            {name: row.share for name, row in detector.KINDS.items()}, measures.kind
        ),
    }


def _compare_shares(documented: dict[str, float], drawn: Tensor) -> dict[str, dict[str, float]]:
    """Documented shares of some names, in any unit, and drawn shares, from the positions drawn (N,)."""
    total = sum(documented.values())
    counts = torch.bincount(drawn, minlength=len(documented)).tolist()
    return {
        name: {"documented": share / total, "drawn": count / max(1, len(drawn))}
        for (name, share), count in zip(documented.items(), counts, strict=True)
        if share > 0
    }


def angle_values(measures: Measures, name: str) -> dict[str, Tensor]:
    """Values (M,) of an angle in degrees, by the source of the poses; both sides of sided angles are
    combined."""
    columns = [
        i for i, angle in enumerate(LIMITS) if angle.removeprefix("left_").removeprefix("right_") == name
    ]
    recorded = from_recordings(measures.label)
    values = {
        "from recordings": measures.angles[recorded][:, columns].flatten(),
        "made up": measures.angles[~recorded][:, columns].flatten(),
    }
    return {source: found for source, found in values.items() if len(found)}


def _describe_angle(measures: Measures, name: str) -> dict[str, Any]:
    low, high, *_ = (CENTRAL | SIDED)[name]
    sources = {}
    for source, values in angle_values(measures, name).items():
        outside = (values < low - TOLERANCE_DEGREES) | (values > high + TOLERANCE_DEGREES)
        sources[source] = {**_percentiles(values), "outside": float(outside.float().mean())}
    return {"low": low, "high": high, **sources}


def _describe_missing(measures: Measures) -> dict[str, dict[str, float]]:
    """Share of missing keypoints of each part, by kind of detector."""
    kinds = {name: measures.kind == i for i, name in enumerate(detector.KINDS)}
    kinds["all"] = torch.ones_like(measures.kind, dtype=torch.bool)
    return {
        kind: {part: float(share[chosen].mean()) for part, share in measures.missing.items()}
        for kind, chosen in kinds.items()
        if chosen.any()
    }
