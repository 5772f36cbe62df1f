"""The MONAI Label application: exams, models, training and choosing, tied together with upstream's interfaces."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from apps.monai_label.pydicom_seg_stand_in import put_in_place

put_in_place()
# Upstream reads these when it is imported: its own scoring, sessions and tracking are not used.
os.environ.update(
    MONAI_LABEL_AUTO_UPDATE_SCORING="false",
    MONAI_LABEL_SESSIONS="false",
    MONAI_LABEL_TASKS_BATCH_INFER="false",
    MONAI_LABEL_TASKS_SCORING="false",
    MONAI_LABEL_TRACKING_ENABLED="false",
)

from monailabel.interfaces.app import MONAILabelApp  # noqa: E402

from apps.monai_label.datastore import DatastoreSettings, ExamDatastore  # noqa: E402
from apps.monai_label.exams.dicomweb_source import DicomwebSource, SourceSettings  # noqa: E402
from apps.monai_label.exams.exam_source import ExamSource  # noqa: E402
from apps.monai_label.exams.folder_source import FolderSource  # noqa: E402
from apps.monai_label.exams.pacs_client import PacsAddress, PacsClient  # noqa: E402
from apps.monai_label.infers.label_names import LabelNames, announced_labels  # noqa: E402
from apps.monai_label.infers.network_shelf import NetworkShelf  # noqa: E402
from apps.monai_label.infers.tasks import InferSettings, LabelTask, init_infers  # noqa: E402
from apps.monai_label.infers.warming import warm_up  # noqa: E402
from apps.monai_label.labels.label_store import LabelSettings  # noqa: E402
from apps.monai_label.server.application import PacsAccess  # noqa: E402
from apps.monai_label.server.background import Background, Working  # noqa: E402
from apps.monai_label.server.command_line import Options  # noqa: E402
from apps.monai_label.server.served_app import ServedApp, StudyOf  # noqa: E402
from apps.monai_label.strategies.label_strategies import LabelStrategies, LabelStrategy, init_strategies  # noqa: E402
from apps.monai_label.strategies.score_worker import WorkerSettings  # noqa: E402
from apps.monai_label.trainers.label_trainer import LabelTrainer, init_trainers  # noqa: E402
from apps.monai_label.trainers.model_versions import ModelVersions  # noqa: E402
from apps.monai_label.trainers.train_jobs import JobSettings, TrainJobs  # noqa: E402
from uptake import __version__  # noqa: E402
from uptake.errors import BundleRefused  # noqa: E402
from uptake.inference.model_store import load_bundle  # noqa: E402
from uptake.inference.model_store.listing import bundle_folders  # noqa: E402


class UptakeLabelApp(MONAILabelApp):
    """PET/CT exams of a source, the bundles of a folder, and all that is learned, kept in a work folder.

    Parameters
    ----------
    source
        Of the exams.
    models
        The folder of bundles, which is never written.
    work
        Where labels, caches, versions and scores are kept.
    authors
        Whose segmentations in the PACS are truth.
    engine
        What runs the bundles' networks, as in ``uptake.settings.ENGINES``.
    """

    def __init__(
        self, source: ExamSource, models: Path, work: Path, authors: tuple[str, ...] = (), engine: str = "auto"
    ) -> None:
        self.models, self.work, self.engine = models, work, engine
        self.names = _announced(models)
        self.versions = ModelVersions(work / "versions", models)
        self.working = Working()
        self._exams = _datastore(source, work, self.names, authors)
        settings = JobSettings({value: name for name, value in self.names.values.items()}, on_promoted=self.on_promoted)
        self.jobs = TrainJobs(self.versions, self._exams, settings)
        self.tasks: dict[str, LabelTask] = {}
        self.trainers: dict[str, LabelTrainer] = {}
        self.choosers: LabelStrategies
        super().__init__(
            str(Path(__file__).parent),
            source.name,
            {},
            name="Uptake",
            description="Lesions in PET/CT. For research use.",
            version=__version__,
            labels=sorted(self.names.values, key=lambda name: self.names.values[name]),
        )
        self.background = Background(self._exams.refresh, first=warm_up)

    def init_datastore(self) -> ExamDatastore:
        """The exams."""
        return self._exams

    def init_infers(self) -> dict[str, LabelTask]:
        """Every bundle, and the click tools."""
        settings = InferSettings(self.versions.current, self.names, NetworkShelf(self.engine))
        self.tasks = init_infers(self.models, self._exams, settings)
        return self.tasks

    def init_trainers(self) -> dict[str, LabelTrainer]:
        """Every bundle that can be trained."""
        self.trainers = init_trainers(self.models, self.jobs, self.versions)
        return self.trainers

    def init_strategies(self) -> dict[str, LabelStrategy]:
        """How the next exam is chosen; scores are computed in the background."""
        worker = WorkerSettings(busy=lambda: self.working.busy() or self.jobs.running)
        settings = worker, self.engine
        self.choosers = init_strategies(self.models, self.versions, self._exams, self.work, settings=settings)
        if self.choosers.worker is not None:
            self.choosers.worker.start()
        return dict(self.choosers.strategies)

    def on_promoted(self, model: str, number: int) -> None:
        """Another version of a model is in use: scores are made anew."""
        if self.choosers.worker is not None:
            self.choosers.worker.poke()

    def infer(self, request: dict[str, Any], datastore: Any = None) -> dict[str, Any]:
        """Run a task; unlike upstream's, ``image`` is only ever the id of a listed exam, and never a path."""
        file, facts = self.tasks[request["model"]](request)
        return {"label": file, "file": file, "tag": "original", "params": facts}

    def close(self) -> None:
        """End the trainings and the background."""
        self.jobs.close()
        self.choosers.close()


def make_app(options: Options, pacs: PacsAccess | None) -> ServedApp:
    """The application of a server, from its options and its PACS."""
    source, study_of = _source(options, pacs)
    app = UptakeLabelApp(source, options.models, options.work, options.authors, options.engine)
    return ServedApp(app, options.work, study_of)


def _source(options: Options, pacs: PacsAccess | None) -> tuple[ExamSource, StudyOf]:
    if pacs is None:
        if options.studies is None:
            raise ValueError("exams come from a PACS or a folder")
        return FolderSource(options.studies, options.work / "segmentations"), lambda series_uid: None
    user, password = pacs.account or ("", "")
    client = PacsClient(PacsAddress(pacs.url, user, password))
    return DicomwebSource(client, SourceSettings(options.work / "cache")), _study_finder(client)


def _study_finder(client: PacsClient) -> Callable[[str], str | None]:
    def study_of(series_uid: str) -> str | None:
        for row in client.search(
            "series", {"SeriesInstanceUID": series_uid}, ("StudyInstanceUID", "SeriesInstanceUID")
        ):
            values = row.get("0020000D", {}).get("Value") or [None]
            return str(values[0]) if values[0] else None
        return None

    return study_of


def _datastore(source: ExamSource, work: Path, names: LabelNames, authors: tuple[str, ...]) -> ExamDatastore:
    classes = {value: name for name, value in names.values.items()}
    labels = LabelSettings(work / "labels", classes, authors)
    return ExamDatastore(source, DatastoreSettings(labels, work / "cache"))


def _announced(models: Path) -> LabelNames:
    bundles = []
    for folder in bundle_folders(models):
        try:
            bundles.append(load_bundle(folder))
        except BundleRefused:
            continue  # listed as broken by its task
    return announced_labels(bundles)
