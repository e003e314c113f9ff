"""Everything that can be set about a training run, in one place; the command line is made from it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """One training run."""

    run: Path = Path("runs/base")
    """Folder for checkpoints, curves and the log."""
    bank: Path | None = None
    """Packed recordings made by `prepare`; without them people come from the samplers alone."""
    hours: float = 1.0
    """Time budget that the learning rate's schedule is stretched over."""
    steps: int | None = None
    """Budget in steps instead of hours: two runs are then the same to the bit."""
    batch: int = 64
    """People per step."""
    learning_rate: float = 1e-3
    """Highest rate, reached after `warmup_steps`; a cosine takes it down to a hundredth at the end."""
    warmup_steps: int = 300
    weight_decay: float = 0.02
    clip: float = 1.0
    """Largest norm of the gradient."""
    ema_decay: float = 0.999
    """The released weights are an exponential moving average of the trained ones."""
    layer_weight: float = 0.3
    """Weight of the loss after each inner encoder layer, against 1 for the final one."""
    checkpoint_minutes: float = 4.0
    """Time between checkpoints, each with a validation; a killed run loses no more than this."""
    channels: int = 256
    heads: int = 8
    layers: int = 4
    seed: int = 0
    threads: int = 0
    """CPU threads; 0 leaves the choice to torch."""
    resume: bool = False
    """Continue from the folder's last checkpoint."""
