"""Methods against each other on the same patients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from uptake.evaluation.delineation import overlap_rows, patient_dsc
from uptake.evaluation.evaluated import Evaluation
from uptake.evaluation.scores import CohortScores
from uptake.evaluation.tables import Row


def comparison_rows(evaluation: Evaluation) -> list[Row]:
    """A row per cohort and method, the evaluation's own method first.

    ``mean_difference`` is the method's Dice of the union less that of the evaluation's own, patient by patient, over
    the patients that have one with both; ``wilcoxon_p`` its Wilcoxon signed-rank test and ``holm_p`` the same corrected
    for the number of comparisons in the cohort (Holm 1979).
    """
    rows = []
    for cohort, own in evaluation.cohorts.items():
        methods = evaluation.further.get(cohort, {})
        rows.append(_row(cohort, evaluation.method, own, evaluation.classes))
        against = [
            _row(cohort, name, scores, evaluation.classes) | _paired(own, scores) for name, scores in methods.items()
        ]
        corrected = holm([row["wilcoxon_p"] for row in against])
        rows.extend(row | {"holm_p": p} for row, p in zip(against, corrected, strict=True))
    return rows


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's correction of those p-values that there are."""
    order = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    corrected: list[float | None] = [None] * len(p_values)
    least = 0.0
    for rank, (p, index) in enumerate(order):
        least = max(least, min(1.0, p * (len(order) - rank)))
        corrected[index] = least
    return corrected


def _row(cohort: str, method: str, scores: CohortScores, classes: Sequence[str]) -> Row:
    overlap = {row.target: row for row in overlap_rows(scores)}
    union = overlap[scores.targets[-1]]
    by_class = {f"cohort_dsc_{name}": overlap[name].cohort if name in overlap else None for name in classes}
    return {
        "cohort": cohort,
        "method": method,
        "patients": len(scores.patients),
        "cohort_dsc": union.cohort,
        **(by_class if len(classes) > 1 else {}),
        "mean": union.mean,
        "median": union.median,
        "failed": union.failed,
    }


def _paired(own: CohortScores, other: CohortScores) -> Row:
    from scipy.stats import wilcoxon

    mine, theirs = patient_dsc(own), patient_dsc(other)
    names = [name for name in mine if name in theirs]
    difference = np.array([theirs[name] - mine[name] for name in names])
    p = float(wilcoxon(difference).pvalue) if np.any(difference) else None
    mean = float(difference.mean()) if names else None
    return {"pairs": len(names), "mean_difference": mean, "wilcoxon_p": p}
