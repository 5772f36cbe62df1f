"""Exams of a local folder: DICOM files in subfolders, one or several exams each."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from apps.monai_label.exams.catalogue import Catalogue, ListedExam, digest
from apps.monai_label.exams.exam_errors import UnknownExam, unknown_exam
from apps.monai_label.exams.exam_key import ExamKey, require_uid
from apps.monai_label.exams.exam_source import SegmentationPlace, SourceState
from apps.monai_label.exams.listing import Listing
from uptake.dicom.exams.exam_reader import select_exams
from uptake.dicom.files.folder_scan import ScannedSeries, scan_folder
from uptake.errors import InputRefused, OutputFailed
from uptake.exam import Exam
from uptake.whole_file import put_whole


@dataclass(frozen=True, slots=True)
class _Segmentation:
    place: SegmentationPlace
    path: Path


@dataclass(frozen=True, slots=True)
class _Subfolder:
    """What one subfolder holds, and the signature that it had when it was read."""

    signature: tuple[int, int, float]
    exams: tuple[Exam, ...]
    segmentations: tuple[_Segmentation, ...]


class FolderSource:
    """Reads exams where they lie, and writes labels into a folder of their own; any thread may call it.

    Parameters
    ----------
    folder
        Its subfolders hold the exams; it is never written to.
    labels
        Where segmentations are stored, ``STUDY/SERIES/INSTANCE.dcm``.
    listing_s
        For how long a listing counts as fresh. A subfolder is read again when the number, size or time of its files
        has changed.
    """

    def __init__(self, folder: Path, labels: Path, listing_s: float = 30.0) -> None:
        if not folder.is_dir():
            raise UnknownExam("There is no such folder of exams.", remedy="Check the path.")
        self._folder = folder
        self._labels = labels
        self._lock = threading.Lock()
        self._read: dict[Path, _Subfolder] = {}
        self._exams: dict[str, Exam] = {}
        self._listing = Listing(self._list, listing_s)

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self._folder.name

    def state(self) -> SourceState:
        """As ``ExamSource``."""
        there = self._folder.is_dir()
        return SourceState(there, "" if there else "The folder of exams is gone.")

    def keys(self) -> tuple[ExamKey, ...]:
        """As ``ExamSource``."""
        return self._listing.keys()

    def key(self, image_id: str) -> ExamKey:
        """As ``ExamSource``."""
        catalogue, exam = self._listing.find(image_id)
        return catalogue.key(exam)

    def objects(self, image_id: str) -> int:
        """As ``ExamSource``."""
        return self._listing.find(image_id)[1].instances

    def earlier(self, image_id: str) -> tuple[ExamKey, ...]:
        """As ``ExamSource``."""
        return self._listing.earlier(image_id)

    def image_of(self, series_uid: str) -> str:
        """As ``ExamSource``."""
        if self._listing.fresh().find(require_uid(series_uid)) is not None:
            return series_uid
        with self._lock:
            for image_id, exam in self._exams.items():
                if exam.ct is not None and exam.ct.series_uid == series_uid:
                    return image_id
        raise unknown_exam()

    def of_study(self, study_uid: str) -> tuple[str, ...]:
        """As ``ExamSource``."""
        return self._listing.of_study(study_uid)

    def refresh(self) -> None:
        """As ``ExamSource``; only what changed is read."""
        self._listing.refresh()

    def _list(self) -> Catalogue:
        found = {path: self._subfolder(path) for path in sorted(self._folder.iterdir()) if path.is_dir()}
        with self._lock:
            self._read = found
            self._exams = {exam.pet.series_uid: exam for each in found.values() for exam in each.exams}
            return Catalogue(_listed(exam) for exam in self._exams.values())

    @contextmanager
    def opened(self, image_id: str) -> Iterator[Exam]:
        """As ``ExamSource``."""
        self._listing.find(image_id)
        with self._lock:
            exam = self._exams.get(image_id)
        if exam is None:
            raise unknown_exam()
        yield exam

    def segmentations(self, known: Callable[[str, int], bool]) -> Iterator[SegmentationPlace]:
        """As ``ExamSource``: those beside the exams; what was stored here is in the ledger of labels."""
        self._listing.fresh()
        with self._lock:
            found = [each.place for folder in self._read.values() for each in folder.segmentations]
        for place in found:
            count = sum(each.series_uid == place.series_uid for each in found)
            if not known(place.series_uid, count):
                yield place

    def fetch(self, place: SegmentationPlace, folder: Path) -> Path:
        """As ``ExamSource``."""
        with self._lock:
            beside = [each.path for one in self._read.values() for each in one.segmentations if each.place == place]
        source = next((path for path in (*beside, self._path(place)) if path.is_file()), None)
        if source is None:
            raise FileNotFoundError(place.sop_instance_uid)
        return Path(shutil.copyfile(source, folder / f"{place.sop_instance_uid}.dcm"))

    def store(self, path: Path, place: SegmentationPlace) -> None:
        """As ``ExamSource``."""
        target = self._path(place)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                with put_whole(target) as partial:
                    shutil.copyfile(path, partial)
        except OSError as error:
            raise OutputFailed(f"The label could not be written ({error.strerror}).") from error

    def _path(self, place: SegmentationPlace) -> Path:
        return self._labels / place.study_uid / place.series_uid / f"{place.sop_instance_uid}.dcm"

    def _subfolder(self, path: Path) -> _Subfolder:
        signature = _signature(path)
        known = self._read.get(path)
        if known is not None and known.signature == signature:
            return known
        scan = scan_folder(path)
        try:
            exams = select_exams(scan, several_patients=True)
        except InputRefused:  # no PET/CT in it, or none that can be measured: not an exam to label
            exams = ()
        return _Subfolder(signature, exams, tuple(_segmentations(scan.series)))


def _signature(folder: Path) -> tuple[int, int, float]:
    stats = [path.stat() for path in folder.rglob("*") if path.is_file()]
    return len(stats), sum(each.st_size for each in stats), max((each.st_mtime for each in stats), default=0.0)


def _segmentations(scanned: tuple[ScannedSeries, ...]) -> Iterator[_Segmentation]:
    for series in scanned:
        for instance in series.instances:
            if instance.facts.modality != "SEG":
                continue
            facts = instance.facts
            try:
                place = SegmentationPlace(facts.study_uid, facts.series_uid, instance.sop_instance_uid)
            except InputRefused:
                continue
            yield _Segmentation(place, instance.path)


def _listed(exam: Exam) -> ListedExam:
    acquired = exam.pet.acquired
    return ListedExam(
        series_uid=exam.pet.series_uid,
        study_uid=exam.pet.study_uid,
        patient=digest(exam.patient.patient_id),
        born=digest(exam.patient.birth_date),
        started="" if acquired is None else acquired.strftime("%Y%m%d%H%M%S"),
        instances=len(exam.pet.planes),
        ct_series_uid=None if exam.ct is None else exam.ct.series_uid,
        frame_of_reference_uid=exam.pet.frame_of_reference_uid,
    )
