"""The optional dependencies for files: what each is called, whether it is installed, and what installs it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import NamedTuple


class Extra(NamedTuple):
    """An extra of this package."""

    name: str
    module: str
    """What is imported if it is installed."""

    @property
    def installed(self) -> bool:
        return find_spec(self.module) is not None

    @property
    def command(self) -> str:
        """What installs it."""
        return f'pip install "wholebody-lift[{self.name}]"'


C3D = Extra("c3d", "ezc3d")
ONNX = Extra("onnx", "onnxscript")
PANDAS = Extra("pandas", "pandas")
PLOT = Extra("plot", "matplotlib")
RERUN = Extra("rerun", "rerun")

EXTRAS = (C3D, ONNX, PANDAS, PLOT, RERUN)
"""Those of files. Detectors know for themselves whether they are installed: `detectors.available`."""
