"""How well volumes overlap (Nikulin 2023, Table 1 and Figure 1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptake.evaluation.patient_scores import PatientScores
from uptake.evaluation.scores import CohortScores

_RESAMPLINGS = 2000
_SEED = 2023


@dataclass(frozen=True, slots=True)
class OverlapRow:
    """A row of Table 1; every number is None where no patient gives one.

    Parameters
    ----------
    target
        A class or ``union``.
    cohort
        Dice of all patients' volumes together.
    cohort_interval
        Its 95 % interval: percentiles of 2,000 cohorts drawn from the patients with replacement.
    mean, median, quartiles
        Over the patients that have a Dice; the paper's "50% CI" are the quartiles.
    mean_absent_as_one
        The mean if patients with nothing in either delineation counted as 1.
    missed
        Patients of Dice 0 although the truth has the target.
    false_alarms
        Patients of Dice 0 because the truth has none and the answer has.
    absent
        Patients with nothing in either: no Dice, in none of the other numbers.
    """

    target: str
    cohort: float | None
    cohort_interval: tuple[float, float] | None
    mean: float | None
    median: float | None
    quartiles: tuple[float, float] | None
    mean_absent_as_one: float | None
    missed: int
    false_alarms: int
    absent: int

    @property
    def failed(self) -> int:
        """Patients of Dice 0, the paper's "N failed"."""
        return self.missed + self.false_alarms


def overlap_rows(scores: CohortScores) -> tuple[OverlapRow, ...]:
    """Table 1: a row per class and one for their union."""
    return tuple(_row(name, scores.patients, index) for index, name in targets(scores))


def patient_dsc(scores: CohortScores, index: int = -1) -> dict[str, float]:
    """Dice by patient name, of those that have one, of class ``index`` (from 0) or of the union (-1)."""
    values = {patient.name: patient.dsc(index) for patient in scores.patients}
    return {name: value for name, value in values.items() if value is not None}


def targets(scores: CohortScores) -> list[tuple[int, str]]:
    """Index, as ``PatientScores`` counts, and name of the classes and the union."""
    count = len(scores.classes)
    return [(index if index < count else -1, name) for index, name in enumerate(scores.targets)]


def _row(target: str, patients: Sequence[PatientScores], index: int) -> OverlapRow:
    defined = [patient for patient in patients if patient.truth_ml[index] + patient.found_ml[index] > 0]
    absent = len(patients) - len(defined)
    zero = [patient for patient in defined if patient.both_ml[index] == 0]
    missed = sum(patient.truth_ml[index] > 0 for patient in zero)
    if not defined:
        return OverlapRow(target, None, None, None, None, None, None, 0, 0, absent)
    both, sums = _volumes(defined, index)
    values = 2 * both / sums
    low, middle, high = np.percentile(values, [25, 50, 75])
    return OverlapRow(
        target,
        cohort=float(2 * both.sum() / sums.sum()),
        cohort_interval=_interval(defined, index),
        mean=float(values.mean()),
        median=float(middle),
        quartiles=(float(low), float(high)),
        mean_absent_as_one=float((values.sum() + absent) / len(patients)),
        missed=missed,
        false_alarms=len(zero) - missed,
        absent=absent,
    )


def _volumes(patients: Sequence[PatientScores], index: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    both = np.array([patient.both_ml[index] for patient in patients])
    return both, np.array([patient.truth_ml[index] + patient.found_ml[index] for patient in patients])


def _interval(patients: Sequence[PatientScores], index: int) -> tuple[float, float] | None:
    if len(patients) < 2:
        return None
    both, sums = _volumes(patients, index)
    drawn = np.random.default_rng(_SEED).integers(0, len(patients), (_RESAMPLINGS, len(patients)))
    low, high = np.percentile(2 * both[drawn].sum(axis=1) / sums[drawn].sum(axis=1), [2.5, 97.5])
    return float(low), float(high)
