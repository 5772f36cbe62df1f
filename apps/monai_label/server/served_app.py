"""The application as the server asks it: exams, models, training and labels behind one door."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apps.monai_label.exams.exam_errors import UnknownExam
from apps.monai_label.infers.infer_request import read_request
from apps.monai_label.infers.label_files import write_labels
from apps.monai_label.labels.label_errors import LabelRefused
from apps.monai_label.server.label_app import InferWish, SavedLabel
from uptake.dicom.annotations.segmentation_authorship import read_authorship
from uptake.errors import BundleRefused, InputRefused, UptakeError

if TYPE_CHECKING:
    from apps.monai_label.main import UptakeLabelApp

_KNOWN_S = 60.0
_MOST_KNOWN = 4096
StudyOf = Callable[[str], str | None]


class ServedApp:
    """The application's calls for the server; any thread may make them.

    Parameters
    ----------
    app
        The MONAI Label application.
    work
        Folder for answers on their way.
    study_of
        The study of a series that is no listed PET, or None.
    """

    def __init__(self, app: UptakeLabelApp, work: Path, study_of: StudyOf) -> None:
        self._app = app
        self._datastore = app.datastore()
        self._study_of = study_of
        self._answers = work / "answers"
        shutil.rmtree(self._answers, ignore_errors=True)
        self._answers.mkdir(parents=True, mode=0o700)
        self._known: dict[str, tuple[str, float]] = {}
        self._background = app.background
        self._background.start()

    def info(self) -> dict[str, Any]:
        """As ``LabelApp``."""
        return dict(self._app.info())

    def model(self, name: str) -> dict[str, Any] | None:
        """As ``LabelApp``."""
        task = self._app.tasks.get(name)
        return None if task is None else task.info()

    def strategies(self) -> dict[str, Any]:
        """As ``LabelApp``."""
        return {name: strategy.info() for name, strategy in self._app.choosers.strategies.items()}

    def trainers(self) -> dict[str, Any]:
        """As ``LabelApp``."""
        return {name: trainer.info() for name, trainer in self._app.trainers.items()}

    def image_of(self, series_uid: str) -> str:
        """As ``LabelApp``; a CT's exam is the one of its study that was paired with it."""
        known = self._known.get(series_uid)
        if known is not None and time.monotonic() - known[1] < _KNOWN_S:
            return known[0]
        found = self._found(series_uid)
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[series_uid] = (found, time.monotonic())
        return found

    def is_quick(self, model: str) -> bool:
        """As ``LabelApp``."""
        task = self._app.tasks.get(model)
        return task is not None and task.quick

    def infer(self, wish: InferWish) -> tuple[Path | None, dict[str, Any]]:
        """As ``LabelApp``; what a network drew is noted, so that nobody's copy of it becomes truth."""
        image_id, request = self._request(wish)
        task = self._app.tasks[wish.model]
        wanted = read_request(request, task.allowed)
        with self._working():
            answer = task.answer(request)
            if not task.quick:
                self._datastore.note_machine(image_id, answer.labels)
            file = write_labels(answer.placed, wanted.extension, self._answers, compressed=wanted.compressed)
        return file, answer.params

    def infer_segmentation(self, wish: InferWish) -> Path:
        """As ``LabelApp``; on the PET's grid, as AUTOMATIC."""
        image_id, request = self._request(wish)
        task = self._app.tasks[wish.model]
        if task.quick:
            raise InputRefused("A click tool gives no segmentation.", remedy="Ask for its label file.")
        with self._working():
            answer = task.answer({**request, "series": image_id})
            names = {value: name for name, value in answer.names.items()}
            if not names:
                raise InputRefused("The model found nothing, and DICOM knows no empty segmentation.", remedy="")
            number = self._app.versions.current_number(wish.model)
            data = self._datastore.seg_of(image_id, answer.labels, names, (wish.model, f"version {number}"))
        file = self._answers / f"{threading.get_ident()}-{time.monotonic_ns()}.dcm"
        file.write_bytes(data)
        return file

    def next_exam(self, strategy: str, params: Mapping[str, Any], user: str) -> dict[str, Any]:
        """As ``LabelApp``."""
        chosen = self._app.choosers.strategies[strategy]({**params, "user": user}, self._datastore)
        if chosen is None:
            return {}
        return {**chosen, **self._datastore.get_image_info(str(chosen["id"]))}

    def listing(self, everything: bool) -> Any:
        """As ``LabelApp``."""
        return self._datastore.json() if everything else self._datastore.status()

    def image_file(self, image_id: str) -> Path:
        """As ``LabelApp``."""
        return Path(self._datastore.get_image_uri(image_id))

    def image_info(self, image_id: str) -> dict[str, Any]:
        """As ``LabelApp``."""
        return dict(self._datastore.get_image_info(image_id))

    def label_file(self, uid: str, tag: str) -> tuple[str, int, Path]:
        """As ``LabelApp``."""
        label_id = self._label_id(uid, tag)
        facts = self._datastore.get_label_info(label_id, tag)
        return str(facts["image"]), int(facts["version"]), Path(self._datastore.get_label_uri(label_id, tag))

    def label_info(self, uid: str, tag: str) -> dict[str, Any]:
        """As ``LabelApp``."""
        return dict(self._datastore.get_label_info(self._label_id(uid, tag), tag))

    def truth_version(self, image_id: str) -> int:
        """As ``LabelApp``."""
        return int(self._datastore.truth_version(image_id))

    def study_versions(self, study_uid: str) -> dict[str, int]:
        """As ``LabelApp``."""
        exams = self._datastore.source.keys()
        images = [exam.pet_series_uid for exam in exams if exam.study_uid == study_uid]
        return {image: self.truth_version(image) for image in images}

    def save_label(self, image_id: str, label: SavedLabel) -> dict[str, Any]:
        """As ``LabelApp``."""
        info: dict[str, Any] = {"user": label.author, "expected_version": label.expected_version}
        if label.label_info:
            info["names"] = {item["idx"]: item["name"] for item in label.label_info}
        version = self._datastore.submit(image_id, self._datastore.submission_of(label.file, label.tag, info))
        uid = version.sop_instance_uid
        return {"sop_instance_uid": uid, "version": version.number, "pending": self._datastore.is_pending(uid)}

    def segmented_image(self, file: Path) -> str:
        """As ``LabelApp``."""
        for series_uid in read_authorship(file).source_series_uids:
            try:
                return self.image_of(series_uid)
            except UnknownExam:
                continue
        raise LabelRefused(
            "The segmentation names no series of a listed exam.", remedy="Draw it on the PET or CT of a listed exam."
        )

    def train(self, model: str | None, params: Mapping[str, Any]) -> dict[str, Any]:
        """As ``LabelApp``: one training runs at a time, so that without a model the first that can be is trained.

        Of models that options are given for, where there are any: OHIF's panel has no other way to choose one.
        """
        if model is not None:
            return dict(self._app.trainers[model].start(params).to_task())
        refused: UptakeError | None = None
        for name in [name for name in self._app.trainers if name in params] or list(self._app.trainers):
            try:
                return dict(self._app.trainers[name].start(params.get(name, {})).to_task())
            except BundleRefused as error:
                refused = error
        raise refused or InputRefused("No model here can be trained.", remedy="Put a bundle with a recipe in models.")

    def stop_training(self) -> dict[str, Any]:
        """As ``LabelApp``."""
        self._app.jobs.stop()
        return self.training() or {}

    def training(self) -> dict[str, Any] | None:
        """As ``LabelApp``."""
        status = self._app.jobs.status()
        return None if status is None else status.to_task()

    def versions(self, model: str) -> dict[str, Any]:
        """As ``LabelApp``."""
        return dict(self._app.versions.described(model))

    def roll_back(self, model: str, version: str | None) -> dict[str, Any]:
        """As ``LabelApp``."""
        if version is None:
            self._app.versions.roll_back(model)
        elif version.isascii() and version.isdigit() and len(version) < 6:
            self._app.versions.use(model, int(version))
        else:
            raise InputRefused("A version is a number.", remedy="See /versions/ of the model.")
        self._app.on_promoted(model, 0)
        return self.versions(model)

    def close(self) -> None:
        """As ``LabelApp``."""
        self._background.close()
        self._app.close()

    def _request(self, wish: InferWish) -> tuple[str, dict[str, Any]]:
        image_id = self.image_of(wish.series_uid)
        server = {"image": image_id, "series": wish.series_uid, "model": wish.model, "user": wish.user}
        return image_id, {**wish.params, **server}

    def _found(self, series_uid: str) -> str:
        keys = self._datastore.source.keys()
        if any(key.pet_series_uid == series_uid for key in keys):
            return series_uid
        study = self._study_of(series_uid)
        for key in keys:
            if key.ct_series_uid == series_uid:
                return str(key.pet_series_uid)
            if study is not None and key.study_uid == study and self._paired(key.pet_series_uid, series_uid):
                return str(key.pet_series_uid)
        raise UnknownExam("No exam has that series.", remedy="Choose the PET or CT of a listed exam.")

    def _paired(self, image_id: str, series_uid: str) -> bool:
        ct = self._datastore.exam(image_id).exam.ct
        return ct is not None and ct.series_uid == series_uid

    def _label_id(self, uid: str, tag: str) -> str:
        return str(self._datastore.get_label_by_image_id(uid, tag) or uid)

    @contextmanager
    def _working(self) -> Iterator[None]:
        self._app.working.enter()
        try:
            yield
        finally:
            self._app.working.leave()
