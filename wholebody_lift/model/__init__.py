"""The network, one box of the publication's figure per file."""

from wholebody_lift.model.semgan import Prediction, SemGAN

__all__ = ["Prediction", "SemGAN"]
