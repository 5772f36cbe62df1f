"""An evaluation as files: report, tables, numbers and figures."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from uptake import __version__
from uptake.errors import OutputFailed
from uptake.evaluation.comparison import comparison_rows
from uptake.evaluation.evaluated import Evaluation
from uptake.evaluation.figures import draw_burdens, draw_histograms
from uptake.evaluation.report_text import report_text
from uptake.evaluation.survival_figure import draw_survival
from uptake.evaluation.tables import Row, burden_table, burdens, columns, table1, table2, table3
from uptake.notice import RESEARCH_USE

__all__ = ["REPORT", "Evaluation", "write_report"]

REPORT = "report.md"
_STAGING = ".report.partial"
_OPTIONAL = ("table2.csv", "figures/figure5.png")


def write_report(evaluation: Evaluation, folder: Path) -> None:
    """Write ``report.md``, ``scores.json``, tables 1 to 3, ``burden.csv``, ``comparison.csv``, and ``figures/``.

    Parameters
    ----------
    folder
        Made if absent. What an earlier report left there is replaced; ``report.md`` comes last. No ``table2.csv`` with
        a single class, no ``figures/figure5.png`` without follow-up.

    Raises
    ------
    OutputFailed
        If the disk refuses.
    """
    staging = folder / _STAGING
    try:
        shutil.rmtree(staging, ignore_errors=True)
        (staging / "figures").mkdir(parents=True)
        _write(evaluation, staging)
        _publish(staging, folder)
    except OSError as error:
        raise OutputFailed(
            f"The report could not be written ({error.strerror}). Free some space, run again."
        ) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write(evaluation: Evaluation, folder: Path) -> None:
    tables = {
        "table1": table1(evaluation),
        "table2": table2(evaluation),
        "table3": table3(evaluation),
        "burden": burdens(evaluation),
        "comparison": comparison_rows(evaluation),
    }
    for name, rows in tables.items():
        if rows:
            _write_csv(rows, folder / f"{name}.csv")
    page = {
        "schema": "uptake.evaluation/1",
        "notice": RESEARCH_USE,
        "version": __version__,
        "method": evaluation.method,
        "weights": evaluation.weights,
        "notes": list(evaluation.notes),
        "classes": list(evaluation.classes),
        "settings": {name: asdict(scores.settings) for name, scores in evaluation.cohorts.items()},
        **tables,
        "burden_agreement": burden_table(evaluation),
        "survival": {name: asdict(each) for name, each in evaluation.survival.items()},
        "patients": {name: [asdict(p) for p in scores.patients] for name, scores in evaluation.cohorts.items()},
    }
    text = json.dumps(_plain(page), ensure_ascii=False, indent=1, allow_nan=False)
    (folder / "scores.json").write_text(text + "\n", encoding="utf-8")
    draw_histograms(evaluation, folder / "figures" / "figure1.png")
    draw_burdens(evaluation, folder / "figures" / "figure2.png")
    if evaluation.survival:
        draw_survival(evaluation, folder / "figures" / "figure5.png")
    (folder / REPORT).write_text(report_text(evaluation), encoding="utf-8")


def _write_csv(rows: Sequence[Row], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns(rows), lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return f"{value:.6g}" if isinstance(value, float) else value


def _plain(thing: Any) -> Any:
    if isinstance(thing, dict):
        return {name: _plain(value) for name, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [_plain(value) for value in thing]
    return thing.tolist() if isinstance(thing, np.ndarray | np.generic) else thing


def _publish(staging: Path, folder: Path) -> None:
    (folder / "figures").mkdir(exist_ok=True)
    for name in (REPORT, *_OPTIONAL):
        (folder / name).unlink(missing_ok=True)
    files = [path.relative_to(staging) for path in staging.rglob("*") if path.is_file()]
    for file in sorted(files, key=lambda name: (str(name) == REPORT, str(name))):
        (staging / file).replace(folder / file)
