"""Export the complete model, from pixels to millimetres, to one ONNX file: for browsers, phones and C++."""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, get_args

import torch
from torch import Tensor, nn

from wholebody_lift import atomic, skeleton
from wholebody_lift.backends.onnx_runtime import CONFIG_KEY, OUTPUTS, PRECISION_KEY, WEIGHTS_KEY
from wholebody_lift.checks import GRAVITY_SPREAD_DEG
from wholebody_lift.config import FIELDS_OF_INPUT, Input
from wholebody_lift.extras import ONNX
from wholebody_lift.from_pixels import FromPixels
from wholebody_lift.keypoints import MIN_SCORE
from wholebody_lift.known import BONE_NAMES, Known
from wholebody_lift.model import SemGAN

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, TensorProto

    from wholebody_lift.keypoints import Keypoints2D

Precision: TypeAlias = Literal["fp32", "fp16", "int8"]
"""What a file's network computes in; geometry is always in single precision."""

INPUTS = ("keypoints", "focal", "centre", "camera_given")
OPTIONAL_INPUTS = {"min_score": MIN_SCORE, "size_given": True, "height_mm": math.nan}
"""Inputs that may be omitted, and the value that is then assumed for everyone."""
_SHAPES: dict[str, tuple[int, ...]] = {
    "bone_lengths": (len(BONE_NAMES),),
    "gravity": (3,),
    "gravity_spread_deg": (),
    "depth": (skeleton.NUM_KEYPOINTS,),
}
"""Their shapes for one person."""

_OPSET = 20
_SMALLEST_HALVED = 4096
"""Tensors with at least this many numbers are stored in half precision. Released weights are rounded to it
already; constants are not, and are smaller."""


class SkippedWithoutPeople(nn.Module):
    """A layer that acts on some of the people, in a graph that skips it where it would act on nobody."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor, chosen: Tensor, *given: Mapping[Input, Tensor]) -> Tensor:
        """(N, nodes, C) to (N, nodes, C); chosen (N, 1, 1) is 1 for the people it is for, else 0."""

        def act(x: Tensor, chosen: Tensor, *given: Mapping[Input, Tensor]) -> Tensor:
            acted: Tensor = self.layer(x, chosen, *given)
            return acted

        def leave(x: Tensor, *_: object) -> Tensor:
            return x.clone()  # a branch may not return its input

        acted: Tensor = torch.cond(chosen.any(), act, leave, (x, chosen, *given))
        return acted


class Exported(nn.Module):
    """`FromPixels` behind the inputs of the file: a camera without skew and lens distortion."""

    def __init__(self, model: SemGAN) -> None:
        super().__init__()
        model = copy.deepcopy(model)
        for layers in (model.adapters, model.close_up_adapters):
            layers.extend([SkippedWithoutPeople(layers.pop(0)) for _ in range(len(layers))])
        if model.config.inputs:
            model.embed_known = SkippedWithoutPeople(model.embed_known)
        self.from_pixels = FromPixels(model)
        self.known_inputs = [name for given in model.config.inputs for name in FIELDS_OF_INPUT[given]]

    def forward(
        self,
        keypoints: Tensor,
        focal: Tensor,
        centre: Tensor,
        camera_given: Tensor,
        min_score: Tensor,
        size_given: Tensor,
        height_mm: Tensor,
        *known: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Lift N people.

        keypoints: (N, 133, 3) x and y in pixels, and a score; missing is NaN or a score under `min_score`.
        focal, centre: (N, 2) focal lengths and principal point in pixels.
        camera_given: (N,) bool; False where both are assumed.
        min_score, size_given, height_mm: (1,) or (N,); size_given is False where the camera is assumed from
            the keypoints alone; height_mm is NaN where it is not known.
        known: what `known_inputs` names, each as in `known.Known`, of one person who stands for all or of N
            people; NaN where it is not known. A gravity without spread has `GRAVITY_SPREAD_DEG`.

        Returns xyz (N, 133, 3) mm from the midpoint of the hips in OpenCV's camera axes, for a person of the
        network's stature, or of the height or bone lengths given; error_mm (N, 133); translation (N, 3) mm of
        the midpoint from the camera.
        """
        xy, scores = keypoints[..., :2], keypoints[..., 2]
        observed = (scores >= min_score[:, None]) & (xy == xy).all(-1)
        xy, scores = torch.where(observed[..., None], xy, 0), torch.where(observed, scores, 0)
        plane = (xy - centre[:, None]) / focal[:, None]
        size_given = size_given & torch.ones_like(camera_given)
        scale = height_mm / self.from_pixels.model.config.stature_mm
        beside = None
        if known:
            nothing = torch.zeros_like(camera_given, dtype=known[0].dtype)  # (N,), to make the rest as long
            of_each = [values + nothing.view(-1, *(1,) * (values.ndim - 1)) for values in known]
            told = dict(zip(self.known_inputs, of_each, strict=True))
            if (spread := told.get("gravity_spread_deg")) is not None:
                told["gravity_spread_deg"] = torch.where(spread == spread, spread, GRAVITY_SPREAD_DEG)
            beside = Known(**told)
        lifted = self.from_pixels(plane, observed, scores, camera_given, size_given, scale, beside)
        return lifted.xyz, lifted.error_mm, lifted.translation


def write(
    model: SemGAN,
    path: str | Path,
    weights: Path | None = None,
    *,
    precision: Precision = "fp32",
    calibrate: Keypoints2D | None = None,
) -> None:
    """Write `Exported` of a network, for any number of people.

    Large tensors are stored in half precision, as released weights are.

    Args:
        model: the network.
        path: the file to write.
        weights: the network's safetensors file in the same directory. The file does not repeat the tensors
            that are there: it refers to them, and both files are needed to load it.
        precision: what the network computes in. fp16 is for graphics cards. int8 computes its large matrix
            products in 8 bits (see `onnx_int8`); it needs the extra `onnxruntime` as well.
        calibrate: people for whom the ranges of int8 are measured once and for all, a hundred or more, as the
            file will get them. Without, the ranges are those of the people who are lifted together, so that
            a result depends a little on who else is lifted in the same call.

    Raises:
        ImportError: without the extra.
        ValueError: there is no such precision, or there are people to calibrate another one than int8.
    """
    if precision not in get_args(Precision):
        raise ValueError(f"expected one of {', '.join(get_args(Precision))} as precision, got {precision!r}")
    if calibrate is not None and (precision != "int8" or not len(calibrate)):
        raise ValueError(
            f"expected people to calibrate only with precision int8, got {len(calibrate)} with {precision}; "
            "omit them, or choose int8 and give some"
        )
    ONNX.needed_for("an ONNX file")
    import onnx

    from wholebody_lift import onnx_int8

    network = copy.deepcopy(model).half() if precision == "fp16" else model
    written = _exported(Exported(network.eval()))
    if precision == "int8":
        with _quiet_exporter():
            written = onnx_int8.quantize(written, model.config.channels, calibrate)
    _make_optional(written.graph)
    stated = {CONFIG_KEY: model.config.model_dump_json()}
    if precision != "fp32":
        stated[PRECISION_KEY] = precision
    _store_halves(written.graph, {} if weights is None else _tensors_in(weights))
    if weights is not None:
        stated[WEIGHTS_KEY] = f"{hashlib.sha256(weights.read_bytes()).hexdigest()}  {weights.name}"
    onnx.helper.set_model_props(written, stated)
    with atomic.replacing(path) as new:
        onnx.save_model(written, str(new))


def _exported(exported: Exported) -> ModelProto:
    """The graph, for any number of people."""
    example = (  # two people; the exporter takes one tensor in two places for one input
        torch.ones(2, skeleton.NUM_KEYPOINTS, 3),
        torch.ones(2, 2),
        torch.ones(2, 2),
        torch.ones(2, dtype=torch.bool),
        *(torch.tensor([value]) for value in OPTIONAL_INPUTS.values()),
        *(torch.ones(1, *_SHAPES[name]) for name in exported.known_inputs),
    )
    n = torch.export.Dim("people", min=1, max=2**16)
    shapes: tuple[object, ...] = (*({0: n} for _ in INPUTS), *(None for _ in OPTIONAL_INPUTS))
    if exported.known_inputs:  # the variable arguments of `Exported.forward` are one tuple
        shapes += (tuple({} for _ in exported.known_inputs),)
    with _quiet_exporter():
        program = torch.onnx.export(
            exported,
            example,
            dynamo=True,
            dynamic_shapes=shapes,
            input_names=[*INPUTS, *OPTIONAL_INPUTS, *exported.known_inputs],
            output_names=list(OUTPUTS),
            opset_version=_OPSET,
            verbose=False,
        )
    assert program is not None
    written = program.model_proto
    _forget_sources(written.graph)
    return written


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Hide the exporter's warnings, which concern its own internals; errors stay visible."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnx_ir", "onnxscript", None)]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _forget_sources(graph: GraphProto) -> None:
    """Drop the line of Python that each node comes from, which would be a third of a small file."""
    for node in graph.node:
        del node.metadata_props[:]
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _forget_sources(attribute.g)
    for tensor in (*graph.value_info, *graph.initializer):
        del tensor.metadata_props[:]
    del graph.value_info[:]


def _make_optional(graph: GraphProto) -> None:
    """Give what may be omitted its default, and let each be one value for everyone or one for each person."""
    import numpy as np
    from onnx import numpy_helper

    defaults = {
        **{name: np.array([value]) for name, value in OPTIONAL_INPUTS.items()},
        **{name: np.full((1, *shape), np.nan) for name, shape in _SHAPES.items()},
    }
    for given in graph.input:
        if given.name in defaults:
            value = defaults[given.name]
            kind = np.bool_ if value.dtype == np.bool_ else np.float32
            graph.initializer.append(numpy_helper.from_array(value.astype(kind), given.name))
            given.type.tensor_type.shape.dim[0].dim_param = "one or people"


class _Stored(NamedTuple):
    """Where a tensor is stored: the file, the position in it, and the shape."""

    file: str
    offset: int
    length: int
    shape: tuple[int, ...]
    transposed: bool


_Values: TypeAlias = tuple[tuple[int, ...], bytes]
"""What tells tensors apart: their shape and bytes."""


def _tensors_in(weights: Path) -> dict[_Values, _Stored]:
    """The tensors in half precision of a safetensors file by their shape and bytes; matrices also by those of
    their transpose, since the exporter transposes the weights of linear layers."""
    import numpy as np

    content = weights.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    found: dict[_Values, _Stored] = {}
    for name, tensor in json.loads(content[8:start]).items():
        if name == "__metadata__" or tensor["dtype"] != "F16":
            continue
        first, last = tensor["data_offsets"]
        shape = tuple(tensor["shape"])
        values = content[start + first : start + last]
        place = _Stored(weights.name, start + first, last - first, shape, transposed=False)
        found[shape, values] = place
        if len(shape) == 2:
            turned = np.frombuffer(values, np.float16).reshape(shape).T
            found.setdefault((turned.shape, turned.tobytes()), place._replace(transposed=True))
    return found


def _store_halves(graph: GraphProto, elsewhere: Mapping[_Values, _Stored]) -> None:
    """Replace large tensors in single precision by half precision, each followed by a cast; those that are
    stored elsewhere, by references."""
    import onnx
    from onnx import TensorProto, numpy_helper

    added = []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < _SMALLEST_HALVED:
            continue
        name, stored, turned = tensor.name, f"{tensor.name}/half", f"{tensor.name}/transposed"
        tensor.CopyFrom(numpy_helper.from_array(values.astype("float16"), stored))
        place = elsewhere.get((values.shape, tensor.raw_data))
        if place is not None:
            _refer(tensor, place)
        if place is not None and place.transposed:
            added.append(onnx.helper.make_node("Transpose", [stored], [turned], perm=[1, 0]))
            stored = turned
        added.append(onnx.helper.make_node("Cast", [stored], [name], to=TensorProto.FLOAT))
    nodes = [*added, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def _refer(tensor: TensorProto, place: _Stored) -> None:
    """Replace a tensor's values by a reference to them."""
    from onnx import TensorProto

    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    del tensor.dims[:]
    tensor.dims.extend(place.shape)
    for key, value in (("location", place.file), ("offset", place.offset), ("length", place.length)):
        tensor.external_data.add(key=key, value=str(value))
