"""The Dice scores that nnU-Net measured on the exams each fold had not been trained on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from uptake.inference.model_store import LabelClass, Metric
from uptake.inference.nnunet_import.refusal import COPY_AGAIN, refused
from uptake.inference.nnunet_import.trained_folder import TrainedFolder, read_json

MEASURED_ON = "nnU-Net's own cross-validation"


def validation_scores(trained: TrainedFolder, classes: Sequence[LabelClass]) -> tuple[Metric, ...]:
    """Mean Dice of each class over the validation exams of all folds, from ``validation/summary.json``.

    Empty where a fold has no such file, where the network was trained on all exams, or for checkpoints other than the
    final one, which is the one that nnU-Net validates.

    Raises
    ------
    BundleRefused
        If a summary is damaged.
    """
    paths = [path.parent / "validation" / "summary.json" for path in trained.checkpoints.values()]
    final = all(path.name == "checkpoint_final.pth" for path in trained.checkpoints.values())
    if trained.trained_on_all or not final or not all(path.is_file() for path in paths):
        return ()
    summaries = [(path, read_json(path)) for path in paths]
    metrics = []
    for each in classes[1:]:
        scores = [dice for path, summary in summaries for dice in _scores(summary, each.value, path)]
        if scores:
            metrics.append(Metric("dice", round(math.fsum(scores) / len(scores), 4), MEASURED_ON, each.name))
    return tuple(metrics)


def _scores(summary: dict[str, Any], value: int, path: Path) -> Iterator[float]:
    """Dice of every exam for one class; nnU-Net's not-a-number, for a class that neither has, is passed over."""
    try:
        scores = [case["metrics"][str(value)]["Dice"] for case in summary["metric_per_case"]]
        yield from (float(each) for each in scores if each is not None and math.isfinite(each))
    except (KeyError, TypeError, ValueError) as error:
        where = f"{path.parent.parent.name}/validation/{path.name}"
        raise refused(f"{where} is not a summary of nnU-Net's.", COPY_AGAIN) from error
