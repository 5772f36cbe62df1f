"""Trainings of the server: one at a time, in a process of their own, whose result is used only if it is not worse."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from apps.monai_label.trainers.exam_split import fold_parts, judging_patients
from apps.monai_label.trainers.folder_lock import FolderLock
from apps.monai_label.trainers.job_files import CANDIDATE, ORDER, JobProgress, Order, Outcome, ordered, write_json
from apps.monai_label.trainers.model_versions import JOB, ModelVersions, Trained
from apps.monai_label.trainers.site_recipe import fitted, site_recipe, values_by_class
from apps.monai_label.trainers.train_options import TrainOptions
from apps.monai_label.trainers.train_status import DONE, ERROR, RUNNING, STOPPED, TrainStatus
from apps.monai_label.trainers.training_errors import TrainingBusy, TrainingRefused, TrainingStopped
from apps.monai_label.trainers.training_process import TrainingProcess
from apps.monai_label.trainers.truth_exams import Collected, TruthCache, TruthSource, Watched, collect
from apps.monai_label.trainers.verdict import Scores, verdict
from uptake.errors import OutputFailed, UptakeError
from uptake.inference.model_store import Bundle, load_bundle
from uptake.training.to_bundle import run_of_bundle

_LINES_KEPT = 100
_STATUSES_KEPT = 50
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JobSettings:
    """How the server trains.

    Parameters
    ----------
    announced
        Class name of each label value that the server announces; empty where values are each bundle's own classes.
    threads
        Of the training process; 0 for torch's choice.
    nice
        Added to its niceness.
    on_promoted
        Called with model and number when a new version is in use.
    """

    announced: Mapping[int, str] = field(default_factory=dict)
    threads: int = 0
    nice: int = 10
    on_promoted: Callable[[str, int], None] = lambda model, number: None


class TrainJobs:
    """Starts, watches and stops trainings.

    Parameters
    ----------
    versions
        Of the bundles; whatever an earlier server's killed training left there is removed before the first training.
    source
        Exams with truth.
    settings
        See there.
    """

    def __init__(self, versions: ModelVersions, source: TruthSource, settings: JobSettings | None = None) -> None:
        self._versions, self._source, self._settings = versions, source, settings or JobSettings()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._statuses: list[TrainStatus] = []
        self._thread: threading.Thread | None = None

    def start(self, model: str, options: TrainOptions | None = None) -> TrainStatus:
        """Begin to train a model; returns at once.

        Raises
        ------
        TrainingBusy
            If a training runs.
        TrainingRefused, InputRefused
            If the model cannot be trained.
        """
        bundle = load_bundle(self._versions.current(model))
        site_recipe(bundle)  # refused before anything begins
        with self._lock:
            if self._statuses and self._statuses[-1].state == RUNNING:
                raise TrainingBusy(self._statuses[-1].model)
            number = self._statuses[-1].number + 1 if self._statuses else 1
            self._statuses = self._statuses[-_STATUSES_KEPT:]
            status = TrainStatus(number, model, RUNNING, "reading exams", begun=time.time())
            self._statuses.append(status)
            self._stop.clear()
            chosen = options or TrainOptions()
            self._thread = threading.Thread(target=self._run, args=(model, chosen), name=f"train {model}", daemon=True)
            self._thread.start()
        return status

    def status(self) -> TrainStatus | None:
        """The running or last training; None before the first."""
        with self._lock:
            return self._statuses[-1] if self._statuses else None

    def statuses(self) -> tuple[TrainStatus, ...]:
        """All that are remembered, oldest first."""
        with self._lock:
            return tuple(self._statuses)

    @property
    def running(self) -> bool:
        """Whether a training runs."""
        status = self.status()
        return status is not None and status.state == RUNNING

    def stop(self) -> bool:
        """Ask the running training to stop; whether one ran. The version in use stays."""
        if not self.running:
            return False
        self._stop.set()
        return True

    def wait(self, timeout_s: float | None = None) -> TrainStatus | None:
        """The status when the training is over, or the time."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
        return self.status()

    def close(self) -> None:
        """Stop and wait: for the server's end."""
        self.stop()
        self.wait()

    def _run(self, model: str, options: TrainOptions) -> None:
        home = self._versions.home(model)
        try:
            home.mkdir(parents=True, exist_ok=True)
            with FolderLock(home / ".lock", model):
                self._versions.clean(model)
                try:
                    self._train(model, options, home)
                finally:
                    self._versions.clean(model)
        except TrainingStopped as error:
            self._end(STOPPED, str(error))
        except UptakeError as error:
            self._end(ERROR, str(error))
        except OSError as error:
            self._end(ERROR, f"The folder of versions cannot be written ({error.strerror}).")
        except Exception:
            _logger.exception("a training of %s failed", model)
            self._end(ERROR, "The training failed inside; see the server's log. The version in use stays.")

    def _train(self, model: str, options: TrainOptions, home: Path) -> None:
        bundle = load_bundle(self._versions.current(model))
        recipe = site_recipe(bundle)
        classes = values_by_class(
            recipe, self._settings.announced or {each.value: each.name for each in bundle.classes}
        )
        watched = Watched(lambda done, total: self._at("reading exams", 0.05 * done / max(total, 1)), self._check)
        found = collect(self._source, TruthCache(home / "cache", recipe, classes), watched)
        for line in (*found.left_out, *dict.fromkeys(text for exam in found.exams for text in exam.warnings)):
            self._say(line)
        order = self._order(model, bundle, found, options)
        # Of its own name: a process whose server was killed may still write in its own for a moment.
        folder = home / f"{JOB}-{secrets.token_hex(4)}"
        try:
            folder.mkdir()
            write_json(folder / ORDER, order)
        except OSError as error:
            raise OutputFailed(f"The training's folder cannot be written ({error.strerror}).") from error
        judges = sum(each.patient in order.judges for each in order.exams)
        self._say(f"{len(order.exams) - judges} exams to learn from, {judges} to compare versions by")
        outcome = TrainingProcess(folder, self._settings.nice).outcome(self._tell, self._check)
        if outcome.error:
            raise TrainingRefused(outcome.error, remedy="The version in use stays.")
        self._conclude(model, order, outcome, folder)

    def _order(self, model: str, bundle: Bundle, found: Collected, options: TrainOptions) -> Order:
        state = self._versions.state(model)
        patients = {each.patient for each in found.exams}
        learned_from = {*state.learned_from, *_seen_by_shipped(self._versions.folder(model, 1))}
        judges = judging_patients(patients, state.judges, learned_from, options.judge_share)
        folds = len(bundle.folds)
        return Order(
            bundle=str(bundle.folder.resolve()),
            version=state.current,
            next_version=state.latest + 1,
            recipe=fitted(site_recipe(bundle), options, folds),
            exams=tuple(ordered(each) for each in found.exams),
            parts=fold_parts(patients - set(judges), folds, options.watch_share),
            judges=judges,
            threads=self._settings.threads,
        )

    def _conclude(self, model: str, order: Order, outcome: Outcome, folder: Path) -> None:
        names = f"version {order.version}", f"version {order.next_version}"
        found = verdict(Scores(outcome.before), Scores(outcome.after), names)
        learned = tuple(sorted({each.patient for each in order.exams} - set(order.judges)))
        exams = sum(each.patient in learned for each in order.exams)
        trained = Trained(order.next_version, found, learned, order.judges, exams)
        stops = ", ".join(dict.fromkeys(outcome.finished))
        self._say(f"{len(outcome.finished)} fold(s) trained for {outcome.seconds:.0f} s in all ({stops})")
        if found.promoted:
            load_bundle(folder / CANDIDATE / model)
            self._versions.promote(model, folder / CANDIDATE, trained)
            self._settings.on_promoted(model, trained.number)
        else:
            self._versions.refuse(model, trained)
        self._end(DONE, found.why, trained.number if found.promoted else None)

    def _check(self) -> None:
        if self._stop.is_set():
            raise TrainingStopped("The training was stopped; the version in use stays.")

    def _tell(self, progress: JobProgress) -> None:
        score = "" if progress.score is None else f", score {progress.score:.3f}"
        epoch = f", fold {progress.fold}, epoch {progress.epoch}{score}" if progress.epoch else ""
        self._at(f"{progress.stage}{epoch}", progress.done)

    def _at(self, stage: str, done: float) -> None:
        self._change(stage=stage, done=done)

    def _say(self, line: str) -> None:
        _logger.info("training: %s", line)
        with self._lock:
            status = self._statuses[-1]
            self._statuses[-1] = replace(status, details=(*status.details, line)[-_LINES_KEPT:])

    def _end(self, state: str, line: str, promoted: int | None = None) -> None:
        self._say(line)
        self._change(state=state, stage="over", done=1.0, ended=time.time(), promoted=promoted)

    def _change(self, **changes: object) -> None:
        with self._lock:
            self._statuses[-1] = replace(self._statuses[-1], **changes)  # type: ignore[arg-type]


def _seen_by_shipped(folder: Path) -> set[str]:
    """Keys of the patients whom shipped weights saw, as far as the bundle says."""
    run = run_of_bundle(folder)
    if run is None:
        return set()
    before = {patient for fold in (run.start.patients or () if run.start else ()) for patient in fold}
    return before | {str(each["patient"]) for each in run.exams}
