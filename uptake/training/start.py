"""What a run started from, where that was not chance: weights of another run, or of a bundle."""

from __future__ import annotations

import json
from dataclasses import dataclass

from uptake.errors import InputRefused
from uptake.training.folds import Folds
from uptake.training.plain_json import from_plain, to_plain


@dataclass(frozen=True, slots=True)
class Start:
    """Where weights came from, and who had a part in them.

    Parameters
    ----------
    name
        Of the run or bundle.
    trained_on
        In words.
    digital_patients_only
        Whether no real patient had a part.
    sha256
        Of each fold's weights, in the order of this run's folds.
    patients
        For each of this run's folds, keys of those whom its weights had seen; None where nobody can say.
    """

    name: str
    trained_on: str
    digital_patients_only: bool
    sha256: tuple[str, ...]
    patients: tuple[tuple[str, ...], ...] | None = None

    def to_json(self) -> str:
        """As text; ``start_of`` reads it back."""
        return json.dumps(to_plain(self), indent=1) + "\n"

    def seen(self, patient: str) -> bool:
        """Whether any fold's weights had seen a patient."""
        return any(patient in each for each in self.patients or ())

    def require_no_leak(self, folds: Folds) -> None:
        """Refuse to test on a patient whom the weights had seen.

        Raises
        ------
        InputRefused
            Naming the fold.
        """
        if self.patients is None:
            return
        for number, (fold, seen) in enumerate(zip(folds.folds, self.patients, strict=True)):
            count = len(set(fold.test) & set(seen))
            if count:
                raise InputRefused(
                    f"{count} patient(s) whom fold {number} is tested on had a part in the weights of {self.name}.",
                    remedy="Start from weights of other patients, or of the same folds.",
                )


def start_of(text: str) -> Start:
    """A start from its JSON text; ValueError if it is damaged."""
    return from_plain(Start, json.loads(text))
