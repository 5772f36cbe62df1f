"""A bundle from a training run: the same preprocessing, tiling and classes, the weights of every trained fold.

The recipe goes along (``configs/recipe.json``), so that the bundle can be evaluated. Where all patients are digital, so
do the folds (``folds.json``, ``exams.json``); who real patients are, even under a key, stays in the run folder.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from uptake.errors import InputRefused, OutputFailed
from uptake.inference.model_store import (
    Bundle,
    Metric,
    NetworkSpecification,
    Texts,
    TrainingData,
    save_bundle,
)
from uptake.inference.model_store.building import build_network
from uptake.networks.size import flops
from uptake.notice import RESEARCH_USE
from uptake.training.progress_state import WEIGHTS, load_progress, load_weights_file
from uptake.training.run_folder import (
    EXAMS,
    FOLDS,
    RECIPE,
    START,
    Run,
    described,
    open_run,
    write_patients,
    write_recipe,
)

_CONFIGS = "configs"
_MEASURED_ON = "validation patients of each fold, by which weights were chosen"


def to_bundle(run: Run, models: Path, licence: str, *, name: str = "") -> Bundle:
    """Make a bundle of a run's folds.

    Parameters
    ----------
    run
        A run folder with at least one trained fold.
    models
        The folder of all bundles; there must be no bundle of that name in it.
    licence
        Text of the weights' licence.
    name
        Of the bundle; empty for the recipe's.

    Raises
    ------
    InputRefused
        If no fold is trained yet, or what the recipe says does not fit in a bundle.
    OutputNotEmpty, OutputFailed
        As ``save_bundle``; OutputFailed also where the bundle is there, but recipe and folds could not be added.
    """
    if not run.trained:
        raise InputRefused("no fold of this run is trained yet.", remedy="Train one with uptake train.")
    recipe = run.recipe
    weights = {number: load_weights_file(run.fold(number) / WEIGHTS) for number in run.trained}
    specification = NetworkSpecification(recipe.network.name, recipe.network.settings)
    patch = (1, len(recipe.inputs), *recipe.tiling.patch)
    specification = replace(specification, flops_per_patch=flops(build_network(specification), patch))
    metrics = _metrics(run)
    bundle = Bundle(
        name=name or recipe.bundle,
        version=recipe.about.version,
        task=recipe.about.task,
        description=recipe.about.description,
        authors=recipe.about.authors,
        copyright=recipe.about.copyright,
        inputs=recipe.channels,
        preprocessing=recipe.preprocessing,
        tiling=recipe.tiling,
        classes=recipe.label_classes,
        network=specification,
        training=TrainingData(described(run), run.digital_patients_only, len(run.exams)),
        metrics=metrics,
        references=recipe.about.references,
    )
    try:
        saved = save_bundle(bundle, weights, Texts(licence, _card(run, bundle)), models)
    except ValueError as error:
        raise InputRefused(
            f"no bundle can be made of this run: {error}.", remedy=f"Mend what {RECIPE} of the run says there."
        ) from error
    _add_origin(run, saved)
    return saved


def run_of_bundle(folder: Path) -> Run | None:
    """The run that a bundle was made of, as far as the bundle holds it: recipe, folds and exams, but no weights.

    None where the bundle does not say who was trained on.

    Raises
    ------
    InputRefused
        As ``open_run``.
    """
    return open_run(folder / _CONFIGS) if (folder / _CONFIGS / FOLDS).is_file() else None


def _add_origin(run: Run, bundle: Bundle) -> None:
    configs = bundle.folder / _CONFIGS
    try:
        write_recipe(run, configs)
        if run.digital_patients_only:
            write_patients(run, configs)
        else:  # left by an earlier bundle
            for name in (FOLDS, EXAMS, START):
                (configs / name).unlink(missing_ok=True)
    except OSError as error:
        raise OutputFailed(
            f"Bundle {bundle.name} is there, but its recipe and folds cannot be written ({error.strerror}). "
            "Free some space, remove the bundle and make it again."
        ) from error


def _metrics(run: Run) -> tuple[Metric, ...]:
    """Mean over the folds of what the kept weights reached in their validation patients."""
    rows = [_best_row(run, number) for number in run.trained]
    found = []
    for key in sorted({key for row in rows for key in row if key.startswith("dice_")}):
        values = [row[key] for row in rows if math.isfinite(row.get(key, math.nan))]
        name = key.removeprefix("dice_")
        if values:
            class_name = "" if name == "union" else name
            mean = round(sum(values) / len(values), 4)
            found.append(Metric("cohort Dice", mean, _MEASURED_ON, class_name))
    return tuple(found)


def _best_row(run: Run, number: int) -> dict[str, float]:
    progress = load_progress(run.fold(number))
    if progress is None:
        return {}
    return next((row for row in progress.history if row["epoch"] == progress.best_epoch), {})


def _card(run: Run, bundle: Bundle) -> str:
    only = "**Trained on digital patients only: no evidence of how it does on people.**\n\n"
    lines = [f"- {each.name}, {each.class_name or 'all classes as one'}: {each.value:.3f}" for each in bundle.metrics]
    fitting, splits = run.recipe.fitting, run.recipe.splits
    count = len(run.folds.untested)
    untested = f"; {count} of them are trained on in every fold and tested in none" if count else ""
    return f"""# {bundle.name} {bundle.version}

{bundle.description}

{only if run.digital_patients_only else ""}{RESEARCH_USE}

## Training

{bundle.training.description}. Patients are split in {splits.folds} folds by seed {splits.seed}{untested}.
{fitting.optimiser.name}, rate {fitting.optimiser.rate:g}, batch {fitting.batch}, at most {fitting.epochs} epochs of
{fitting.patches_per_epoch} patches; Dice and cross-entropy; augmentation: {"yes" if run.recipe.augmentation else "no"}.
{bundle.network.name}, {bundle.network.flops_per_patch / 1e9:.2f} GFLOP for a patch.

## Free choices

{chr(10).join(f"- {each}" for each in run.recipe.about.choices) or "None."}

## Reached in training

On the validation patients, by which weights were chosen: too good to be quoted as a result.

{chr(10).join(lines) or "Not validated."}

## References

{chr(10).join(f"- {each}" for each in bundle.references) or "None."}
"""
