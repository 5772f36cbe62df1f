"""The networks under test: of a training run or a bundle, with what is known of the patients they were trained on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import torch

from uptake.errors import InputRefused
from uptake.inference.bundle_engines import predictors
from uptake.inference.exam_labels import window_of
from uptake.inference.model_store import Bundle, Tiling, load_bundle
from uptake.inference.model_store.weights_files import sha256_of
from uptake.inference.predictor import Predictor, tiles_at_once
from uptake.inference.sliding_window import SlidingWindowSettings
from uptake.networks.catalogue import network, settings_of
from uptake.training.progress_state import WEIGHTS, load_progress, load_weights_file
from uptake.training.recipe import TrainingRecipe, recipe_of
from uptake.training.run_folder import RECIPE, Run, open_trained_run
from uptake.training.to_bundle import run_of_bundle
from uptake.training.validation import TrainedPredictor

Say = Callable[[str], None]
_TORCH_TILES = 2  # torch convolves single volumes in float32 four times as slowly on processors


@dataclass(frozen=True, slots=True, eq=False)
class Networks:
    """The networks of one training, one per fold.

    Parameters
    ----------
    name
        Of the system, as tables have it.
    title
        Which training of it, for messages.
    recipe
        Prepares exams for them.
    tiling
        Theirs.
    weights
        SHA-256 of each fold's weights.
    run
        Who was trained on and tested; None where a bundle does not say.
    digital_patients_only
        Whether they were trained on no real patient.
    load
        Puts folds on an engine; those asked for before are not loaded again.
    engine
        What was asked for, as far as it can change labels.
    warnings
        What a reader of results should know.
    """

    name: str
    title: str
    recipe: TrainingRecipe
    tiling: Tiling
    weights: Mapping[int, str]
    run: Run | None
    digital_patients_only: bool
    load: Callable[[tuple[int, ...]], Sequence[Predictor]] = field(repr=False)
    engine: str = "torch"
    warnings: tuple[str, ...] = ()

    @property
    def folds(self) -> tuple[int, ...]:
        """Those with weights, ascending."""
        return tuple(sorted(self.weights))

    @property
    def window(self) -> SlidingWindowSettings:
        """Tiles as ``uptake run`` lays them: not mirrored."""
        plain = window_of(self.tiling)
        return replace(plain, mirror_axes=(), slabs=plain.averaging)

    @property
    def fast(self) -> Networks:
        """The same with patches that overlap by half at most."""
        return replace(self, tiling=replace(self.tiling, overlap=self.tiling.fast_overlap), title=f"{self.title}, fast")

    def batch(self, loaded: Sequence[Predictor]) -> int:
        """Tiles at once."""
        return max(tiles_at_once(loaded), _TORCH_TILES if self.engine == "torch" else 1)

    def only(self, folds: Sequence[int]) -> Networks:
        """These folds alone; InputRefused where one has no weights."""
        lacking = sorted(set(folds) - set(self.weights))
        if lacking:
            there = ", ".join(map(str, self.folds)) or "none"
            raise InputRefused(
                f"{self.title} has no weights of fold {lacking[0]}.", remedy=f"Train it, or choose among: {there}."
            )
        return replace(self, weights={fold: self.weights[fold] for fold in folds})


def networks_of_run(folder: Path) -> Networks:
    """The trained folds of a run folder, on torch.

    Raises
    ------
    InputRefused
        If it is no run folder, or no fold is trained.
    """
    run = open_trained_run(folder)
    weights = {fold: sha256_of(run.fold(fold) / WEIGHTS) for fold in run.trained}
    return Networks(
        name=run.recipe.bundle,
        title=f"run {folder.resolve().name}",
        recipe=run.recipe,
        tiling=run.recipe.tiling,
        weights=weights,
        run=run,
        digital_patients_only=run.digital_patients_only,
        load=cache(lambda folds: tuple(_on_torch(run, fold) for fold in folds)),
        warnings=tuple(_unfinished(run)),
    )


def _unfinished(run: Run) -> list[str]:
    states = {fold: load_progress(run.fold(fold)) for fold in run.trained}
    open_folds = [str(fold) for fold, state in states.items() if state is not None and not state.finished]
    return [f"run {run.folder.name}: fold {', '.join(open_folds)} is not trained to its end"] if open_folds else []


def _on_torch(run: Run, fold: int) -> Predictor:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    made = network(settings_of(run.recipe.network.name, run.recipe.network.settings))
    try:
        made.load_state_dict(load_weights_file(run.fold(fold) / WEIGHTS))
    except RuntimeError as error:
        raise InputRefused(
            f"the weights of fold {fold} of run {run.folder.name} are not of its recipe's network.",
            remedy="Train the fold anew.",
        ) from error
    # The method is untyped for formats of five axes.
    made = made.eval().to(device).to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    return TrainedPredictor(made, len(run.recipe.classes), device, bfloat16=False)


def networks_of_bundle(folder: Path, engine: str, say: Say) -> Networks:
    """A bundle's folds on an engine of this host.

    Raises
    ------
    BundleRefused
        As ``load_bundle``.
    InputRefused
        If the bundle has no recipe that says which truth is of which class.
    """
    bundle = load_bundle(folder)
    return Networks(
        name=bundle.name,
        title=f"{bundle.name} {bundle.version}",
        recipe=_recipe_of(bundle),
        tiling=bundle.tiling,
        weights={each.fold: each.sha256 for each in bundle.weights},
        run=run_of_bundle(bundle.folder),
        digital_patients_only=bundle.training.digital_patients_only,
        load=cache(lambda folds: predictors(bundle, engine, say, folds=folds).predictors),
        engine=engine or "auto",
    )


def _recipe_of(bundle: Bundle) -> TrainingRecipe:
    """The bundle's own recipe, or one to train it that agrees with it in all that matters here."""
    configs = bundle.folder / "configs"
    for path in (configs / RECIPE, *sorted(configs.glob("train_*.json"))):
        if path.is_file():
            recipe = recipe_of(path.read_text(encoding="utf-8"), path.name)
            same = (recipe.channels, recipe.preprocessing, recipe.label_classes)
            if same == (bundle.inputs, bundle.preprocessing, bundle.classes):
                return recipe
    raise InputRefused(
        f"bundle {bundle.name} has no recipe in configs/ that fits it, so truth cannot be read for it.",
        remedy="Make the bundle with uptake models from-run, or give the run folder with --run.",
    )
