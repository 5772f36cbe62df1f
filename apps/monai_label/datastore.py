"""MONAI Label's datastore of PET/CT exams: an image is an exam, and only what people made is a label."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from monailabel.interfaces.datastore import Datastore

from apps.monai_label.exams.exam_key import require_uid
from apps.monai_label.exams.exam_source import ExamSource
from apps.monai_label.exams.file_cache import FileCache
from apps.monai_label.exams.nifti_files import write_nifti
from apps.monai_label.labels.class_names import fold_name
from apps.monai_label.labels.label_errors import LabelRefused
from apps.monai_label.labels.label_files import is_dicom, read_labels
from apps.monai_label.labels.label_types import LabelVersion
from apps.monai_label.labels.labelled_exams import DatastoreSettings, LabelledExams
from apps.monai_label.labels.submission import FINAL, Submission
from uptake.errors import InputRefused

__all__ = ["DatastoreSettings", "ExamDatastore"]


class ExamDatastore(LabelledExams, Datastore):
    """``LabelledExams`` as MONAI Label asks for them."""

    def __init__(self, source: ExamSource, settings: DatastoreSettings) -> None:
        super().__init__(source, settings)
        self._nifti = FileCache(settings.cache / "nifti", settings.nifti_bytes)
        self._info: dict[str, dict[str, Any]] = {}
        self._info_lock = threading.Lock()
        self._description = "PET/CT exams. For research use."

    def name(self) -> str:
        """The source in words."""
        return self.source.name

    def set_name(self, name: str) -> None:
        """Refused: a source has its name."""
        raise _not_done("renamed")

    def description(self) -> str:
        """What clients show."""
        return self._description

    def set_description(self, description: str) -> None:
        """Set what clients show, until the server ends."""
        self._description = str(description)[:1024]

    def list_images(self) -> list[str]:
        """Every exam's image id in time order, without those that turned out not to be measurable."""
        return self.listed()

    def get_labeled_images(self, label_tag: str | None = None, labels: list[str] | None = None) -> list[str]:
        """Exams that have a truth (of all the classes in ``labels``)."""
        labelled = self._labelled(label_tag, labels)
        return [image for image in self.list_images() if image in labelled]

    def get_unlabeled_images(self, label_tag: str | None = None, labels: list[str] | None = None) -> list[str]:
        """Exams that have none."""
        labelled = self._labelled(label_tag, labels)
        return [image for image in self.list_images() if image not in labelled]

    def datalist(self) -> list[dict[str, Any]]:
        """Image id and label id of every exam that has a truth."""
        truths = self.truths()
        return [{"image": uid, "label": truths[uid].sop_instance_uid} for uid in self.list_images() if uid in truths]

    def get_labels_by_image_id(self, image_id: str) -> dict[str, str]:
        """Label id of the exam's newest truth under its tag."""
        versions = self.labels.versions(require_uid(image_id))
        return {versions[-1].tag: versions[-1].sop_instance_uid} if versions else {}

    def get_label_by_image_id(self, image_id: str, tag: str) -> str:
        """Label id, or an empty text."""
        return self.get_labels_by_image_id(image_id).get(tag, "")

    def get_image(self, image_id: str, params: Any = None) -> Any:
        """The NIfTI file's bytes."""
        return Path(self.get_image_uri(image_id)).read_bytes()

    def get_image_uri(self, image_id: str) -> str:
        """Path of the SUV on the PET's grid as ``.nii.gz``; it lasts until newer files need its room."""
        objects = self.source.objects(image_id)

        def make(folder: Path) -> None:
            suv = self.exam(image_id).suv
            write_nifti(suv.array, suv.geometry, folder / f"{image_id}.nii.gz")

        with self._nifti.held(f"{image_id}-{objects}", make) as folder:
            return str(folder / f"{image_id}.nii.gz")

    def get_label(self, label_id: str, label_tag: str, params: Any = None) -> Any:
        """The NIfTI file's bytes."""
        return Path(self.get_label_uri(label_id, label_tag)).read_bytes()

    def get_label_uri(self, label_id: str, label_tag: str) -> str:
        """Path of a true label on the PET's grid, uint8, as ``.nii.gz``."""
        version = self._version(label_id, label_tag)
        name = f"label-{version.sop_instance_uid}"

        def make(folder: Path) -> None:
            found = self.labels.read(version.sop_instance_uid, self.grid(version.image_id))
            if found is None:
                raise _no_label()
            write_nifti(found.array.astype(np.uint8), found.geometry, folder / f"{version.image_id}.nii.gz")

        with self._nifti.held(name, make) as folder:
            return str(folder / f"{version.image_id}.nii.gz")

    def get_image_info(self, image_id: str) -> dict[str, Any]:
        """UIDs and the truth's version; no patient data."""
        key = self.source.key(image_id)
        info = {
            "SeriesInstanceUID": key.pet_series_uid,
            "StudyInstanceUID": key.study_uid,
            "Modality": "PT",
            "ct": key.ct_series_uid or "",
            "prior": key.prior_pet_series_uid or "",
            "version": self.truth_version(image_id),
        }
        with self._info_lock:
            return {**self._info.get(image_id, {}), **info}

    def get_label_info(self, label_id: str, label_tag: str) -> dict[str, Any]:
        """Version, origin, time and classes of a label."""
        version = self._version(label_id, label_tag)
        return {
            "image": version.image_id,
            "version": version.number,
            "origin": version.origin.value,
            "created": version.created,
            "classes": self.labels.class_values(version.sop_instance_uid),
        }

    def save_label(self, image_id: str, label_filename: str, label_tag: str, label_info: dict[str, Any]) -> str:
        """Save a client's label file; ``label_info`` holds ``user``, and may hold ``expected_version`` and ``names``.

        Raises
        ------
        LabelRefused, ConflictRefused, UnknownExam, PacsUnavailable, OutputFailed
            As ``submit``.
        """
        version = self.submit(image_id, self.submission_of(Path(label_filename), label_tag, label_info))
        return version.sop_instance_uid

    def submission_of(self, path: Path, tag: str, info: Mapping[str, Any]) -> Submission:
        """A client's label file as a submission; the file is read by what is in it, not by its name."""
        given: dict[str, Any] = {
            "author": str(info.get("user", "")),
            "tag": tag or FINAL,
            "expected_version": info.get("expected_version"),
        }
        if is_dicom(path):
            return Submission(seg=path, **given)
        array, geometry = read_labels(path)
        return Submission(array=array, geometry=geometry, names=dict(info.get("names") or {}), **given)

    def update_image_info(self, image_id: str, info: dict[str, Any]) -> None:
        """Keep a little about an exam (which strategy chose it) until the server ends."""
        key = self.source.key(image_id)
        with self._info_lock:
            self._info[key.pet_series_uid] = dict(list(info.items())[:16])

    def update_label_info(self, label_id: str, label_tag: str, info: dict[str, Any]) -> None:
        """Nothing is kept: a label says all of itself."""
        self._version(label_id, label_tag)

    def refresh(self) -> None:
        """List again, send labels that wait, and look for other people's; raises PacsUnavailable."""
        self.list_again()

    def status(self) -> dict[str, Any]:
        """Counts, and whether the PACS answers."""
        images = self.list_images()
        labelled = set(self.truths())
        state = self.source.state()
        return {
            "total": len(images),
            "completed": sum(image in labelled for image in images),
            "pending_labels": len(self.labels.pending()),
            "available": state.available,
            "reason": state.reason,
        }

    def json(self) -> dict[str, Any]:
        """Every exam with its label ids."""
        truths = self.truths()
        objects = {}
        for image in self.list_images():
            version = truths.get(image)
            labels = {} if version is None else {version.tag: {"id": version.sop_instance_uid, "info": {}}}
            objects[image] = {"image": {"info": {}}, "labels": labels}
        return {"name": self.name(), "description": self.description(), "objects": objects}

    def add_image(self, image_id: str, image_filename: str, image_info: dict[str, Any]) -> str:
        """Refused: exams come from the source."""
        raise _not_done("added to")

    def remove_image(self, image_id: str) -> None:
        """Refused: exams are the source's."""
        raise _not_done("removed from")

    def remove_label(self, label_id: str, label_tag: str) -> None:
        """Refused: a label is superseded by a newer one."""
        raise _not_done("removed from")

    def get_dataset_archive(self, limit_cases: int | None) -> str:
        """Refused: no archives of patients' images."""
        raise _not_done("packed")

    def _labelled(self, tag: str | None, classes: list[str] | None) -> set[str]:
        """Images that have a truth of that tag with all of those classes."""
        wanted = {fold_name(each) for each in classes or ()}
        return {
            image
            for image, version in self.truths().items()
            if tag in (None, "", version.tag) and wanted <= self.labels.class_values(version.sop_instance_uid).keys()
        }

    def _version(self, label_id: str, tag: str) -> LabelVersion:
        entry = self.labels.ledger.find(require_uid(label_id))
        if entry is None or not entry.is_truth or tag not in ("", entry.version.tag):
            raise _no_label()
        return entry.version


def _no_label() -> LabelRefused:
    return LabelRefused("There is no such label.", remedy="Ask the datastore for the exam's labels.")


def _not_done(what: str) -> InputRefused:
    return InputRefused(f"This datastore cannot be {what}.", remedy="Exams and labels are kept in the PACS.")
