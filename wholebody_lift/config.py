"""What varies between models and travels with the weights."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from wholebody_lift import skeleton


class Calibration(BaseModel):
    """What errors were found where the network said which, on recordings that it did not learn from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    said_mm: dict[str, tuple[float, ...]]
    """By name in `skeleton.PARTS`: expected errors as the network says them, rising, mm."""
    found_mm: dict[str, tuple[float, ...]]
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

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["wholebody-lift/3"] = "wholebody-lift/3"
    """Version of the weights' layout and of the features they were trained on."""
    nodes: Literal["groups", "keypoints"] = "groups"
    """What a node of the graph is: a group of keypoints (`skeleton.GROUPS`: each of the body's by itself, a
    facial feature, a finger), or, as in the publication, every keypoint by itself."""
    waves: tuple[float, ...] = (2.0, 4.0, 8.0, 16.0)
    """Frequencies, in radians per unit size of the person, at which the network is also told the sines and
    cosines of the body's coordinates and distances; empty, as in the publication, for none."""
    channels: int = Field(default=256, gt=0)
    """Width C of every node's feature vector."""
    heads: int = Field(default=8, gt=0)
    """Attention heads H; divides `channels`."""
    layers: int = Field(default=4, gt=0)
    """Encoder layers."""
    stature_mm: float = Field(default=1700.0, gt=0)
    """Body height that the network's millimetres are in: every training person is scaled to it."""
    calibration: Calibration | None = None
    """How expected errors are put right; None leaves them as the network says them."""
