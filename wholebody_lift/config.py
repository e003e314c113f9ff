"""What varies between models and travels with the weights."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Config(BaseModel):
    """Shape of a SemGAN network; stored as config.json beside model.safetensors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["wholebody-lift/2"] = "wholebody-lift/2"
    """Version of the weights' layout and of the features they were trained on."""
    nodes: Literal["groups", "keypoints"] = "groups"
    """What a node of the graph is: a group of keypoints (`skeleton.GROUPS`: each of the body's by itself, a
    facial feature, a finger), or, as in the publication, every keypoint by itself."""
    channels: int = Field(default=256, gt=0)
    """Width C of every node's feature vector."""
    heads: int = Field(default=8, gt=0)
    """Attention heads H; divides `channels`."""
    layers: int = Field(default=4, gt=0)
    """Encoder layers."""
    stature_mm: float = Field(default=1700.0, gt=0)
    """Body height that the network's millimetres are in: every training person is scaled to it."""
