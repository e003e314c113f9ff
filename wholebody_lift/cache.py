"""Where files are kept that take long to make and can be made again."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "WHOLEBODY_LIFT_CACHE"
"""The environment variable that names another directory."""


def directory(given: str | os.PathLike[str] | None = None) -> Path:
    """The directory given, or of the environment variable, or `wholebody-lift` in the user's cache."""
    chosen = given if given is not None else os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wholebody-lift"
