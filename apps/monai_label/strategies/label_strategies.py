"""MONAI Label's strategies: thin, the choosing is in ``next_exam``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monailabel.interfaces.datastore import Datastore
from monailabel.interfaces.tasks.strategy import Strategy

from apps.monai_label.strategies.exam_scorer import ExamScorer, scorable
from apps.monai_label.strategies.next_exam import PICKS, next_exam
from apps.monai_label.strategies.score_store import ScoreStore
from apps.monai_label.strategies.score_worker import ScoredImages, ScoreWorker, VersionsInUse, WorkerSettings
from uptake.inference.model_store import list_bundles, load_bundle

SCORES = "scores.sqlite"


class LabelStrategy(Strategy):
    """One of ``next_exam.PICKS``."""

    def __init__(self, name: str, store: ScoreStore, model: str) -> None:
        description, self._pick = PICKS[name]
        super().__init__(description)
        self._store, self._model = store, model

    def __call__(self, request: Mapping[str, Any], datastore: Datastore) -> dict[str, Any] | None:
        """The next exam as ``{"id": image, ...}``; None where every exam has truth.

        ``request["user"]`` is whoever asks; the server sets it, no client.
        """
        found = next_exam(self._pick, datastore, self._store, self._model, str(request.get("user", "")))
        return None if found is None else {"id": found.image_id, **found.facts}


@dataclass(frozen=True, slots=True)
class LabelStrategies:
    """The strategies by name, and what works for them.

    Parameters
    ----------
    strategies
        For ``/activelearning/``.
    worker
        To be started with the server, poked after a promotion, and closed with the server; None where no bundle finds
        lesions: then the strategies that need scores give the first exam.
    store
        To be closed with the server, after the worker.
    """

    strategies: Mapping[str, LabelStrategy]
    worker: ScoreWorker | None
    store: ScoreStore

    def close(self) -> None:
        """End the background."""
        if self.worker is not None:
            self.worker.close()
        self.store.close()


def init_strategies(
    models: Path,
    versions: VersionsInUse,
    datastore: ScoredImages,
    folder: Path,
    *,
    model: str = "",
    settings: tuple[WorkerSettings, str] = (WorkerSettings(), "auto"),
) -> LabelStrategies:
    """Make all strategies.

    Parameters
    ----------
    models
        The folder of bundles.
    versions
        Which version of a bundle is in use.
    datastore
        Of the exams.
    folder
        For the file of scores.
    model
        The bundle that exams are scored by; empty for the first by name that finds lesions in one exam.
    settings
        Of the background, and the engine.
    """
    store = ScoreStore(folder / SCORES)
    chosen = model or _first_scorable(models)
    worker = None
    if chosen:
        scorer = ExamScorer(settings[1])
        worker = ScoreWorker(chosen, datastore, versions, store, scorer.score, settings[0])
    return LabelStrategies({name: LabelStrategy(name, store, chosen) for name in PICKS}, worker, store)


def _first_scorable(models: Path) -> str:
    for listed in list_bundles(models):
        if not listed.problem and scorable(load_bundle(models / listed.folder)):
            return listed.folder
    return ""
