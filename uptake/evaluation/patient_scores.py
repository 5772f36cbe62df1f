"""What is kept of a patient once truth and answer were compared: counts, no volumes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StructureMatches:
    """The lesions of one class in one delineation.

    Parameters
    ----------
    volumes_ml
        Of each lesion.
    same_class, any_class
        Whether the other delineation covers enough of each, with the same class or with any.
    """

    volumes_ml: tuple[float, ...]
    same_class: tuple[bool, ...]
    any_class: tuple[bool, ...]

    def each(self, same: bool) -> Iterator[tuple[float, bool]]:
        """Volume, ml, and whether covered (``same``: by the same class)."""
        return zip(self.volumes_ml, self.same_class if same else self.any_class, strict=True)


@dataclass(frozen=True, slots=True)
class PatientScores:
    """Counts of a patient.

    Parameters
    ----------
    name
        As ``DelineatedPatient.name``.
    truth_ml, found_ml, both_ml
        Volumes by target, ml: every class in order, then the union of all classes.
    agreed_voxels
        Where both see lesion: voxels by ``[class of the truth][class of the answer]``.
    truth_lesions, found_lesions
        By class.
    follow_up_days, event
        As ``DelineatedPatient`` has them.
    """

    name: str
    truth_ml: tuple[float, ...]
    found_ml: tuple[float, ...]
    both_ml: tuple[float, ...]
    agreed_voxels: tuple[tuple[int, ...], ...]
    truth_lesions: tuple[StructureMatches, ...]
    found_lesions: tuple[StructureMatches, ...]
    follow_up_days: float | None = None
    event: bool | None = None

    @property
    def truth_burden_ml(self) -> float:
        """Total tumour burden (TTB) of the truth: volume of the union of all classes, ml."""
        return self.truth_ml[-1]

    @property
    def found_burden_ml(self) -> float:
        """Total tumour burden (TTB) of the answer, ml."""
        return self.found_ml[-1]

    def dsc(self, target: int) -> float | None:
        """Dice similarity coefficient of a class (from 0) or of the union (-1).

        0 where only one of the two has anything. None where neither has: then there is nothing to agree on.
        """
        total = self.truth_ml[target] + self.found_ml[target]
        return 2 * self.both_ml[target] / total if total > 0 else None
