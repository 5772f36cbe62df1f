"""Everything that a report is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from uptake.evaluation.scores import CohortScores
from uptake.evaluation.survival import SurvivalComparison

COHORTS = {"cross_validation": "Cross-validation", "external": "External testing"}
"""Names of the cohorts and their titles, in the paper's order."""


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """A method's scores, and those of others on the same patients.

    Parameters
    ----------
    method
        What the method is called, such as ``five folds averaged``.
    weights
        A sentence on which weights these are and what they were trained on.
    cross_validation
        Every patient answered by the network that never saw that patient; None where not evaluated.
    external
        Patients from elsewhere; None where not evaluated.
    survival
        By name of cohort; may lack one.
    further
        Scores of other methods: name of cohort, name of method. Their classes may be fewer: then only the union is
        compared.
    notes
        Sentences for the reader, such as which patients were left out.

    Raises
    ------
    ValueError
        If there is no cohort, the two have other classes, or a name is of none of them.
    """

    method: str
    weights: str
    cross_validation: CohortScores | None
    external: CohortScores | None
    survival: Mapping[str, SurvivalComparison] = field(default_factory=dict)
    further: Mapping[str, Mapping[str, CohortScores]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.cohorts:
            raise ValueError("an evaluation has at least one cohort")
        if len({scores.classes for scores in self.cohorts.values()}) > 1:
            raise ValueError("the cohorts have different classes")
        unknown = (set(self.survival) | set(self.further)).difference(self.cohorts)
        if unknown:
            raise ValueError(f"there is no cohort {', '.join(sorted(unknown))}; there are {', '.join(self.cohorts)}")

    @property
    def cohorts(self) -> dict[str, CohortScores]:
        """The cohorts there are, by name."""
        both = {"cross_validation": self.cross_validation, "external": self.external}
        return {name: scores for name, scores in both.items() if scores is not None}

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes without the background."""
        return next(iter(self.cohorts.values())).classes
