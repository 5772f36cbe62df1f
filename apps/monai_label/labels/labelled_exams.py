"""Exams with their voxels and their labels: what models, trainers, strategies and the server ask for."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from apps.monai_label.exams.exam_errors import PacsUnavailable, UnknownExam, unknown_exam
from apps.monai_label.exams.exam_key import ExamKey, require_uid
from apps.monai_label.exams.exam_source import ExamSource
from apps.monai_label.exams.prepared_exams import PreparedExams
from apps.monai_label.labels.label_store import LabelSettings, LabelStore
from apps.monai_label.labels.label_types import LabelVersion
from apps.monai_label.labels.submission import Submission
from apps.monai_label.labels.truth_search import look_through
from uptake.dicom.annotations.segmentation_authorship import read_authorship
from uptake.errors import InputRefused
from uptake.exam import PreparedExam
from uptake.exam_preparation import prepare
from uptake.geometry import ImageGeometry
from uptake.volume import LabelMap

_LOG = logging.getLogger(__name__)
_MOST_PRIORS = 3
_MOST_GRIDS = 4096


@dataclass(frozen=True, slots=True)
class DatastoreSettings:
    """Bounds and folders of a datastore.

    Parameters
    ----------
    labels
        Of the labels.
    cache
        Folder for NIfTI files.
    nifti_bytes, memory_bytes
        Bounds of the NIfTI files and of the exams in memory.
    search_s
        How long other people's segmentations are not looked for again.
    """

    labels: LabelSettings
    cache: Path
    nifti_bytes: int = 10 * 1000**3
    memory_bytes: int = 4 * 1000**3
    search_s: float = 60.0


class LabelledExams:
    """Exams of a source with their labels; every method may be called from any thread.

    Image ids are the PET's Series Instance UID, label ids the segmentation's SOP Instance UID; both are checked before
    anything is opened by them.
    """

    def __init__(self, source: ExamSource, settings: DatastoreSettings) -> None:
        self.source = source
        self.labels = LabelStore(source, settings.labels)
        self._search_s = settings.search_s
        self._memory = PreparedExams(settings.memory_bytes)
        self._grids: OrderedDict[tuple[str, int], ImageGeometry] = OrderedDict()
        self._refused: dict[str, int] = {}
        self._lock = threading.Lock()
        self._searching = threading.Lock()
        self._searched: float | None = None

    def key(self, image_id: str) -> ExamKey:
        """The exam's UIDs; raises UnknownExam, InputRefused where it is no UID, PacsUnavailable."""
        return self.source.key(image_id)

    def exam(self, image_id: str) -> PreparedExam:
        """The exam with SUV and HU.

        Raises
        ------
        UnknownExam, PacsUnavailable
            If it is not listed, or cannot be fetched.
        InputRefused
            If it cannot be measured; it is not listed then until its PET has got more objects.
        """

        def load() -> PreparedExam:
            with self.source.opened(image_id) as exam:
                return prepare(exam)

        objects = self.source.objects(image_id)
        try:
            found = self._memory.get(f"{image_id}-{objects}", load)
        except UnknownExam:
            raise
        except InputRefused:
            with self._lock:
                self._refused[image_id] = objects
            raise
        self._remember(image_id, objects, found.suv.geometry)
        return found

    def prior(self, image_id: str) -> PreparedExam | None:
        """The same patient's latest earlier exam with the same tracer that can be measured, or None."""
        now = self.exam(image_id).exam.acquisition
        for key in self.source.earlier(image_id)[:_MOST_PRIORS]:
            try:
                found = self.exam(key.pet_series_uid)
            except InputRefused:
                continue
            then = found.exam.acquisition
            if (then.nuclide, then.tracer) == (now.nuclide, now.tracer):
                return found
        return None

    def image_of(self, series_uid: str) -> str:
        """The exam that a PET or CT series belongs to; raises UnknownExam, PacsUnavailable."""
        return self.source.image_of(series_uid)

    def grid_of(self, series_uid: str) -> ImageGeometry:
        """The grid of an exam's PET or CT series, on which labels of it are wanted."""
        image_id = self.image_of(series_uid)
        if image_id == series_uid:
            return self.grid(image_id)
        ct = self.exam(image_id).exam.ct
        if ct is None or ct.series_uid != series_uid:
            raise unknown_exam()
        return ct.geometry

    def segmented_image(self, path: Path) -> str:
        """The exam that a DICOM Segmentation was drawn on; raises UnknownExam, UnreadableFile."""
        author = read_authorship(path)
        for uid in author.source_series_uids:
            with suppress(InputRefused):
                return self.image_of(uid)
        found = self.source.of_study(author.study_uid)
        if len(found) != 1:
            raise unknown_exam()
        return found[0]

    def study_versions(self, study_uid: str) -> dict[str, int]:
        """The numbers of the newest truths of a study's exams, by image id; the source is not asked."""
        return {image_id: self.truth_version(image_id) for image_id in self.source.of_study(study_uid)}

    def grid(self, image_id: str) -> ImageGeometry:
        """The PET's grid."""
        objects = self.source.objects(image_id)
        with self._lock:
            known = self._grids.get((image_id, objects))
        if known is not None:
            return known
        with self.source.opened(image_id) as exam:
            self._remember(image_id, objects, exam.pet.geometry)
            return exam.pet.geometry

    def truth(self, image_id: str, values: Mapping[str, int] | None = None) -> LabelMap | None:
        """The newest true label on the PET's grid, or None.

        Parameters
        ----------
        values
            Value wanted for each class; classes that it does not name are left out. None for the datastore's own.
        """
        if not self.labels.versions(require_uid(image_id)):
            return None
        return self.labels.truth(image_id, self.grid(image_id), values)

    def truth_version(self, image_id: str) -> int:
        """The number of the exam's newest truth; 0 where it has none."""
        versions = self.labels.versions(require_uid(image_id))
        return versions[-1].number if versions else 0

    def truths(self) -> dict[str, LabelVersion]:
        """The newest truth of every exam that has one; other people's labels are looked for at times."""
        self._look_through()
        return self.labels.newest()

    def submit(self, image_id: str, submission: Submission) -> LabelVersion:
        """Save a label as the exam's newest truth; see ``LabelStore.submit``.

        Raises
        ------
        UnknownExam, LabelRefused, ConflictRefused, OutputFailed
            As there.
        PacsUnavailable
            If the exam itself cannot be fetched; nothing was saved.
        """
        with self.source.opened(image_id) as exam:
            return self.labels.submit(image_id, exam, submission)

    def is_pending(self, sop_instance_uid: str) -> bool:
        """Whether a label is safe here but not in the PACS yet."""
        return any(each.sop_instance_uid == sop_instance_uid for each in self.labels.pending())

    def seg_of(self, image_id: str, labels: LabelMap, names: Mapping[int, str], algorithm: tuple[str, str]) -> bytes:
        """A machine's labels on the PET's grid as a DICOM Segmentation (AUTOMATIC).

        Parameters
        ----------
        names
            Class of each value.
        algorithm
            Name and version of the model.
        """
        with self.source.opened(image_id) as exam:
            return self.labels.machine_segmentation(image_id, exam, (labels, names), algorithm)

    def note_machine(self, image_id: str, labels: LabelMap) -> None:
        """Note labels that the server gives out: nobody's copy of them becomes truth by itself."""
        self.labels.note_machine(require_uid(image_id), labels)

    def listed(self) -> list[str]:
        """Image ids in time order, without exams that turned out not to be measurable."""
        keys = self.source.keys()
        with self._lock:
            refused = dict(self._refused)
        # One that has got more slices since may be measurable now.
        images = (key.pet_series_uid for key in keys)
        return [image for image in images if image not in refused or self.source.objects(image) != refused[image]]

    def list_again(self) -> None:
        """List the source again, send labels that wait, and look for other people's; raises PacsUnavailable."""
        self.source.refresh()
        self.labels.send_pending()
        self._searched = None
        self._look_through()

    def _look_through(self) -> None:
        """Look for other people's labels, unless that was done lately or is being done."""
        if self._searched is not None and time.monotonic() - self._searched < self._search_s:
            return
        if not self._searching.acquire(blocking=False):
            return
        try:
            look_through(self.labels, self.source)
        except PacsUnavailable:
            _LOG.warning("the PACS does not answer: labels that others stored were not looked for")
        finally:
            self._searched = time.monotonic()
            self._searching.release()

    def _remember(self, image_id: str, objects: int, grid: ImageGeometry) -> None:
        with self._lock:
            self._grids[image_id, objects] = grid
            while len(self._grids) > _MOST_GRIDS:
                self._grids.popitem(last=False)
