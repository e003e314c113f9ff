"""What varies between models and travels with the weights."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Config(BaseModel):
    """Shape of a SemGAN network; stored as config.json beside model.safetensors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["wholebody-lift/1"] = "wholebody-lift/1"
    """Version of the weights' layout and of the features they were trained on."""
    channels: int = Field(default=256, gt=0)
    """Width C of every keypoint's feature vector."""
    heads: int = Field(default=8, gt=0)
    """Attention heads H; divides `channels`."""
    layers: int = Field(default=4, gt=0)
    """Encoder layers."""
    stature_mm: float = Field(default=1700.0, gt=0)
    """Body height that the network's millimetres are in: every training person is scaled to it."""
