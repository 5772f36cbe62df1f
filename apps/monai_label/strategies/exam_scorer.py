"""Scoring an exam by the version of a bundle that is in use: one pass through its networks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from apps.monai_label.strategies.exam_features import exam_features
from apps.monai_label.strategies.exam_score import ExamScore
from apps.monai_label.strategies.fold_burdens import FoldBurdens, OwnDoubt
from uptake.errors import InputRefused
from uptake.exam import PreparedExam
from uptake.inference.model_store import Bundle, load_bundle
from uptake.regions import body_mask

if TYPE_CHECKING:
    from uptake.inference.network_input import Channels
    from uptake.inference.predictor import Predictor

_logger = logging.getLogger(__name__)
_KINDS = {"PT", "CT"}


@dataclass(frozen=True, slots=True, eq=False)
class _Ready:
    """Networks that are loaded."""

    folder: Path
    bundle: Bundle
    predictors: tuple[Predictor, ...]


class ExamScorer:
    """Scores exams by one bundle; its networks are loaded once for a version.

    Parameters
    ----------
    engine
        One of ``uptake.settings.ENGINES``.
    """

    def __init__(self, engine: str = "auto") -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._ready: _Ready | None = None

    def score(
        self,
        exam: PreparedExam,
        folder: Path,
        name: tuple[str, int],
        pause: Callable[[], None] = lambda: None,
    ) -> ExamScore:
        """Score an exam.

        Parameters
        ----------
        exam
            With its voxels.
        folder
            Of the bundle's version.
        name
            Image id and the version's number.
        pause
            Called between batches of tiles: may wait while somebody needs the processor, or raise to end.

        Raises
        ------
        InputRefused
            If the networks cannot answer for the exam.
        """
        from uptake.inference.exam_labels import LabelOptions, label_exam

        ready = self._loaded(folder)
        channels = _channels(ready.bundle, exam)
        lesions = tuple(each.value for each in ready.bundle.classes if each.role == "lesion")
        grid = exam.suv.geometry
        sums = exam.suv.array, grid.voxel_volume_ml, lesions
        body = body_mask(exam.suv)
        folds, doubt = FoldBurdens(*sums), OwnDoubt(*sums)
        several = len(ready.predictors) > 1
        options = (
            LabelOptions(body=body, own_classes=folds.add) if several else LabelOptions(body=body, each_slab=doubt.add)
        )
        found = label_exam(ready.bundle, ready.predictors, channels, options, lambda done, total: pause())
        burdens = folds if several else doubt
        return ExamScore(
            image_id=name[0],
            version=name[1],
            networks=len(ready.predictors),
            disagreement=burdens.disagreement,
            burden_change_g=burdens.burden_change_g,
            volume_ml=burdens.volume_ml,
            glycolysis_g=burdens.glycolysis_g,
            features=exam_features(exam.suv.array, body, np.isin(found.labels, lesions), grid.spacing_mm),
        )

    def _loaded(self, folder: Path) -> _Ready:
        from uptake.inference.bundle_engines import predictors

        with self._lock:
            if self._ready is None or self._ready.folder != folder:
                self._ready = None  # the old networks' memory is free before the new ones need theirs
                bundle = load_bundle(folder)
                made = predictors(bundle, self._engine, _logger.info)
                self._ready = _Ready(folder, bundle, tuple(made.predictors))
            return self._ready


def scorable(bundle: Bundle) -> bool:
    """Whether a bundle finds lesions from one exam's PET and CT, so that exams can be scored by it."""
    return {each.kind for each in bundle.inputs} <= _KINDS and any(each.role == "lesion" for each in bundle.classes)


def _channels(bundle: Bundle, exam: PreparedExam) -> Channels:
    wanted = {each.kind for each in bundle.inputs}
    if "CT" in wanted and exam.ct is None:
        raise InputRefused("the exam has no CT that belongs to its PET.", remedy="Add it, or use another model.")
    return {"PT": exam.suv} if exam.ct is None or "CT" not in wanted else {"PT": exam.suv, "CT": exam.ct}
