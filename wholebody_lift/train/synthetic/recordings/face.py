"""Recorded facial expressions: weights of the 52 ARKit actions over time."""

import csv
import io
from pathlib import Path

import torch
from torch import Tensor

from wholebody_lift.train.synthetic.phenotypes import FACE_ACTIONS


def read(path: Path) -> Tensor:
    """Read a CSV file of ARKit weights, as `parse`."""
    return parse(path.read_text(encoding="utf-8"))


def parse(text: str) -> Tensor:
    """Parse a CSV of ARKit weights with a header line into (F, 52), float32, 0..1, ordered as `FACE_ACTIONS`.

    ARKit does not report zero for a face at rest. The actor returns to rest between expressions, so the
    median of each column is taken as its value at rest, and the range above it is stretched to 0..1. Frames
    in which the phone lost the face have no weights and are left out. Raises `KeyError` if an action has no
    column.
    """
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    columns = [action[0].upper() + action[1:] for action in FACE_ACTIONS]
    weights = torch.tensor(
        [[float(row[column]) for column in columns] for row in rows if all(row[column] for column in columns)]
    )
    rest = weights.median(0).values
    return ((weights - rest) / (1 - rest)).clamp(0, 1)
