"""What varies between models and travels with the weights."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from wholebody_lift import skeleton

Length = Annotated[float, Field(gt=0, le=100_000)]
"""mm."""
Knots = Annotated[tuple[Length, ...], Field(min_length=2, max_length=1000)]
"""Of a curve, mm."""


class Calibration(BaseModel):
    """What errors were found where the network said which, on recordings that it did not learn from."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    said_mm: dict[str, Knots]
    """By name in `skeleton.PARTS`: expected errors as the network says them, rising, mm."""
    found_mm: dict[str, Knots]
    """The errors that were found there, never falling, mm."""

    @model_validator(mode="after")
    def _is_a_curve(self) -> "Calibration":
        for values in (self.said_mm, self.found_mm):
            if list(values) != list(skeleton.PARTS):
                raise ValueError(f"parts {list(values)}, wanted {list(skeleton.PARTS)}")
            if {len(knots) for knots in values.values()} != {len(self.said_mm["body"])}:
                raise ValueError("all parts must have as many knots")
        for part in skeleton.PARTS:
            said, found = self.said_mm[part], self.found_mm[part]
            rising = all(a < b for a, b in zip((0.0, *said), said, strict=False))
            if not rising or len(said) < 2 or list(found) != sorted(found) or found[0] <= 0:
                raise ValueError(
                    f"said_mm of {part} must be two or more rising lengths, found_mm lengths that do not fall"
                )
        return self


class Config(BaseModel):
    """Shape of a SemGAN network; stored as config.json beside model.safetensors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    format: Literal["wholebody-lift/3"] = "wholebody-lift/3"
    """Version of the weights' layout and of the features they were trained on."""
    nodes: Literal["groups", "keypoints"] = "groups"
    """What a node of the graph is: a group of keypoints (`skeleton.GROUPS`: each of the body's by itself, a
    facial feature, a finger), or, as in the publication, every keypoint by itself."""
    waves: tuple[Annotated[float, Field(gt=0, le=1000)], ...] = Field(
        default=(2.0, 4.0, 8.0, 16.0), max_length=32
    )
    """Frequencies, in radians per unit size of the person, at which the network is also told the sines and
    cosines of the body's coordinates and distances; empty, as in the publication, for none."""
    channels: int = Field(default=256, gt=0, le=4096)
    """Width C of every node's feature vector."""
    heads: int = Field(default=8, gt=0, le=256)
    """Attention heads H; divides `channels`."""
    layers: int = Field(default=4, gt=0, le=128)
    """Encoder layers."""
    stature_mm: float = Field(default=1700.0, ge=100, le=10_000)
    """Body height that the network's millimetres are in: every training person is scaled to it."""
    calibration: Calibration | None = None
    """How expected errors are put right; None leaves them as the network says them."""

    @model_validator(mode="after")
    def _heads_divide_channels(self) -> "Config":
        if self.channels % self.heads:
            raise ValueError(f"expected heads that divide the {self.channels} channels, got {self.heads}")
        return self
