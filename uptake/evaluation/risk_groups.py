"""Survival above and below a cut-off of tumour burden: hazard ratios and Kaplan-Meier curves."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptake.evaluation.patient_scores import PatientScores


@dataclass(frozen=True, slots=True)
class Hazard:
    """Hazard ratio of a univariate Cox regression (ties: Efron), its 95 % interval and Wald's p."""

    ratio: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Kaplan-Meier curve of a risk group.

    Parameters
    ----------
    events
        Deaths.
    days, survival
        Survival from each of these days on.
    followed_days, censored_days
        Follow-up of everybody and of those alive at its end, sorted.
    median_days
        Median survival; None where it was not reached.
    """

    events: int
    days: NDArray[np.float64]
    survival: NDArray[np.float64]
    followed_days: NDArray[np.float64]
    censored_days: NDArray[np.float64]
    median_days: float | None

    @property
    def patients(self) -> int:
        """How many there are."""
        return len(self.followed_days)


@dataclass(frozen=True, slots=True, eq=False)
class RiskGroups:
    """A delineation's patients above the cut-off against those at or below it.

    Parameters
    ----------
    hazard
        Of high against low burden.
    per_10_ml
        Of 10 ml more burden, without a cut-off.
    log_rank_p
        Of the two curves.
    reasons
        Why a number is None.
    """

    hazard: Hazard | None
    per_10_ml: Hazard | None
    log_rank_p: float | None
    low: Curve
    high: Curve
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RiskTable:
    """The patients of a survival analysis, by column."""

    days: NDArray[np.float64]
    died: NDArray[np.bool_]
    truth_ml: NDArray[np.float64]
    found_ml: NDArray[np.float64]

    @staticmethod
    def of(patients: Sequence[PatientScores]) -> RiskTable:
        """Take what it needs of patients with a follow-up."""
        return RiskTable(
            np.array([patient.follow_up_days for patient in patients], dtype=np.float64),
            np.array([patient.event for patient in patients], dtype=bool),
            np.array([patient.truth_burden_ml for patient in patients], dtype=np.float64),
            np.array([patient.found_burden_ml for patient in patients], dtype=np.float64),
        )


def risk_groups(table: RiskTable, burden_ml: NDArray[np.float64], cutoff_ml: float) -> RiskGroups:
    """Fit Cox regressions and curves to the patients above the cut-off and the others; needs lifelines."""
    high = burden_ml > cutoff_ml
    parts = (("low", ~high), ("high", high))
    reasons = tuple(f"no patient has {name} burden" for name, part in parts if not part.any())
    reasons += tuple(f"no death at {name} burden" for name, part in parts if part.any() and not table.died[part].any())
    varies = np.ptp(burden_ml) > 0
    split, graded = None, None
    if not reasons:
        split, trouble = _cox(table, high.astype(np.float64))
        reasons += trouble
    if varies:
        graded, trouble = _cox(table, burden_ml / 10)
        reasons += tuple(f"by volume: {each}" for each in trouble)
    both = high.any() and not high.all()
    return RiskGroups(
        split, graded, _log_rank(table, high) if both else None, _curve(table, ~high), _curve(table, high), reasons
    )


def _cox(table: RiskTable, covariate: NDArray[np.float64]) -> tuple[Hazard | None, tuple[str, ...]]:
    import pandas as pd
    from lifelines import CoxPHFitter
    from lifelines.exceptions import ConvergenceError, ConvergenceWarning

    frame = pd.DataFrame({"days": table.days, "died": table.died, "burden": covariate})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ConvergenceWarning)
            row = CoxPHFitter().fit(frame, "days", "died").summary.loc["burden"]
    except (ConvergenceError, ConvergenceWarning):
        return None, ("the Cox regression does not converge",)
    low, high = row["exp(coef) lower 95%"], row["exp(coef) upper 95%"]
    return Hazard(float(row["exp(coef)"]), float(low), float(high), float(row["p"])), ()


def _log_rank(table: RiskTable, high: NDArray[np.bool_]) -> float:
    from lifelines.statistics import logrank_test

    result = logrank_test(table.days[high], table.days[~high], table.died[high], table.died[~high])
    return float(result.p_value)


def _curve(table: RiskTable, part: NDArray[np.bool_]) -> Curve:
    from lifelines import KaplanMeierFitter

    days, died = table.days[part], table.died[part]
    if not len(days):
        return Curve(0, days, days, days, days, None)
    fitted = KaplanMeierFitter().fit(days, died)
    function = fitted.survival_function_
    median = float(fitted.median_survival_time_)
    return Curve(
        int(died.sum()),
        function.index.to_numpy(dtype=np.float64),
        function.iloc[:, 0].to_numpy(dtype=np.float64),
        np.sort(days),
        np.sort(days[~died]),
        median if np.isfinite(median) else None,
    )
