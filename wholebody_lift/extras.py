"""The optional dependencies: what each is called, whether it is installed, and what installs it."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import NamedTuple


class Extra(NamedTuple):
    """An extra of this package."""

    name: str
    package: str
    """What it installs."""
    module: str
    """What is imported if it is installed."""

    @property
    def installed(self) -> bool:
        return find_spec(self.module) is not None

    @property
    def requirement(self) -> str:
        return f"wholebody-lift[{self.name}]"

    @property
    def command(self) -> str:
        """What installs it. pip does not look for a package that is installed, so this does not need an index
        that has it: a checkout will do.
        """
        return f'pip install "{self.requirement}"'

    def needed_for(self, what: str) -> ModuleType:
        """The module. Raises ImportError without it, which says what needs it and what installs it."""
        try:
            return import_module(self.module)
        except ImportError as error:
            raise ImportError(f"{what} needs {self.package}: {self.command}") from error


BULK = Extra("bulk", "ray", "ray")
C3D = Extra("c3d", "ezc3d", "ezc3d")
DETECT = Extra("detect", "mediapipe", "mediapipe")
MP4 = Extra("mp4", "PyAV", "av")
PILLOW = Extra("mp4", "Pillow", "PIL")
ONNX = Extra("onnx", "onnxscript", "onnxscript")
ONNXRUNTIME = Extra("onnxruntime", "onnxruntime", "onnxruntime")
PANDAS = Extra("pandas", "pandas", "pandas")
PLOT = Extra("plot", "matplotlib", "matplotlib")
RERUN = Extra("rerun", "rerun-sdk", "rerun")
PYARROW = Extra("bulk", "pyarrow", "pyarrow")
RTMLIB = Extra("rtmlib", "rtmlib", "rtmlib")

EXTRAS = (DETECT, RTMLIB, C3D, MP4, ONNX, ONNXRUNTIME, PANDAS, PLOT, RERUN, BULK)
"""Those of users; training has its own."""
