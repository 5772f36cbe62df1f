"""Whether the answer's burden tells as much about survival as the truth's (Nikulin 2023, "Survival analysis")."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from uptake.evaluation.risk_groups import RiskGroups, RiskTable, risk_groups
from uptake.evaluation.scores import CohortScores


@dataclass(frozen=True, slots=True)
class SurvivalSettings:
    """Who is in, and when there is too little to say.

    Parameters
    ----------
    minimum_follow_up_days
        Patients alive with less are left out (paper: 6 months). Deaths before count: to leave them out would select
        by the outcome.
    fewest_events
        With fewer deaths nothing is fitted; below 5 per variable a Cox model is not to be trusted (Vittinghoff and
        McCulloch 2007, doi:10.1093/aje/kwk052).
    """

    minimum_follow_up_days: float = 182.0
    fewest_events: int = 5


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Patients whom truth and answer put on different sides of the cut-off.

    The paper calls one of the two "incorrect" each time without saying how. Counted here by the outcome: high burden
    and alive at the end of follow-up, or low burden and dead, is incorrect.
    """

    patients: int
    truth_incorrect: int
    found_incorrect: int


@dataclass(frozen=True, slots=True, eq=False)
class SurvivalComparison:
    """The survival analysis of a cohort.

    Parameters
    ----------
    included, events
        Patients and their deaths.
    without_follow_up, followed_too_short
        Patients left out.
    cutoff_ml
        Burden above which a patient is at high risk, ml.
    cutoff_carried
        Whether the cut-off came from another cohort.
    truth, found
        By delineation; None where not evaluable.
    disagreement
        Between the two.
    reasons
        Why the cohort is not evaluable; empty where it is.
    """

    included: int
    events: int
    without_follow_up: int
    followed_too_short: int
    cutoff_ml: float | None
    cutoff_carried: bool
    truth: RiskGroups | None = None
    found: RiskGroups | None = None
    disagreement: Disagreement | None = None
    reasons: tuple[str, ...] = ()

    @property
    def evaluable(self) -> bool:
        """Whether curves and hazards were worked out."""
        return not self.reasons


def compare_survival(
    scores: CohortScores, cutoff_ml: float | None = None, settings: SurvivalSettings | None = None
) -> SurvivalComparison:
    """Compare truth and answer as predictors of overall survival.

    Parameters
    ----------
    cutoff_ml
        Cut-off carried from another cohort; None takes the median burden of the truth over the included patients.
    """
    chosen = settings or SurvivalSettings()
    followed = [patient for patient in scores.patients if patient.follow_up_days is not None]
    least = chosen.minimum_follow_up_days
    included = [patient for patient in followed if patient.event or (patient.follow_up_days or 0) >= least]
    events = sum(bool(patient.event) for patient in included)
    cutoff = cutoff_ml
    if cutoff is None and included:
        cutoff = float(np.median([patient.truth_burden_ml for patient in included]))
    reasons = _reasons(len(included), events, chosen)
    table = RiskTable.of(included)
    return SurvivalComparison(
        len(included),
        events,
        without_follow_up=len(scores.patients) - len(followed),
        followed_too_short=len(followed) - len(included),
        cutoff_ml=cutoff,
        cutoff_carried=cutoff_ml is not None,
        truth=risk_groups(table, table.truth_ml, cutoff) if cutoff is not None and not reasons else None,
        found=risk_groups(table, table.found_ml, cutoff) if cutoff is not None and not reasons else None,
        disagreement=_disagreement(table, cutoff) if cutoff is not None and included else None,
        reasons=reasons,
    )


def compare_cohorts(
    cross_validation: CohortScores | None, external: CohortScores | None, settings: SurvivalSettings | None = None
) -> dict[str, SurvivalComparison]:
    """Compare both cohorts, by name; the cut-off of the first is carried to the second, as in the paper."""
    compared = {}
    cutoff_ml = None
    for name, scores in (("cross_validation", cross_validation), ("external", external)):
        if scores is not None:
            compared[name] = compare_survival(scores, cutoff_ml, settings)
            cutoff_ml = compared[name].cutoff_ml
    return compared


def _reasons(included: int, events: int, settings: SurvivalSettings) -> tuple[str, ...]:
    if not included:
        return ("no patient has a follow-up that counts",)
    if events < settings.fewest_events:
        return (f"{events} deaths among {included} patients; at least {settings.fewest_events} are needed",)
    if find_spec("lifelines") is None:
        return ("the package lifelines is not installed: pip install 'uptake[cohort]'",)
    return ()


def _disagreement(table: RiskTable, cutoff_ml: float) -> Disagreement:
    truth_high, found_high = table.truth_ml > cutoff_ml, table.found_ml > cutoff_ml
    differ = truth_high != found_high
    return Disagreement(
        int(differ.sum()),
        truth_incorrect=int((differ & (truth_high != table.died)).sum()),
        found_incorrect=int((differ & (found_high != table.died)).sum()),
    )
