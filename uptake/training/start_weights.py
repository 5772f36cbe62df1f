"""Finding the weights to start from: a run folder's or a bundle's, one for every fold or one for all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
from torch import Tensor

from uptake.errors import InputRefused
from uptake.inference.model_store import build_network, load_bundle, load_weights
from uptake.networks.catalogue import network, settings_of
from uptake.training.progress_state import WEIGHTS, load_weights_file
from uptake.training.recipe import TrainingRecipe
from uptake.training.run_folder import Run, described, open_trained_run
from uptake.training.start import Start
from uptake.training.to_bundle import run_of_bundle


@dataclass(frozen=True, slots=True)
class StartWeights:
    """A start, and its tensors by the fold of the new run."""

    start: Start
    tensors: tuple[Mapping[str, Tensor], ...]


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    trained_on: str
    digital_patients_only: bool
    folds: tuple[int, ...]
    run: Run | None
    load: Callable[[int], Mapping[str, Tensor]]


def find_start(source: Path, recipe: TrainingRecipe) -> StartWeights:
    """Read weights to start from.

    Parameters
    ----------
    source
        A run folder or a bundle. With as many trained folds as the recipe has, each fold starts from its own; with
        one, all start from that.
    recipe
        Of the training that is to begin.

    Raises
    ------
    InputRefused
        If there are no weights, another number of folds, or weights of another network.
    UnreadableFile, BundleRefused
        If they are damaged.
    """
    found = _of_bundle(source) if (source / "configs" / "metadata.json").is_file() else _of_run(source)
    folds, count = found.folds, recipe.splits.folds
    if len(folds) not in (1, count):
        raise InputRefused(
            f"{found.name} has weights of {len(folds)} folds, and {count} are to be trained.",
            remedy="Start from one fold's weights, or from those of as many folds.",
        )
    chosen = folds * count if len(folds) == 1 else folds
    tensors = {fold: found.load(fold) for fold in folds}
    for each in tensors.values():
        _require_fits(each, recipe, found.name)
    start = Start(
        name=found.name,
        trained_on=found.trained_on,
        digital_patients_only=found.digital_patients_only,
        sha256=tuple(_hash_of(tensors[fold]) for fold in chosen),
        patients=tuple(_seen(found.run, fold) for fold in chosen) if found.run else None,
    )
    return StartWeights(start, tuple(tensors[fold] for fold in chosen))


def _of_run(folder: Path) -> _Source:
    run = open_trained_run(folder)

    def load(fold: int) -> Mapping[str, Tensor]:
        return load_weights_file(run.fold(fold) / WEIGHTS)

    return _Source(folder.resolve().name, described(run), run.digital_patients_only, run.trained, run, load)


def _of_bundle(folder: Path) -> _Source:
    bundle = load_bundle(folder)
    return _Source(
        f"{bundle.name} {bundle.version}",
        bundle.training.description,
        bundle.training.digital_patients_only,
        bundle.folds,
        run_of_bundle(folder),
        lambda fold: load_weights(bundle, fold, build_network),
    )


def _seen(run: Run, fold: int) -> tuple[str, ...]:
    """Whom a fold's weights were trained on or chosen by, and whom those had seen that it started from."""
    own = {*run.folds.folds[fold].train, *run.folds.folds[fold].validation}
    earlier = run.start.patients[fold] if run.start and run.start.patients else ()
    return tuple(sorted(own | set(earlier)))


def _require_fits(tensors: Mapping[str, Tensor], recipe: TrainingRecipe, name: str) -> None:
    expected = network(settings_of(recipe.network.name, recipe.network.settings)).state_dict()
    if {key: each.shape for key, each in expected.items()} != {key: each.shape for key, each in tensors.items()}:
        raise InputRefused(
            f"the weights of {name} are not of the recipe's network.", remedy="Start from weights of the same network."
        )


def _hash_of(tensors: Mapping[str, Tensor]) -> str:
    return hashlib.sha256(safetensors.torch.save(dict(tensors))).hexdigest()
