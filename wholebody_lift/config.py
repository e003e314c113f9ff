"""What varies between models and travels with the weights."""

from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from wholebody_lift import skeleton

Length = Annotated[float, Field(gt=0, le=100_000)]
"""mm."""
Knots = Annotated[tuple[Length, ...], Field(min_length=2, max_length=1000)]
"""Of a curve, mm."""
Input = Literal["bone_lengths", "gravity", "depth"]
"""What may be known beside the keypoints: see `known`."""
INPUTS: tuple[Input, ...] = get_args(Input)
FIELDS_OF_INPUT: dict[Input, tuple[str, ...]] = {
    "bone_lengths": ("bone_lengths",),
    "gravity": ("gravity", "gravity_spread_deg"),
    "depth": ("depth",),
}
"""The fields of `Keypoints2D`, and the inputs of an ONNX file, that belong to each."""


class Calibration(BaseModel):
    """Measured against predicted errors, on recordings that the network was not trained on."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    predicted_mm: dict[str, Knots]
    """By name in `skeleton.PARTS`: errors that the network predicts, rising, mm."""
    measured_mm: dict[str, Knots]
    """The mean errors that were measured at these predictions, never falling, mm."""

    @model_validator(mode="after")
    def _is_a_curve(self) -> "Calibration":
        for values in (self.predicted_mm, self.measured_mm):
            if list(values) != list(skeleton.PARTS):
                raise ValueError(f"expected the parts {list(skeleton.PARTS)}, got {list(values)}")
            if {len(knots) for knots in values.values()} != {len(self.predicted_mm["body"])}:
                raise ValueError("expected the same number of knots for all parts")
        for part in skeleton.PARTS:
            predicted, measured = self.predicted_mm[part], self.measured_mm[part]
            if list(predicted) != sorted(set(predicted)) or list(measured) != sorted(measured):
                raise ValueError(
                    f"expected rising lengths as predicted_mm of {part}, and as measured_mm lengths that "
                    "never fall"
                )
        return self


class Temporal(BaseModel):
    """Shape of the network over time, in temporal.safetensors: see `video.gate`."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    channels: int = Field(default=64, gt=0, le=4096)
    """Width of every keypoint's feature vector."""


class Config(BaseModel):
    """Shape of a SemGAN network; stored as config.json beside model.safetensors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    format: Literal["wholebody-lift/5"] = "wholebody-lift/5"
    """Version of this file, of the weights' layout and of the features they were trained on. Older ones are
    read too: "wholebody-lift/4" has no `inputs`, and "wholebody-lift/3" also names some fields
    differently."""
    nodes: Literal["groups", "keypoints"] = "groups"
    """What a node of the graph is: a group of keypoints (`skeleton.GROUPS`: a single keypoint of the body, a
    facial feature, a finger), or, as in the publication, a single keypoint."""
    waves: tuple[Annotated[float, Field(gt=0, le=1000)], ...] = Field(
        default=(2.0, 4.0, 8.0, 16.0), max_length=32
    )
    """Frequencies, in radians per unit size of the person, at which the network also receives the sines and
    cosines of the body's coordinates and distances; empty, as in the publication, for none."""
    channels: int = Field(default=256, gt=0, le=4096)
    """Width C of every node's feature vector."""
    heads: int = Field(default=8, gt=0, le=256)
    """Attention heads H; divides `channels`."""
    layers: int = Field(default=4, gt=0, le=128)
    """Encoder layers."""
    inputs: tuple[Input, ...] = ()
    """What the network can be told beside the keypoints, in the order of `INPUTS`."""
    adapters: bool = True
    """Whether layers of their own make use of these inputs, beside the embedding that all have."""
    close_ups: bool = False
    """Whether it has layers for close-ups: people of whom only hands or the face are visible."""
    stature_mm: float = Field(default=1700.0, ge=100, le=10_000)
    """Body height that the network's millimetres are in: every training person is scaled to it."""
    calibration: Calibration | None = None
    """How expected errors are calibrated; None leaves them as the network predicts them."""

    temporal: Temporal | None = None
    """The network over time that belongs to these weights; None if there is none."""

    @model_validator(mode="before")
    @classmethod
    def _read_former_names(cls, content: Any) -> Any:
        if not isinstance(content, dict):
            return content
        former = content.get("format")
        if former not in ("wholebody-lift/3", "wholebody-lift/4") or {"inputs", "close_ups"} & content.keys():
            return content
        content = {**content, "format": "wholebody-lift/5"}
        if former == "wholebody-lift/3" and isinstance(content.get("calibration"), dict):
            new = {"said_mm": "predicted_mm", "found_mm": "measured_mm"}
            content["calibration"] = {new.get(k, k): values for k, values in content["calibration"].items()}
        return content

    @field_validator("inputs")
    @classmethod
    def _inputs_in_order(cls, value: tuple[Input, ...]) -> tuple[Input, ...]:
        if list(value) != [name for name in INPUTS if name in value]:
            raise ValueError(f"expected inputs in the order {', '.join(INPUTS)}, got {', '.join(value)}")
        return value

    @model_validator(mode="after")
    def _heads_divide_channels(self) -> "Config":
        if self.channels % self.heads:
            raise ValueError(f"expected heads that divide the {self.channels} channels, got {self.heads}")
        return self
