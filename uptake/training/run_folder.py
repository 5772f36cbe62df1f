"""The folder of a training run.

::

    RUN/
    ├── recipe.json              as trained
    ├── exams.json               names, patients (keys) and hashes of the PETs; whether all are digital
    ├── folds.json               who is trained on, watched with and tested on
    ├── start.json               what it started from, where that was not chance
    ├── cache/                   prepared exams, where no other cache is named
    └── fold_0/                  weights.safetensors (best validation), log.csv, curves.png, state.pt, tensorboard/,
                                 start.safetensors
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uptake.errors import InputRefused
from uptake.training.folds import Folds, folds_of
from uptake.training.progress_state import WEIGHTS, fingerprint
from uptake.training.recipe import TrainingRecipe, recipe_of
from uptake.training.start import Start, start_of
from uptake.whole_file import put_whole

RECIPE, EXAMS, FOLDS, START = "recipe.json", "exams.json", "folds.json", "start.json"


@dataclass(frozen=True, slots=True)
class Run:
    """A run folder as it says itself.

    Parameters
    ----------
    folder
        Where it is.
    recipe, folds
        What is trained, and on whom.
    exams
        Entries of ``exams.json``: name, patient, pixels, digital.
    start
        What it started from; None where that was chance.
    """

    folder: Path
    recipe: TrainingRecipe
    folds: Folds
    exams: tuple[dict[str, Any], ...]
    start: Start | None = None

    @property
    def digital_patients_only(self) -> bool:
        """Whether no real patient is among them, nor among those of the start."""
        before = self.start is None or self.start.digital_patients_only
        return before and all(each["digital"] for each in self.exams)

    @property
    def fingerprint(self) -> str:
        """Of all that decides the weights."""
        exams = json.dumps([(each["name"], each["pixels"]) for each in self.exams])
        before = (self.start.to_json(),) if self.start else ()
        return fingerprint(self.recipe.to_json(), self.folds.to_json(), exams, *before)

    @property
    def trained(self) -> tuple[int, ...]:
        """Folds that have weights, ascending."""
        return tuple(number for number in range(len(self.folds.folds)) if (self.fold(number) / WEIGHTS).exists())

    def fold(self, number: int) -> Path:
        """The folder of a fold."""
        return self.folder / f"fold_{number}"


def open_run(folder: Path) -> Run:
    """Read a run folder.

    Raises
    ------
    InputRefused
        If it is none, or its files are damaged or leak patients.
    """
    try:
        recipe, folds, exams = ((folder / name).read_text(encoding="utf-8") for name in (RECIPE, FOLDS, EXAMS))
        found = tuple(json.loads(exams)["exams"])
        start = start_of((folder / START).read_text(encoding="utf-8")) if (folder / START).exists() else None
    except (OSError, ValueError, KeyError) as error:
        raise InputRefused(
            f"{folder.name} is no folder of a training run.", remedy="Give the folder that uptake train wrote."
        ) from error
    return Run(folder, recipe_of(recipe, RECIPE), folds_of(folds), found, start)


def open_trained_run(folder: Path) -> Run:
    """As ``open_run``; InputRefused also where no fold has weights yet."""
    run = open_run(folder)
    if not run.trained:
        raise InputRefused(f"no fold of the run {folder.name} is trained yet.", remedy="Train one with uptake train.")
    return run


def described(run: Run) -> str:
    """On whom a run's networks were trained, in words."""
    patients = len({each["patient"] for each in run.exams})
    kind = "digital patients" if all(each["digital"] for each in run.exams) else "patients"
    text = f"{len(run.exams)} exams of {patients} {kind}, {len(run.trained)} of {len(run.folds.folds)} folds"
    return f"{text}; started from {run.start.name} ({run.start.trained_on})" if run.start else text


def write_recipe(run: Run, folder: Path) -> None:
    """Write what is trained; OSError if the disk refuses."""
    _write(folder / RECIPE, run.recipe.to_json())


def write_patients(run: Run, folder: Path) -> None:
    """Write on whom it is trained; OSError if the disk refuses."""
    if run.start is not None:
        _write(folder / START, run.start.to_json())
    _write(folder / EXAMS, json.dumps({"exams": run.exams}, indent=1) + "\n")
    _write(folder / FOLDS, run.folds.to_json())  # last: where it is, all are


def _write(path: Path, text: str) -> None:
    with put_whole(path) as partial:
        partial.write_text(text, encoding="utf-8")
