"""Exams of a PACS that speaks DICOMweb."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from apps.monai_label.exams.catalogue import Catalogue, ListedExam, digest
from apps.monai_label.exams.exam_errors import PacsUnavailable, UnknownExam, unknown_exam
from apps.monai_label.exams.exam_key import ExamKey, require_uid
from apps.monai_label.exams.exam_source import SegmentationPlace, SourceState
from apps.monai_label.exams.file_cache import FileCache
from apps.monai_label.exams.listing import Listing
from apps.monai_label.exams.pacs_client import NotInPacs, PacsClient, text_of
from apps.monai_label.exams.pet_choices import PetChoices
from uptake.dicom.exams.exam_reader import select_exams
from uptake.dicom.exams.pet_choice import choose_pet_series
from uptake.dicom.files.folder_scan import FolderScan, scan_folder
from uptake.errors import InputRefused
from uptake.exam import Exam

_PATIENT_ID, _ISSUER, _BORN = "00100020", "00100021", "00100030"
_STUDY, _SERIES, _FRAME = "0020000D", "0020000E", "00200052"
_MODALITY = "00080060"
_FIELDS = ("PatientID", "IssuerOfPatientID", "PatientBirthDate", "StudyDate", "StudyTime", "SeriesDate", "SeriesTime")
_COUNT = "NumberOfSeriesRelatedInstances"
_READERS = 8


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """How a source of exams keeps what it has read.

    Parameters
    ----------
    cache
        Folder for series; what is in it can be had again.
    cache_bytes
        Its bound.
    listing_s
        For how long a listing counts as fresh.
    """

    cache: Path
    cache_bytes: int = 50 * 1000**3
    listing_s: float = 30.0


@dataclass(frozen=True, slots=True)
class _CtSeries:
    uid: str
    instances: int
    frame_of_reference_uid: str


class DicomwebSource:
    """Lists, fetches and stores through a ``PacsClient``; every method may be called from any thread."""

    def __init__(self, client: PacsClient, settings: SourceSettings) -> None:
        self._client = client
        self._settings = settings
        self._cache = FileCache(settings.cache / "series", settings.cache_bytes)
        self._choices = PetChoices(settings.cache / "chosen-pet.json")
        self._lock = threading.Lock()
        self._listing = Listing(self._list, settings.listing_s)
        self._ct: dict[str, tuple[float, tuple[_CtSeries, ...]]] = {}

    @property
    def name(self) -> str:
        """The PACS's host and path."""
        parts = urlsplit(self._client.address.url)
        return f"{parts.hostname}{parts.path}"

    def state(self) -> SourceState:
        """As ``ExamSource``."""
        return self._client.state()

    def keys(self) -> tuple[ExamKey, ...]:
        """As ``ExamSource``; the CT is not looked up for a list of all."""
        return self._listing.keys()

    def key(self, image_id: str) -> ExamKey:
        """As ``ExamSource``; asks the PACS for the study's CT."""
        catalogue, exam = self._listing.find(image_id)
        ct = self._study_ct(exam)
        frames = {each.frame_of_reference_uid for each in ct}
        return replace(
            catalogue.key(exam),
            ct_series_uid=ct[0].uid if len(ct) == 1 else None,
            frame_of_reference_uid=exam.frame_of_reference_uid or (frames.pop() if len(frames) == 1 else ""),
        )

    def objects(self, image_id: str) -> int:
        """As ``ExamSource``."""
        return self._listing.find(image_id)[1].instances

    def earlier(self, image_id: str) -> tuple[ExamKey, ...]:
        """As ``ExamSource``."""
        return self._listing.earlier(image_id)

    def image_of(self, series_uid: str) -> str:
        """As ``ExamSource``; asks the PACS where the series is not a listed PET."""
        catalogue = self._listing.fresh()
        if catalogue.find(require_uid(series_uid)) is not None:
            return series_uid
        rows = self._client.search("series", {"SeriesInstanceUID": series_uid}, ("Modality",))
        row = next((each for each in rows if text_of(each, _SERIES) == series_uid), None)
        found = catalogue.of_study(text_of(row, _STUDY)) if row is not None and text_of(row, _MODALITY) == "CT" else ()
        if len(found) != 1:
            raise unknown_exam()
        return found[0]

    def of_study(self, study_uid: str) -> tuple[str, ...]:
        """As ``ExamSource``."""
        return self._listing.of_study(study_uid)

    def refresh(self) -> None:
        """As ``ExamSource``.

        Raises
        ------
        PacsUnavailable
            If the PACS does not answer; the last listing stays.
        """
        self._listing.refresh()

    def _list(self) -> Catalogue:
        studies: dict[str, list[ListedExam]] = defaultdict(list)
        for row in self._client.search("series", {"Modality": "PT"}, (*_FIELDS, _COUNT)):
            if (exam := _listed(row)) is not None:
                studies[exam.study_uid].append(exam)
        return Catalogue(self._choose(studies))

    @contextmanager
    def opened(self, image_id: str) -> Iterator[Exam]:
        """As ``ExamSource``.

        Raises
        ------
        UnknownExam, PacsUnavailable
            If it is not listed, or cannot be fetched.
        InputRefused
            If the PET cannot be measured; the text says why.
        """
        _, exam = self._listing.find(image_id)
        wanted = [(exam.series_uid, exam.instances)]
        wanted += [(each.uid, each.instances) for each in self._study_ct(exam)]
        with ExitStack() as held:
            scan = FolderScan(series=())
            for uid, instances in wanted:
                scan += scan_folder(held.enter_context(self._series(exam.study_uid, uid, instances)))
            yield _only_exam(select_exams(scan), exam.series_uid)

    def segmentations(self, known: Callable[[str, int], bool]) -> Iterator[SegmentationPlace]:
        """As ``ExamSource``."""
        for row in self._client.search("series", {"Modality": "SEG"}, (_COUNT,)):
            study, series = text_of(row, _STUDY), text_of(row, _SERIES)
            if not known(series, _instances(row)):
                for sop in self._client.instances(study, series):
                    try:
                        yield SegmentationPlace(study, series, sop)
                    except InputRefused:
                        continue

    def fetch(self, place: SegmentationPlace, folder: Path) -> Path:
        """As ``ExamSource``."""
        try:
            return self._client.download(place, folder)
        except NotInPacs as error:
            raise FileNotFoundError(place.sop_instance_uid) from error

    def store(self, path: Path, place: SegmentationPlace) -> None:
        """As ``ExamSource``."""
        self._client.store(path, place)

    def _choose(self, studies: Mapping[str, list[ListedExam]]) -> list[ListedExam]:
        """One PET of each study: where there are several, a header of each is looked at, once."""
        several = [series for series in studies.values() if len(series) > 1]
        with ThreadPoolExecutor(_READERS) as readers:
            found = list(readers.map(lambda series: self._choices.of(series, self._look), several))
        chosen = [series[0] for series in studies.values() if len(series) == 1]
        for series, uid in zip(several, found, strict=True):
            chosen += [each for each in series if each.series_uid == uid]
        self._choices.save()
        return chosen

    def _look(self, series: list[ListedExam]) -> str | None:
        with TemporaryDirectory(dir=self._settings.cache) as name:
            folder = Path(name)
            for each in series:
                for sop in self._client.instances(each.study_uid, each.series_uid, limit=1)[:1]:
                    try:
                        self._client.download(SegmentationPlace(each.study_uid, each.series_uid, sop), folder)
                    except (NotInPacs, InputRefused):
                        continue
            return choose_pet_series(folder, {each.series_uid: each.instances for each in series})

    def _study_ct(self, exam: ListedExam) -> tuple[_CtSeries, ...]:
        """CT series of the study in the PET's frame of reference, or all of them where that is unknown."""
        with self._lock:
            known = self._ct.get(exam.study_uid)
        if known is not None and time.monotonic() - known[0] < self._settings.listing_s:
            return known[1]
        filters = {"StudyInstanceUID": exam.study_uid}
        try:
            rows = list(self._client.search("series", filters, (_COUNT, "FrameOfReferenceUID", "Modality")))
        except PacsUnavailable:
            if known is None:
                raise
            return known[1]
        own = next((text_of(row, _FRAME) for row in rows if text_of(row, _SERIES) == exam.series_uid), "")
        tomography = [
            _CtSeries(text_of(row, _SERIES), _instances(row), text_of(row, _FRAME))
            for row in rows
            if text_of(row, _MODALITY) == "CT" and text_of(row, _STUDY) == exam.study_uid
        ]
        found = tuple(each for each in tomography if own and each.frame_of_reference_uid == own) or tuple(tomography)
        with self._lock:
            self._ct[exam.study_uid] = time.monotonic(), found
        return found

    @contextmanager
    def _series(self, study_uid: str, series_uid: str, instances: int) -> Iterator[Path]:
        require_uid(series_uid)

        def load(folder: Path) -> None:
            try:
                received = self._client.download_series(study_uid, series_uid, folder)
            except NotInPacs as error:
                raise UnknownExam(
                    "A series of this exam is no longer in the PACS.", remedy="Ask the server to list its images again."
                ) from error
            if received < instances:
                raise PacsUnavailable(f"The PACS sent {received} of a series' {instances} objects.")

        # The number is in the name, so that a series that grew after it was fetched is fetched again.
        with self._cache.held(f"{series_uid}-{instances}", load) as folder:
            yield folder


def _only_exam(exams: Iterable[Exam], series_uid: str) -> Exam:
    for exam in exams:
        if exam.pet.series_uid == series_uid:
            return exam
    raise UnknownExam(
        "The PACS sent another PET series than it was asked for.", remedy="Check the exam's series in the PACS."
    )


def _instances(row: Mapping[str, Any]) -> int:
    text = text_of(row, "00201209")
    return int(text) if text.isdecimal() else 0


def _listed(row: Mapping[str, Any]) -> ListedExam | None:
    """A PET series of a listing; None where it has no UIDs."""
    date = text_of(row, "00080021") or text_of(row, "00080020")
    clock = text_of(row, "00080031") if text_of(row, "00080021") else text_of(row, "00080030")
    try:
        return ListedExam(
            series_uid=text_of(row, _SERIES),
            study_uid=text_of(row, _STUDY),
            patient=digest(text_of(row, _PATIENT_ID), text_of(row, _ISSUER)),
            born=digest(text_of(row, _BORN)),
            started=(date + clock.partition(".")[0].ljust(6, "0"))[:14] if date.isdecimal() else "",
            instances=_instances(row),
        )
    except InputRefused:
        return None
