"""A small bundle whose weights are by chance, so that a short training at a site makes it better."""

from dataclasses import replace
from pathlib import Path

from tests.evaluation.small_runs import quick_recipe, write_run
from tests.training.small_training import write_patient
from uptake.training.fitting import Optimiser
from uptake.training.recipe import TruthRule
from uptake.training.to_bundle import to_bundle

NAME = "hot_spheres"
LESION = "primary_tumour"


def write_untrained_bundle(folder: Path, *, folds=(0, 1)) -> Path:
    """A bundle in ``folder / models``, which is given back; one class, and a recipe to train it by."""
    data = folder / "elsewhere"
    for number in range(3):
        write_patient(data / f"other-{number}", seed=100 + number)
    plain = quick_recipe()
    background, lesion, *_ = plain.classes
    fitting = replace(
        plain.fitting, optimiser=Optimiser("adamw", 0.02), epochs=30, patches_per_epoch=16, validate_every=5
    )
    recipe = replace(
        plain,
        bundle=NAME,
        classes=(background, replace(lesion, truth=TruthRule(values=(1, 2)))),
        network=replace(plain.network, settings={**plain.network.settings, "classes": 2}),
        fitting=fitting,
    )
    to_bundle(write_run(folder / "run", data, folds=folds, recipe=recipe), folder / "models", "Apache-2.0")
    return folder / "models"
