"""An exported network whose large matrix products are in 8 bits, by ONNX Runtime's quantization."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wholebody_lift.backends.onnx_runtime import feed, single
from wholebody_lift.extras import ONNXRUNTIME
from wholebody_lift.seen import Seen, camera_source

if TYPE_CHECKING:
    from onnx import ModelProto

    from wholebody_lift.keypoints import Keypoints2D

_TOGETHER = 32
"""People of one step of the calibration, which keeps all intermediate results in memory."""


def quantize(exported: ModelProto, channels: int, people: Keypoints2D | None) -> ModelProto:
    """Put the large matrix products of encoder and decoders into 8 bits; the rest stays as it is.

    Weights get one scale for each column and use 7 of the 8 bits: on CPUs without VNNI, sums of two products
    would overflow otherwise. Coordinates, waves, geometry and the layers that put out coordinates and errors
    stay in single precision.

    exported: with its weights as initializers in single precision.
    channels: the network's width; narrower layers are those of input and output.
    people: for whom the ranges of activations are measured (static quantization); without them, each range is
        that of the people who are lifted together (dynamic).

    Raises ImportError without onnxruntime.
    """
    ONNXRUNTIME.needed_for("an ONNX file in int8")
    import onnx

    quantization: Any = import_module("onnxruntime.quantization")
    options: dict[str, Any] = {
        "op_types_to_quantize": ["MatMul"],
        "nodes_to_quantize": _large_products(exported, channels),
        "per_channel": True,
        "reduce_range": True,
        "weight_type": quantization.QuantType.QInt8,
        "extra_options": {"MatMulConstBOnly": True},
    }
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "int8.onnx")
        if people is None:
            quantization.quantize_dynamic(exported, path, **options)
        else:
            inputs = {
                given.name: [dim.dim_value for dim in given.type.tensor_type.shape.dim]
                for given in exported.graph.input
            }
            reader = _Reader(people, inputs)
            quantization.quantize_static(exported, path, reader, **options)
        return onnx.load(path)


def _large_products(exported: ModelProto, channels: int) -> list[str]:
    """Names of the matrix products whose weights have at least the network's width on both sides."""
    shapes = {tensor.name: tuple(tensor.dims) for tensor in exported.graph.initializer}
    return [
        node.name
        for node in exported.graph.node
        if node.op_type == "MatMul"
        and min(shapes.get(node.input[1], (0,))) >= channels
        and "decoders" not in node.input[1]  # graph convolutions, the only weights there with a name: outputs
    ]


class _Reader:
    """The input of people, in the steps in which the calibration asks for it."""

    def __init__(self, people: Keypoints2D, inputs: Mapping[str, Sequence[int]]) -> None:
        self._steps = (
            _input_of(people[start : start + _TOGETHER], inputs) for start in range(0, len(people), _TOGETHER)
        )

    def get_next(self) -> dict[str, Any] | None:
        return next(self._steps, None)


def _input_of(people: Keypoints2D, inputs: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """The input of N people, of whom only keypoints and camera count."""
    seen = Seen.of(people, array=single)
    source = camera_source(people)
    return feed(
        seen.plane,
        seen.observed,
        seen.scores,
        inputs,
        camera_given=source == "given",
        size_given=source != "keypoints",
    )
