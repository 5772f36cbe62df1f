"""The paper's tables as rows of numbers, here and as published; the same rows go to CSV, JSON and Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from uptake.evaluation.burden import compare_burden
from uptake.evaluation.classification import classify
from uptake.evaluation.delineation import overlap_rows, targets
from uptake.evaluation.evaluated import Evaluation
from uptake.evaluation.published import PAPER, published
from uptake.evaluation.structures import detection_rows

Row = dict[str, Any]
"""A table's row: ``cohort``, ``source`` (the method, or the paper), then numbers; None where there is none."""


def table1(evaluation: Evaluation) -> list[Row]:
    """Overlap by cohort and target: the method's row, then the paper's."""
    rows = []
    for cohort, scores in evaluation.cohorts.items():
        paper = published(cohort, evaluation.classes)
        for each in overlap_rows(scores):
            head = {"cohort": cohort, "target": each.target}
            low, high = each.cohort_interval or (None, None)
            first, third = each.quartiles or (None, None)
            rows.append(
                {
                    **head,
                    "source": evaluation.method,
                    "patients": len(scores.patients),
                    "cohort_dsc": each.cohort,
                    "cohort_dsc_low": low,
                    "cohort_dsc_high": high,
                    "mean": each.mean,
                    "median": each.median,
                    "quartile_1": first,
                    "quartile_3": third,
                    "failed": each.failed,
                    "missed": each.missed,
                    "false_alarms": each.false_alarms,
                    "absent": each.absent,
                    "mean_absent_as_one": each.mean_absent_as_one,
                }
            )
            if paper:
                rows.append({**head, "source": PAPER, **_paper_overlap(paper, each.target)})
    return rows


def table2(evaluation: Evaluation) -> list[Row]:
    """Voxel classification by cohort; no rows with a single class."""
    if len(evaluation.classes) < 2:
        return []
    rows = []
    for cohort, scores in evaluation.cohorts.items():
        result = classify(scores)
        rows.append(
            {
                "cohort": cohort,
                "source": evaluation.method,
                "voxels": result.total,
                **{
                    _share_name(scores.classes[true], scores.classes[found]): result.share(true, found)
                    for true, found in product(range(len(scores.classes)), repeat=2)
                },
                **{f"tpr_{name}": rate for name, rate in zip(scores.classes, result.rates, strict=True)},
                "accuracy": result.accuracy,
                "patients": result.patients,
                "error_free": result.error_free,
                "error_free_share": result.error_free / result.patients,
                "nothing_agreed": result.nothing_agreed,
            }
        )
        paper = published(cohort, evaluation.classes)
        if paper:
            rows.append({"cohort": cohort, "source": PAPER, **_paper_classification(paper)})
    return rows


def table3(evaluation: Evaluation) -> list[Row]:
    """Lesion detection by cohort and target: the method's row, then the paper's."""
    rows = []
    for cohort, scores in evaluation.cohorts.items():
        paper = published(cohort, evaluation.classes)
        for each in detection_rows(scores.patients, scores.classes):
            head = {"cohort": cohort, "target": each.target}
            rows.append(
                {
                    **head,
                    "source": evaluation.method,
                    "tp_man": each.hit,
                    "tp_cnn": each.right,
                    "fn": each.missed,
                    "fp": each.wrong,
                    "tpr_str": each.sensitivity,
                    "ppv_str": each.precision,
                    "missed_mean_ml": each.missed_mean_ml,
                }
            )
            if paper and each.target in paper["table3"]:
                rows.append({**head, "source": PAPER, **_paper_detection(paper["table3"][each.target])})
    return rows


def burdens(evaluation: Evaluation) -> list[Row]:
    """A row per patient: burdens, whether an outlier, Dice by target, and follow-up."""
    rows = []
    for cohort, scores in evaluation.cohorts.items():
        outliers = compare_burden(scores).outlier.tolist()
        for patient, outlier in zip(scores.patients, outliers, strict=True):
            rows.append(
                {
                    "cohort": cohort,
                    "patient": patient.name,
                    "truth_ml": patient.truth_burden_ml,
                    "found_ml": patient.found_burden_ml,
                    "difference_ml": patient.found_burden_ml - patient.truth_burden_ml,
                    "outlier": outlier,
                    **{f"dsc_{name}": patient.dsc(index) for index, name in targets(scores)},
                    "follow_up_days": patient.follow_up_days,
                    "event": patient.event,
                }
            )
    return rows


def burden_table(evaluation: Evaluation) -> list[Row]:
    """Agreement of burdens by cohort: with the outliers left out, and of everybody."""
    rows = []
    for cohort, scores in evaluation.cohorts.items():
        result = compare_burden(scores)
        line = result.line
        rows.append(
            {
                "cohort": cohort,
                "source": evaluation.method,
                "patients": len(scores.patients),
                "outliers": int(result.outlier.sum()),
                "r_squared": line.r_squared if line else None,
                "mean_absolute_ml": result.mean_absolute_ml,
                "slope": line.slope if line else None,
                "intercept_ml": line.intercept_ml if line else None,
                "r_squared_all": result.line_all.r_squared if result.line_all else None,
                "mean_absolute_all_ml": result.mean_absolute_all_ml,
            }
        )
        paper = published(cohort, evaluation.classes)
        if paper:
            rows.append({"cohort": cohort, "source": PAPER, "patients": paper["patients"], **paper["burden"]})
    return rows


def _paper_overlap(paper: Mapping[str, Any], target: str) -> Row:
    page = paper["table1"][target]
    return {
        "patients": paper["patients"],
        "cohort_dsc": page["cohort"],
        "mean": page["mean"],
        "median": page["median"],
        "quartile_1": page["quartiles"][0],
        "quartile_3": page["quartiles"][1],
        "failed": page["failed"],
    }


def _paper_classification(paper: Mapping[str, Any]) -> Row:
    page = paper["table2"]
    shares: Row = {
        _share_name(true, found): share for true, row in page["shares"].items() for found, share in row.items()
    }
    rates = {f"tpr_{name}": rate for name, rate in page["rates"].items()}
    free = {"error_free": page["error_free"], "error_free_share": page["error_free"] / paper["patients"]}
    return {
        "voxels": page["voxels"],
        **shares,
        **rates,
        "accuracy": page["accuracy"],
        "patients": paper["patients"],
        **free,
    }


def _paper_detection(page: Mapping[str, Any]) -> Row:
    names = {"tp_man": "hit", "tp_cnn": "right", "fn": "missed", "fp": "wrong"}
    rates = {"tpr_str": "sensitivity", "ppv_str": "precision"}
    return {column: page[key] for column, key in (names | rates).items()}


def _share_name(true: str, found: str) -> str:
    return f"share_{true}_as_{found}"


def columns(rows: Sequence[Row]) -> list[str]:
    """Names of all columns, in the order in which the rows bring them."""
    return list(dict.fromkeys(name for row in rows for name in row))
