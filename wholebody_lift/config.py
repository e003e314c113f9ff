"""What varies between models and travels with the weights."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


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
