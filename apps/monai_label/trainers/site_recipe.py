"""The recipe that a bundle is trained with at a site: its own, with the truth as the server's labels have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from apps.monai_label.trainers.train_options import TrainOptions
from apps.monai_label.trainers.training_errors import TrainingRefused
from uptake.errors import InputRefused
from uptake.inference.model_store import Bundle, label_class
from uptake.training.plain_json import to_plain
from uptake.training.recipe import TrainingRecipe, TruthRule, recipe_of

NAMES = ("recipe.json", "train_small.json")
"""In a bundle's ``configs``: what it was trained with; else what is offered to train it."""

_LESION = "lesion"


def site_recipe(bundle: Bundle) -> TrainingRecipe:
    """Read the recipe of a bundle, held against the bundle; class ``i`` of the truth is the value ``i``.

    Raises
    ------
    TrainingRefused
        If it has none, or one of another network, input or class.
    InputRefused
        If it is damaged.
    """
    configs = bundle.folder / "configs"
    path = next((configs / name for name in NAMES if (configs / name).is_file()), None)
    if path is None:
        raise TrainingRefused(
            f"the model {bundle.name} has no recipe to train it by.",
            remedy=f"Put one in its folder, as configs/{NAMES[0]}; uptake models from-run does.",
        )
    try:
        recipe = recipe_of(path.read_text(encoding="utf-8"), path.name)
    except (OSError, ValueError) as error:
        raise InputRefused(f"{path.name} of {bundle.name} cannot be read.", remedy="Put it there again.") from error
    _require_fits(recipe, bundle)
    # Also what belongs to no class must be looked for by value alone: a name may mean something else here.
    classes = tuple(
        replace(each, truth=TruthRule(values=(value,)) if value else TruthRule())
        for value, each in enumerate(recipe.classes)
    )
    return replace(recipe, classes=classes)


def fitted(recipe: TrainingRecipe, options: TrainOptions, folds: int) -> TrainingRecipe:
    """The recipe for one fold of a training at a site: bounded in time, stopped early, and its own seed."""
    fitting = recipe.fitting
    return replace(
        recipe,
        fitting=replace(
            fitting,
            seconds=options.seconds / folds,
            epochs=options.epochs or fitting.epochs,
            patience=options.patience * fitting.validate_every,
            seed=options.seed,
        ),
    )


def values_by_class(recipe: TrainingRecipe, announced: Mapping[int, str]) -> dict[int, int]:
    """The recipe's class for each announced label value that it has one for.

    A class goes by its name. A recipe with one lesion class alone takes every lesion for it.

    Parameters
    ----------
    announced
        Class names of label values, as the server announces them.
    """
    own = {each.name: value for value, each in enumerate(recipe.classes)}
    lesions = [each for each in recipe.label_classes if each.role == _LESION]
    found = {}
    for value, name in announced.items():
        if value and name in own:
            found[value] = own[name]
        elif value and len(lesions) == 1 and _is_lesion(name):
            found[value] = lesions[0].value
    return found


def _is_lesion(name: str) -> bool:
    try:
        return label_class(1, name).role == _LESION
    except ValueError:
        return False


def _require_fits(recipe: TrainingRecipe, bundle: Bundle) -> None:
    pairs = {
        "inputs": (recipe.channels, bundle.inputs),
        "preprocessing": (recipe.preprocessing, bundle.preprocessing),
        "tiling": (recipe.tiling, bundle.tiling),
        "classes": ([each.name for each in recipe.label_classes], [each.name for each in bundle.classes]),
        "network": (recipe.network.name, bundle.network.name),
        "network's settings": (to_plain(recipe.network.settings), to_plain(bundle.network.settings)),
    }
    for what, (own, of_bundle) in pairs.items():
        if own != of_bundle:
            raise TrainingRefused(
                f"the recipe of {bundle.name} and the model itself have other {what}.",
                remedy="Put the recipe there that the model was trained with.",
            )
