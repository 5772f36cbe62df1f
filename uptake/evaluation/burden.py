"""How the total tumour burden of answer and truth agree (Nikulin 2023, "Spatial concordance" and Figure 2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptake.evaluation.scores import CohortScores

OUTLIER_PERCENTILE = 99.0
_FEWEST = 3


@dataclass(frozen=True, slots=True)
class Line:
    """Least squares line of the answer's burden on the truth's, both in ml.

    Parameters
    ----------
    slope, intercept_ml
        Of the line.
    r_squared
        Coefficient of determination.
    residual_ml
        Standard error of the residuals, n - 2 degrees of freedom.
    n, mean_ml, spread_ml2
        Patients, mean of the truth's burden, and sum of its squared deviations: what the prediction band needs.
    """

    slope: float
    intercept_ml: float
    r_squared: float
    residual_ml: float
    n: int
    mean_ml: float
    spread_ml2: float

    def at(self, truth_ml: NDArray[np.float64]) -> NDArray[np.float64]:
        """Burden on the line, ml."""
        return self.intercept_ml + self.slope * truth_ml

    def half_band(self, truth_ml: NDArray[np.float64]) -> NDArray[np.float64]:
        """Half the width of the 95 % prediction band of a single patient, ml."""
        from scipy.stats import t

        factor = float(t.ppf(0.975, self.n - 2))
        return factor * self.residual_ml * np.sqrt(1 + 1 / self.n + (truth_ml - self.mean_ml) ** 2 / self.spread_ml2)


@dataclass(frozen=True, slots=True, eq=False)
class BurdenAgreement:
    """Burdens and how they agree.

    Parameters
    ----------
    truth_ml, found_ml
        Total tumour burden by patient, ml.
    outlier
        Patients whose absolute difference is above the 99th percentile; they are left out of the numbers below, as in
        the paper.
    mean_absolute_ml
        Mean absolute difference without the outliers, ml.
    mean_absolute_all_ml
        The same of all patients.
    line, line_all
        Without the outliers, and of all patients; None with fewer than 3 patients or one burden throughout.
    """

    truth_ml: NDArray[np.float64]
    found_ml: NDArray[np.float64]
    outlier: NDArray[np.bool_]
    mean_absolute_ml: float
    mean_absolute_all_ml: float
    line: Line | None
    line_all: Line | None


def compare_burden(scores: CohortScores) -> BurdenAgreement:
    """Compare truth and answer over a cohort."""
    truth = np.array([patient.truth_burden_ml for patient in scores.patients])
    found = np.array([patient.found_burden_ml for patient in scores.patients])
    difference = np.abs(found - truth)
    outlier = difference > np.percentile(difference, OUTLIER_PERCENTILE)
    return BurdenAgreement(
        truth,
        found,
        outlier,
        mean_absolute_ml=float(difference[~outlier].mean()),
        mean_absolute_all_ml=float(difference.mean()),
        line=_fit(truth[~outlier], found[~outlier]),
        line_all=_fit(truth, found),
    )


def _fit(truth: NDArray[np.float64], found: NDArray[np.float64]) -> Line | None:
    from scipy.stats import linregress

    if len(truth) < _FEWEST or np.ptp(truth) == 0 or np.ptp(found) == 0:
        return None
    fit = linregress(truth, found)
    spread = float(((truth - truth.mean()) ** 2).sum())
    residual = found - fit.intercept - fit.slope * truth
    return Line(
        float(fit.slope),
        float(fit.intercept),
        float(fit.rvalue**2),
        float(np.sqrt((residual**2).sum() / (len(truth) - 2))),
        len(truth),
        float(truth.mean()),
        spread,
    )
