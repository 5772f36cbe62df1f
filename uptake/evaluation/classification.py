"""Whether voxels that both call lesion also get the same class (Nikulin 2023, Table 2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from uptake.evaluation.scores import CohortScores


@dataclass(frozen=True, slots=True)
class Classification:
    """Table 2.

    Parameters
    ----------
    classes
        Their names.
    voxels
        Counts over all patients, ``[class of the truth][class of the answer]``.
    error_free
        Patients without a single misclassified voxel; those where nothing was agreed on are among them, as the paper
        relates the number to all its scans.
    nothing_agreed
        Patients without a voxel that both call lesion.
    patients
        How many there are.
    """

    classes: tuple[str, ...]
    voxels: tuple[tuple[int, ...], ...]
    error_free: int
    nothing_agreed: int
    patients: int

    @property
    def total(self) -> int:
        """Voxels that both call lesion."""
        return sum(map(sum, self.voxels))

    @property
    def accuracy(self) -> float | None:
        """Share of the voxels with the right class; None without voxels."""
        return float(np.trace(np.array(self.voxels))) / self.total if self.total else None

    @property
    def rates(self) -> tuple[float | None, ...]:
        """True positive rate by class: share of the truth's voxels of it that the answer calls so."""
        return tuple(row[index] / sum(row) if sum(row) else None for index, row in enumerate(self.voxels))

    def share(self, true: int, found: int) -> float | None:
        """Share of all agreed voxels with these two classes (from 0), as the paper normalises its table."""
        return self.voxels[true][found] / self.total if self.total else None


def classify(scores: CohortScores) -> Classification:
    """Add up the patients' contingency tables."""
    tables = np.array([patient.agreed_voxels for patient in scores.patients], dtype=np.int64)
    agreed = tables.sum(axis=(1, 2))
    right = np.trace(tables, axis1=1, axis2=2)
    return Classification(
        scores.classes,
        tuple(tuple(row) for row in tables.sum(axis=0).tolist()),
        error_free=int((agreed == right).sum()),
        nothing_agreed=int((agreed == 0).sum()),
        patients=len(tables),
    )
