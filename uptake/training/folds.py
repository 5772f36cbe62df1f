"""Cross-validation by patients: every patient is tested once, by a network that never saw that patient."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from uptake.errors import InputRefused
from uptake.training.cache import PreparedTraining
from uptake.training.plain_json import from_plain, to_plain
from uptake.training.recipe import Splits


@dataclass(frozen=True, slots=True)
class Fold:
    """Keys of the patients that one network is trained on, watched with, and tested on."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Folds:
    """All folds, in order.

    Raises
    ------
    InputRefused
        If a patient is in two parts of a fold, tested in two folds, left out of one, or, where no fold tests the
        patient, not trained on in every fold.
    """

    folds: tuple[Fold, ...]

    def __post_init__(self) -> None:
        patients = [patient for fold in self.folds for patient in fold.test]
        if len(set(patients)) != len(patients):
            raise _leak("a patient is tested in two folds")
        expected = set(patients) | self.untested
        for number, fold in enumerate(self.folds):
            members = [*fold.train, *fold.validation, *fold.test]
            if len(set(members)) != len(members):
                raise _leak(f"a patient is in two parts of fold {number}")
            if set(members) != expected:
                raise _leak(f"fold {number} has other patients than the others")

    @property
    def untested(self) -> frozenset[str]:
        """Patients whom every fold trains on and none tests."""
        tested = {patient for fold in self.folds for patient in fold.test}
        common = set.intersection(*(set(fold.train) for fold in self.folds)) if self.folds else set()
        return frozenset(common - tested)

    def to_json(self) -> str:
        """As text; ``folds_of`` reads it back."""
        return json.dumps(to_plain(self), indent=1) + "\n"


def folds_of(text: str) -> Folds:
    """Folds from their JSON text; InputRefused if it is damaged or patients leak."""
    try:
        return from_plain(Folds, json.loads(text))
    except ValueError as error:
        raise InputRefused(f"the folds cannot be read: {error}.", remedy="Train in a new folder.") from error


def split(exams: Sequence[PreparedTraining], splits: Splits, untested: Collection[str] = ()) -> Folds:
    """Draw the folds: patients shuffled by the seed, dealt out in equal parts, not stratified by anything.

    Patients of ``untested`` are trained on in every fold, and tested in none.

    Raises
    ------
    InputRefused
        If there are too few patients, or the same images are under two patients.
    """
    require_no_leak(exams)
    patients = sorted({exam.patient for exam in exams}.difference(untested))
    if len(patients) < splits.folds or len(patients) < 3:
        raise InputRefused(
            f"{len(patients)} patient(s) cannot be split in {splits.folds} folds.",
            remedy="Give more patients or fewer folds.",
        )
    random = np.random.default_rng(splits.seed)
    order = [patients[index] for index in random.permutation(len(patients))]
    parts = [order[start :: splits.folds] for start in range(splits.folds)]
    folds = []
    for number, test in enumerate(parts):
        # The part that comes next is validated with first, so that the validation patients of folds differ as well.
        rest = [patient for part in (*parts[number + 1 :], *parts[:number]) for patient in part]
        count = min(max(round(splits.validation * len(rest)), int(splits.validation > 0)), len(rest) - 1)
        folds.append(Fold(tuple(sorted({*rest[count:], *untested})), tuple(sorted(rest[:count])), tuple(sorted(test))))
    return Folds(tuple(folds))


def require_no_leak(exams: Sequence[PreparedTraining]) -> None:
    """Refuse the same PET under two patients: it would be trained on and tested on.

    Raises
    ------
    InputRefused
        Naming both exams.
    """
    seen: dict[str, PreparedTraining] = {}
    for exam in exams:
        other = seen.setdefault(exam.pixels, exam)
        if other.patient != exam.patient:
            raise InputRefused(
                f"exams {other.name} and {exam.name} have the same PET but belong to two patients: one could be "
                "trained on and the other tested on.",
                remedy="Leave one out, or give both the same patient.",
            )


def _leak(reason: str) -> InputRefused:
    return InputRefused(f"the folds leak: {reason}.", remedy="Let the folds be drawn anew, in a new folder.")
