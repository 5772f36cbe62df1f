"""Training one fold: epochs of batches, validation on whole exams, the best weights kept, killed and gone on with."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from uptake.errors import InputRefused
from uptake.networks.catalogue import network, settings_of
from uptake.training.cache import PreparedTraining
from uptake.training.curves import write_board, write_curves, write_log
from uptake.training.fitting import Optimiser
from uptake.training.loss import dice_cross_entropy
from uptake.training.patches import PatchSource
from uptake.training.progress_state import (
    START_WEIGHTS,
    Progress,
    load_progress,
    load_weights_file,
    save_progress,
    save_weights,
)
from uptake.training.recipe import TrainingRecipe
from uptake.training.start_shares import settled
from uptake.training.validation import FoldValidation
from uptake.training.world import World

OnEpoch = Callable[[dict[str, float]], None]
_PICTURE_EVERY_S = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class FoldTask:
    """One fold to train.

    Parameters
    ----------
    number
        Of the fold.
    train, validation
        Prepared exams.
    folder
        Of the fold; weights to start from lie in it, where there are any.
    fingerprint
        Of recipe, folds and start: a state with another is refused.
    """

    number: int
    train: Sequence[PreparedTraining]
    validation: Sequence[PreparedTraining]
    folder: Path
    fingerprint: str


def train_fold(task: FoldTask, recipe: TrainingRecipe, where: World, on_epoch: OnEpoch = lambda row: None) -> Progress:
    """Train until the epochs, the patience or the time are over; go on where an earlier call was stopped.

    Parameters
    ----------
    task
        What to train on.
    recipe
        How.
    where
        Device and processes.
    on_epoch
        Called with every line of the log.

    Returns
    -------
    Progress
        ``best`` holds the weights of the best validation, which ``weights.safetensors`` has as well.

    Raises
    ------
    InputRefused
        If the fold's state belongs to another recipe, other folds or other exams.
    """
    torch.manual_seed(recipe.fitting.seed)
    progress = load_progress(task.folder) or Progress(task.fingerprint)
    if progress.recipe != task.fingerprint:
        raise InputRefused(
            f"fold {task.number} was trained by another recipe or on other exams.", remedy="Start a new run."
        )
    trainer, drawn = _Trainer(task, recipe, where, progress), time.monotonic()
    while not progress.finished:
        trainer.epoch()
        if where.first:
            save_progress(progress, task.folder)
            write_log(progress.history, task.folder)
            write_board(progress.history[-1], task.folder)
            if progress.finished or time.monotonic() > drawn + _PICTURE_EVERY_S:
                write_curves(progress.history, task.folder)
                drawn = time.monotonic()
            on_epoch(progress.history[-1])
    if where.first:
        save_weights(progress.best, task.folder)
    where.wait()
    return progress


class _Trainer:
    """Network, optimiser and patches of one fold."""

    def __init__(self, task: FoldTask, recipe: TrainingRecipe, where: World, progress: Progress) -> None:
        self.task, self.recipe, self.where, self.progress = task, recipe, where, progress
        self.fitting = recipe.fitting
        settings = settings_of(recipe.network.name, recipe.network.settings)
        self.network = network(settings, seed=self.fitting.seed + 1000 * task.number).to(where.device)
        self.bfloat16 = self.fitting.bfloat16 and where.fast_bfloat16()
        # On processors float32 is faster with channels last, and bfloat16 without (measured on Sapphire Rapids).
        plain = self.bfloat16 and where.device.type == "cpu"
        self.layout = torch.contiguous_format if plain else torch.channels_last_3d
        self.network = self.network.to(memory_format=self.layout)  # type: ignore[call-overload]
        self.optimiser = _optimiser(self.network, self.fitting.optimiser)
        progress.averaged = {name: tensor.to(where.device) for name, tensor in progress.averaged.items()}
        if progress.epoch:
            self.network.load_state_dict(progress.network)
            self.optimiser.load_state_dict(progress.optimiser)
        elif (task.folder / START_WEIGHTS).exists():
            self.network.load_state_dict(load_weights_file(task.folder / START_WEIGHTS))
        self.spread = where.spread(self.network)
        self.source = PatchSource(task.train, recipe)
        self.validation = FoldValidation(task.validation, recipe, where.device, bfloat16=self.bfloat16)
        self.losses = (self.fitting.dice_weight, self.fitting.cross_entropy_weight)

    def epoch(self) -> None:
        """One epoch, with its validation where one is due or it is the last, into the progress."""
        progress, begun, before = self.progress, time.monotonic(), self.progress.seconds
        rate = self.fitting.optimiser.rate_at(progress.epoch, self._done())
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        loss = self._train(progress.epoch)
        progress.epoch += 1
        row = {"epoch": float(progress.epoch), "rate": rate, "loss": loss}
        due = progress.epoch % self.fitting.validate_every == 0
        if due:
            row |= self._validated()
        progress.seconds = before + time.monotonic() - begun
        self._judge()
        if progress.finished:
            if not due:
                row |= self._validated()
            row |= self._settled()
        progress.network = _copied(self.network)
        progress.optimiser = self.optimiser.state_dict()
        progress.seconds = before + time.monotonic() - begun
        row["seconds"] = progress.seconds
        progress.history.append(row)

    def _train(self, epoch: int) -> float:
        self.spread.train()
        steps = max(round(self.fitting.patches_per_epoch / (self.fitting.batch * self.where.size)), 1)
        losses = []
        for step in range(steps):
            number = step * self.where.size + self.where.rank
            torch.manual_seed(hash((self.fitting.seed, self.task.number, epoch, number)))
            images, labels = self.source.batch((self.task.number, epoch, number), self.fitting.batch)
            images = images.to(self.where.device, memory_format=self.layout)
            self.optimiser.zero_grad(set_to_none=True)
            with torch.autocast(self.where.device.type, torch.bfloat16, enabled=self.bfloat16):
                logits = self.spread(images)
            # A network with deep supervision answers a list, the finest first.
            found = logits[0] if isinstance(logits, list | tuple) else logits
            loss = dice_cross_entropy(found.float(), labels.to(self.where.device), self.losses)
            loss.backward()  # type: ignore[no-untyped-call]
            if self.fitting.optimiser.clip_norm:
                nn.utils.clip_grad_norm_(self.network.parameters(), self.fitting.optimiser.clip_norm)
            self.optimiser.step()
            self._average()
            losses.append(float(loss.detach()))
        return float(np.mean(losses))

    def _average(self) -> None:
        decay = self.fitting.averaging
        if not decay:
            return
        state = self.network.state_dict()
        if not self.progress.averaged:
            self.progress.averaged = {name: tensor.detach().clone() for name, tensor in state.items()}
            return
        # Early weights are soon forgotten: the mean starts short and grows to its full length.
        steps = len(self.progress.history) * max(self.fitting.patches_per_epoch // self.fitting.batch, 1)
        decay = min(decay, (1.0 + steps) / (10.0 + steps))
        with torch.no_grad():
            for name, mean in self.progress.averaged.items():
                if mean.is_floating_point():
                    mean.lerp_(state[name], 1.0 - decay)

    def _validated(self) -> dict[str, float]:
        """Validate on the first process; the best weights are kept."""
        if not (self.where.first and self.task.validation):
            self.progress.best = self.progress.averaged or _copied(self.network)
            return {}
        weights = self.progress.averaged or self.network.state_dict()
        row = self.validation.row(weights)
        if row["score"] > self.progress.best_score:
            self.progress.best_score, self.progress.best_epoch = row["score"], self.progress.epoch
            self.progress.best = {name: tensor.detach().cpu().clone() for name, tensor in weights.items()}
            save_weights(self.progress.best, self.task.folder)
        return row

    def _judge(self) -> None:
        """Decide, on the first process for all, whether training is over."""
        progress, fitting = self.progress, self.fitting
        reasons = {
            "all epochs done": progress.epoch >= fitting.epochs,
            "time is over": 0 < fitting.seconds <= progress.seconds,
            "no gain in validation": 0 < fitting.patience <= progress.epoch - max(progress.best_epoch, 0)
            and progress.best_epoch >= 0,
        }
        for reason, reached in reasons.items():
            if self.where.agreed(reached) and not progress.finished:
                progress.finished = reason

    def _settled(self) -> dict[str, float]:
        """Move the kept weights towards those that the fold started from; what was found of them."""
        progress, path = self.progress, self.task.folder / START_WEIGHTS
        progress.best = progress.best or _copied(self.network)
        if not self.fitting.start_shares or not path.exists():
            return {}
        asked = self.validation.row if self.where.first and self.task.validation else None
        progress.best, row = settled(progress.best, load_weights_file(path), self.fitting.start_shares, asked)
        if row:
            progress.best_score, progress.best_epoch = row["score"], progress.epoch
        return row

    def _done(self) -> float:
        """Share of the training that is over: by epochs or by time, whichever is more."""
        by_epochs = self.progress.epoch / self.fitting.epochs
        by_time = self.progress.seconds / self.fitting.seconds if self.fitting.seconds else 0.0
        return max(by_epochs, by_time)


def _optimiser(module: nn.Module, how: Optimiser) -> torch.optim.Optimizer:
    weights = list(module.parameters())
    if how.name == "adadelta":
        return torch.optim.Adadelta(weights, how.rate, rho=how.rho, weight_decay=how.weight_decay)
    if how.name == "adamw":
        return torch.optim.AdamW(weights, how.rate, weight_decay=how.weight_decay)
    return torch.optim.SGD(weights, how.rate, momentum=0.99, nesterov=True, weight_decay=how.weight_decay)


def _copied(module: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous().clone() for name, tensor in module.state_dict().items()}
