"""A training recipe: everything that, with the data, fixes what is trained; one JSON file beside the bundle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from uptake.errors import InputRefused
from uptake.inference.model_store import InputChannel, LabelClass, Preprocessing, Tiling, label_class
from uptake.inference.model_store.input_channels import UNITS, Normalisation
from uptake.networks.catalogue import settings_of
from uptake.training.augmentation import Augmentation
from uptake.training.fitting import Fitting
from uptake.training.plain_json import from_plain, to_plain

SCHEMA = "uptake.recipe/1"


@dataclass(frozen=True, slots=True)
class TruthRule:
    """Which regions of the truth are of a class; a region that meets any of the lists is.

    Parameters
    ----------
    kinds
        Kind of lesion in a digital patient's ``truth.json``: ``primary``, ``node``, ``metastasis``.
    codes
        Segmented property type of a DICOM segment (code values).
    names
        Segment labels and names of RT regions; ``*`` and ``?`` as in file names, upper or lower case alike.
    values
        Label numbers of NIfTI files.
    """

    kinds: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    values: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RecipeClass:
    """A class by its name in ``classes.csv``, and its truth; the background, which comes first, has none."""

    name: str
    truth: TruthRule = TruthRule()


@dataclass(frozen=True, slots=True)
class RecipeInput:
    """A channel; its unit follows from its kind."""

    name: str
    kind: str
    normalisation: Normalisation

    @property
    def channel(self) -> InputChannel:
        """As a bundle has it."""
        return InputChannel(self.name, self.kind, UNITS.get(self.kind, ""), self.normalisation)


@dataclass(frozen=True, slots=True)
class RecipeNetwork:
    """A network of ``uptake.networks`` by name, with its settings."""

    name: str
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Splits:
    """How patients are split.

    Parameters
    ----------
    folds
        Of the cross-validation; each patient is tested in one.
    validation
        Share of a fold's other patients that training is watched with: 0.2 of the remaining 80 % are Nikulin's 16 %.
    seed
        Of the drawing.
    """

    folds: int = 5
    validation: float = 0.2
    seed: int = 1

    def __post_init__(self) -> None:
        if self.folds < 2 or not 0.0 <= self.validation <= 0.5 or self.seed < 0:
            raise ValueError("folds must be at least 2, validation 0 to 0.5, and seed not negative")


@dataclass(frozen=True, slots=True)
class About:
    """The words that a bundle made of the run carries."""

    version: str
    task: str
    description: str
    authors: str
    copyright: str
    references: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    """One system's training.

    Parameters
    ----------
    bundle
        Name of the bundle.
    about
        What it is; ``choices`` are the free choices that its source leaves open, one line each.
    inputs, preprocessing, tiling, classes, network
        As in the bundle, and used by training and by inference through the same code.
    fitting
        Loss, optimiser, schedule, batches, when to stop.
    augmentation
        None as published, or what is varied.
    splits
        Cross-validation.

    Raises
    ------
    ValueError
        If a part is impossible or two contradict each other.
    """

    schema: str
    bundle: str
    about: About
    inputs: tuple[RecipeInput, ...]
    preprocessing: Preprocessing
    tiling: Tiling
    classes: tuple[RecipeClass, ...]
    network: RecipeNetwork
    fitting: Fitting
    augmentation: Augmentation | None = None
    splits: Splits = field(default_factory=Splits)

    def __post_init__(self) -> None:
        if self.schema != SCHEMA:
            raise ValueError(f"schema must be {SCHEMA}, not {self.schema!r}")
        if len(self.classes) < 2 or self.classes[0].truth != TruthRule():
            raise ValueError("classes must be the background, without truth, and at least one more")
        for each in self.classes[1:]:
            if each.truth == TruthRule():
                raise ValueError(f"class {each.name!r} has no truth: give kinds, codes, names or values")
        if {each.kind for each in self.inputs} - {"PT", "CT"} or "PT" not in {each.kind for each in self.inputs}:
            raise ValueError("inputs must be of kind PT, and CT where wanted")
        _ = self.label_classes, self.channels
        built = settings_of(self.network.name, self.network.settings)  # with what is left out
        for key, has, count in (
            ("in_channels", built.in_channels, len(self.inputs)),
            ("classes", built.classes, len(self.classes)),
        ):
            if has != count:
                raise ValueError(f"the network's {key} is {has}, but {count} are listed")

    @property
    def channels(self) -> tuple[InputChannel, ...]:
        """The inputs as a bundle has them."""
        return tuple(each.channel for each in self.inputs)

    @property
    def label_classes(self) -> tuple[LabelClass, ...]:
        """The classes as a bundle has them."""
        return tuple(label_class(value, each.name) for value, each in enumerate(self.classes))

    def with_options(self, *, folds: int | None, seed: int | None) -> TrainingRecipe:
        """The recipe with another number of folds or another seed of the weights and patches."""
        splits = self.splits if folds is None else replace(self.splits, folds=folds)
        fitting = self.fitting if seed is None else replace(self.fitting, seed=seed)
        return replace(self, splits=splits, fitting=fitting)

    def to_json(self) -> str:
        """As text that ``recipe_of`` reads back."""
        return json.dumps(to_plain(self), ensure_ascii=False, indent=1) + "\n"


def recipe_of(text: str, name: str) -> TrainingRecipe:
    """Build a recipe from its JSON text.

    Raises
    ------
    InputRefused
        Naming the file and the key that is unknown, lacking or impossible.
    """
    try:
        return from_plain(TrainingRecipe, json.loads(text))
    except (ValueError, TypeError) as error:
        raise InputRefused(f"the recipe {name} cannot be used: {error}.", remedy="Mend the recipe.") from error


def find_recipe(name: str, scale: str, models: Path) -> TrainingRecipe:
    """Read a recipe by the bundle's name (``models/NAME/configs/train_SCALE.json``) or by a path.

    Raises
    ------
    InputRefused
        If there is no such recipe, or as ``recipe_of``.
    """
    path = Path(name)
    if path.suffix != ".json":
        path = models / name / "configs" / f"train_{scale}.json"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        there = ", ".join(sorted(each.parent.parent.name for each in models.glob("*/configs/train_*.json"))) or "none"
        raise InputRefused(
            f"there is no recipe {name} at scale {scale}.", remedy=f"Name a recipe's JSON file, or one of: {there}."
        ) from error
    return recipe_of(text, path.name)
