"""The training loop: fresh people every step, a checkpoint every few minutes."""

import copy
import json
import os
import shutil
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from wholebody_lift import pretrained
from wholebody_lift.config import INPUTS, Config
from wholebody_lift.features import Features
from wholebody_lift.model import Prediction, SemGAN
from wholebody_lift.model.nodes import NodeAnswers, Nodes, nodes_of_parts
from wholebody_lift.model.semgan import OUT_CHANNELS
from wholebody_lift.train.average import FOR_WHAT_IS_KNOWN
from wholebody_lift.train.evaluation import metrics
from wholebody_lift.train.losses import Losses, LossWeights, losses, weighted_sum
from wholebody_lift.train.muon import Muon, side_of_squares
from wholebody_lift.train.precision import use_bfloat16
from wholebody_lift.train.settings import Settings
from wholebody_lift.train.supply import PeopleSource, SourceState, Supply
from wholebody_lift.train.synthetic.people import Batch
from wholebody_lift.train.team import Team

VALIDATION_PEOPLE = 768
STEPS_PER_LOG = 20

_RESUME = "Resume from the last checkpoint with a lower --learning-rate"
_CHOSEN = ("initial_lr", "weight_decay")  # of a group of parameters, by the settings


class TrainingDivergedError(RuntimeError):
    """The loss or the weights are no longer finite; the message says what to do."""


class InnerHead(nn.Module):
    """A linear prediction from the state of an inner encoder layer."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        members = [keys for part in nodes_of_parts(config.nodes).values() for keys in part.members]
        nodes = Nodes(tuple(members), edges=())
        self.answers = NodeAnswers(nodes, OUT_CHANNELS)
        self.linear = nn.Linear(config.channels, self.answers.width)

    def forward(self, x: Tensor) -> Tensor:
        """(N, nodes, C) to (N, 133, 4)."""
        out: Tensor = self.answers(self.linear(x))
        return out


class DeepSupervision(nn.Module):
    """A SemGAN that also predicts after every inner encoder layer (Jointformer's per-layer losses).

    The extra heads are only for training and not part of the released weights.
    """

    def __init__(self, model: SemGAN) -> None:
        super().__init__()
        self.model = model
        self.heads = nn.ModuleList(InnerHead(model.config) for _ in range(model.config.layers - 1))

    def forward(self, features: Features) -> list[Prediction]:
        """The prediction of each inner layer, followed by the model's own."""
        *inner, last = self.model.encode(features)
        coarse = [self.model.compose(head(state)) for head, state in zip(self.heads, inner, strict=True)]
        return [*coarse, self.model.decode(last)]


class MovingAverage(nn.Module):
    """The exponential moving average of a network's weights, whose window grows until it is that of `decay`.

    `torch.optim.swa_utils.AveragedModel` keeps its counter on the GPU but reads it on the host, so every step
    would wait for the GPU. The entries of its state have the same names.
    """

    n_averaged: Tensor

    def __init__(self, model: nn.Module, decay: float) -> None:
        super().__init__()
        self.module = copy.deepcopy(model)
        self.decay = decay
        self.register_buffer("n_averaged", torch.tensor(0))  # on the CPU

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Update the average with the network's weights; the first call copies them."""
        n = int(self.n_averaged)
        weight = 1 - min(self.decay, (1 + n) / (10 + n)) if n else 1.0
        means: list[Tensor] = list(self.module.parameters())
        values: list[Tensor] = list(model.parameters())
        torch._foreach_lerp_(means, values, weight)
        self.n_averaged += 1


class Trainer:
    """The state of a run; `train` continues from there."""

    def __init__(
        self,
        settings: Settings,
        people: PeopleSource,
        validation: Batch,
        *,
        network: nn.Module | None = None,
        loss_weights: LossWeights | None = None,
    ) -> None:
        """Start a run.

        network: trained in place of the SemGAN of the settings. It is a module like `DeepSupervision`, which
        maps `Features` to a list of predictions and whose `model` is the network to be released.
        """
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.team = Team(settings.device)
        self.people = people
        self.supply = self._supply(settings.seed)
        self.validation = validation
        self.loss_weights = loss_weights or LossWeights()
        self.network = (network or DeepSupervision(_semgan(settings))).to(people.device)
        self._layer_weight = settings.layer_weight
        alone: tuple[str, ...] = ()
        if settings.known_only:
            alone = tuple(f"model.{name}" for name in FOR_WHAT_IS_KNOWN)
        elif settings.close_ups:
            alone = ("model.close_up_adapters.",)
        if alone:
            self._layer_weight = 0.0  # what inner layers answer would have to be learnt first
            for name, parameter in self.network.named_parameters():
                parameter.requires_grad_(name.startswith(alone))
        self.ema = MovingAverage(cast(nn.Module, self.network.model), settings.ema_decay)
        if settings.precision == "bfloat16":
            use_bfloat16(self.network, settings.device)
        if settings.compile:
            self.network.compile()
        self.optimizers = _optimizers(self.network, settings, self.team)
        # Reading the loss makes the host wait for the GPU, so there it is checked only now and then: once it
        # is NaN, so are the weights, and it stays NaN.
        self._steps_per_check = 1 if people.device.type == "cpu" else STEPS_PER_LOG
        self.step = 0
        self.seconds = 0.0
        self.seconds_of_people = 0.0

    def _supply(self, seed: int) -> Supply:
        return Supply(self.people, seed, self.settings.batch, self.team.rank, self.team.size)

    @property
    def progress(self) -> float:
        """Share of the budget that has been used, 0..1."""
        if self.settings.steps is not None:
            return min(1.0, self.step / self.settings.steps)
        return min(1.0, self.seconds / (3600 * self.settings.hours))

    def train(self) -> None:
        """Train until the budget has been used."""
        self.settings.folder.mkdir(parents=True, exist_ok=True)
        writer = SummaryWriter(str(self.settings.folder)) if self.team.leads else None
        saved_at = validated_at = self.seconds
        bar_format = "{l_bar}{bar}| {postfix}"
        with tqdm(total=1000, desc="training", bar_format=bar_format, disable=not self.team.leads) as bar:
            while self.progress < 1:
                started = time.perf_counter()
                steady = self._falls() == 0
                batch = next(self.supply)
                self.seconds_of_people += time.perf_counter() - started
                terms = self.advance(batch)
                self.seconds = self.team.leaders(self.seconds + time.perf_counter() - started)
                if steady and self._falls() > 0:
                    self.save(steady_path(self.settings.folder))
                if writer and self.step % STEPS_PER_LOG == 0:
                    self._log(writer, bar, terms)
                done = self.progress >= 1
                if done or self.seconds - validated_at > 60 * self.settings.validation_minutes:
                    if writer:
                        self._validate(writer)
                    validated_at = self.seconds
                if done or self.seconds - saved_at > 60 * self.settings.checkpoint_minutes:
                    self.save()
                    saved_at = self.seconds
        if writer:
            writer.close()

    def advance(self, batch: Batch) -> Losses:
        """Take one step on these people; returns the losses of the final prediction."""
        for group in (group for optimizer in self.optimizers for group in optimizer.param_groups):
            group["lr"] = group["initial_lr"] * self._rate()
        *inner, last = (
            losses(prediction, batch.target, batch.observed, self.settings.sharpness)
            for prediction in self.network(batch.features)
        )
        total = weighted_sum(last, self.loss_weights)
        for terms in inner:
            total = total + self._layer_weight * weighted_sum(terms, self.loss_weights)
        if self.step % self._steps_per_check == 0 and not torch.isfinite(total):
            path = self.settings.folder / f"diverged-{self.step}.pt"
            torch.save({"batch": batch, "network": self.network.state_dict()}, path)
            raise TrainingDivergedError(
                f"expected a finite loss, got {total.item()} at step {self.step}; the batch and the network "
                f"are in {path}. {_RESUME}"
            )
        self.network.zero_grad(set_to_none=True)
        torch.autograd.backward(total)
        self.team.average_gradients(self.network.parameters())
        nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip)
        for optimizer in self.optimizers:
            optimizer.step()
        self.ema.update(cast(nn.Module, self.network.model))
        self.step += 1
        return last

    def _rate(self) -> float:
        """The learning rate's factor: warm-up, then 1, and finally linear to 0.01 at the end of the
        budget."""
        warm = min(1.0, (self.step + 1) / self.settings.warmup_steps)
        return warm * (1 - 0.99 * self._falls())

    def _falls(self) -> float:
        """Progress of the final decrease of the learning rate, 0..1."""
        return max(0.0, 1 - (1 - self.progress) / max(self.settings.decay, 1e-9))

    def _log(self, writer: SummaryWriter, bar: Any, terms: Losses) -> None:
        for name, value in terms._asdict().items():
            writer.add_scalar(f"loss/{name}", value.item(), self.step)
        speed = self.step * self.settings.batch / self.seconds
        writer.add_scalar("people_per_second", speed, self.step)
        writer.add_scalar("share_of_time_making_people", self.seconds_of_people / self.seconds, self.step)
        bar.n = int(1000 * self.progress)
        bar.set_postfix_str(
            f"step {self.step} pose {terms.pose.item():.0f} local {terms.local.item():.1f} mm, "
            f"{speed:.0f} people/s, {self.seconds_of_people / self.seconds:.0%} making them, "
            f"{self._minutes_left():.0f} min left"
        )

    def _minutes_left(self) -> float:
        """Minutes left, at the average speed so far."""
        return self.seconds * (1 / self.progress - 1) / 60

    @torch.no_grad()
    def _validate(self, writer: SummaryWriter) -> None:
        batch = self.validation
        xyz = self.ema.module.eval()(batch.features).xyz
        record: dict[str, float] = {
            "step": self.step,
            "people": self.step * self.settings.batch,
            "seconds": round(self.seconds),
        }
        for name, metric in (
            ("mpjpe", metrics.root_aligned),
            ("n_mpjpe", metrics.scale_aligned),
            ("pa_mpjpe", metrics.procrustes_aligned),
            ("part_aligned", metrics.part_aligned),
        ):
            distance = metric(xyz, batch.target)
            for part, indices in metrics.REPORTED_PARTS.items():
                value = distance[:, indices][batch.observed[:, indices]].mean().item()
                writer.add_scalar(f"validation/{name}/{part}", value, self.step)
                record[f"{name}/{part}"] = round(value, 2)
        with (self.settings.folder / "validation.jsonl").open("a") as log:
            log.write(json.dumps(record) + "\n")

    def save(self, path: Path | None = None) -> None:
        """Write the checkpoint; the old one is replaced only when the new one is complete.

        Raises `TrainingDivergedError` if a weight is not finite.
        """
        if not all(parameter.isfinite().all() for parameter in self.network.parameters()):
            raise TrainingDivergedError(f"expected finite weights, got others at step {self.step}. {_RESUME}")
        shares = self.team.gather(self.supply.state())
        if not self.team.leads:
            return
        config = getattr(self.network.model, "config", None)
        state = {
            "settings": asdict(self.settings),
            "config": config.model_dump() if isinstance(config, Config) else None,
            "network": self.network.state_dict(),
            "ema": self.ema.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "sources": [state for share in shares for state in share],
            "device": self.validation.target.device.type,  # on which the sources draw random numbers
            "random": torch.get_rng_state(),  # for dropout, if the network has it
            "step": self.step,
            "seconds": self.seconds,
            "seconds_of_people": self.seconds_of_people,
            "falls": self._falls(),
        }
        path = path or checkpoint_path(self.settings.folder)
        torch.save(state, path.with_suffix(".tmp"))
        os.replace(path.with_suffix(".tmp"), path)

    def load(self) -> None:
        """Restore the state from the folder's checkpoint, which may be from another machine.

        Learning rates and weight decay are those of the settings, which may differ from the checkpoint's. A
        different kind of device draws different random numbers, so different people follow. If the budget
        has grown so that the learning rate should not have begun to fall yet, restore the last state before
        it fell, say so, and keep the other one as `checkpoint-STEP.pt`.
        """
        path = checkpoint_path(self.settings.folder)
        if not path.exists():
            raise FileNotFoundError(f"{path} is not there to resume from; start without --resume")
        state = _read(path)
        self.step, self.seconds = state["step"], state["seconds"]
        if state["falls"] > self._falls():
            state = self._before_the_fall()
        self.network.load_state_dict(state["network"])
        self.ema.load_state_dict(state["ema"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            wanted = [{name: group[name] for name in _CHOSEN} for group in optimizer.param_groups]
            optimizer.load_state_dict(saved)
            for group, chosen in zip(optimizer.param_groups, wanted, strict=True):
                group.update(chosen)
        device = self.validation.target.device.type
        if state.get("device", device) == device:
            sources: list[SourceState] = state["sources"]
            share = len(sources) // self.team.size
            self.supply.restore(sources[self.team.rank * share : (self.team.rank + 1) * share])
        else:
            self.supply = self._supply(self.settings.seed + state["step"])
        torch.set_rng_state(state["random"])
        self.step, self.seconds = state["step"], state["seconds"]
        self.seconds_of_people = state["seconds_of_people"]

    def _before_the_fall(self) -> dict[str, Any]:
        """The last state before the learning rate fell. Says so, and keeps the one after it beside it."""
        path, state = checkpoint_path(self.settings.folder), _read(steady_path(self.settings.folder))
        if self.team.leads:
            kept = path.with_stem(f"{path.stem}-{self.step}")
            shutil.copyfile(path, kept)
            tqdm.write(
                f"the budget has grown: going back from step {self.step} to step {state['step']}, before the "
                f"learning rate fell. To end the run as planned, put {kept.name} in the place of {path.name} "
                "and resume with the former budget"
            )
        return state


def _semgan(settings: Settings) -> SemGAN:
    """A new network, or the one that the settings start from, unless `Trainer.load` will overwrite it anyway.

    Layers for close-ups are kept, inputs are those of the settings, and what the weights lack is added such
    that it changes nothing at first. Their network over time does not matter here. Raises ValueError if their
    config differs otherwise.
    """
    if settings.resume and checkpoint_path(settings.folder).exists():
        return SemGAN(_config_in(_checkpoint(settings.folder)))
    if settings.start_from is None or settings.resume:
        return SemGAN(_config(settings))
    found = pretrained.load(settings.start_from).with_calibration(None)
    wanted = _config(settings)
    wanted = wanted.model_copy(update={"close_ups": wanted.close_ups or found.config.close_ups})
    free = {name: getattr(wanted, name) for name in ("inputs", "adapters", "close_ups", "temporal")}
    if found.config.model_copy(update=free) != wanted:
        raise ValueError(
            f"the weights of {settings.start_from} are of {found.config!r}, and the settings ask for "
            f"{wanted!r}; give --nodes, --channels, --heads and --layers as they are there"
        )
    model = SemGAN(wanted)
    new = model.state_dict()
    model.load_state_dict(new | {name: value for name, value in found.state_dict().items() if name in new})
    return model


def _config(settings: Settings) -> Config:
    return Config(
        nodes=settings.nodes,
        channels=settings.channels,
        heads=settings.heads,
        layers=settings.layers,
        inputs=() if settings.inputs == "none" else INPUTS,
        close_ups=settings.close_ups,
    )


def _optimizers(network: nn.Module, settings: Settings, team: Team) -> list[torch.optim.Optimizer]:
    """AdamW, and also Muon if the settings choose it; every parameter group has its `initial_lr`."""
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    rate, decay = settings.learning_rate, settings.weight_decay
    squares = [p for p in parameters if settings.optimizer == "muon" and side_of_squares(p)]
    muons = {id(p) for p in squares}
    others = [p for p in parameters if id(p) not in muons]
    groups = [
        {"params": [p for p in others if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in others if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizers: list[torch.optim.Optimizer] = [torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98))]
    if squares:
        optimizers.append(
            Muon(
                squares,
                lr=rate * settings.muon_rate,
                weight_decay=decay,
                precision=getattr(torch, settings.precision),
                divided=team.divided,
            )
        )
    for group in (group for optimizer in optimizers for group in optimizer.param_groups):
        group["initial_lr"] = group["lr"]
    return optimizers


def checkpoint_path(run: Path) -> Path:
    """The checkpoint of a run."""
    return run / "checkpoint.pt"


def steady_path(run: Path) -> Path:
    """The checkpoint of a run from before its learning rate fell."""
    return run / "steady.pt"


def settings_of(run: Path) -> Settings:
    """Read the settings of a run from its checkpoint."""
    return Settings(**_checkpoint(run)["settings"])


def averaged(run: Path) -> SemGAN:
    """The network with a run's averaged weights, rounded to half precision, as it is released; after a run of
    `known_only`, with the calibration that it started from.

    It computes in single precision; the rounding costs far less than a millimetre.
    """
    state = _checkpoint(run)
    settings = Settings(**state["settings"])
    model = SemGAN(_config_in(state))
    weights = {
        name.removeprefix("module."): tensor.half()
        for name, tensor in state["ema"].items()
        if name.startswith("module.")
    }
    model.load_state_dict(weights, strict=True)
    if (settings.known_only or settings.close_ups) and settings.start_from is not None:
        model = model.with_calibration(pretrained.load(settings.start_from).config.calibration)
    return model.eval()


def _config_in(state: dict[str, Any]) -> Config:
    """The network's config in a state; those of earlier releases have only the settings."""
    config = state.get("config")
    return Config.model_validate(config) if config else _config(Settings(**state["settings"]))


def _checkpoint(run: Path) -> dict[str, Any]:
    return _read(checkpoint_path(run))


def _read(path: Path) -> dict[str, Any]:
    """Read a state that `Trainer.save` wrote on any device."""
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=False)
    return state
