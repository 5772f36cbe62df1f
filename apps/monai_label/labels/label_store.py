"""Saves labels so that none is lost, and reads back those that are truth."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from apps.monai_label.exams.exam_source import ExamSource, SegmentationPlace
from apps.monai_label.exams.file_cache import FileCache
from apps.monai_label.labels.class_names import checked_names, coded_class, fold_name
from apps.monai_label.labels.label_errors import ConflictRefused, LabelRefused
from apps.monai_label.labels.label_types import LabelOrigin, LabelVersion
from apps.monai_label.labels.ledger import Ledger, LedgerEntry
from apps.monai_label.labels.mask_prints import (
    MaskPrint,
    digest_prints,
    print_labels,
    prints_given_out,
    same_label,
)
from apps.monai_label.labels.outbox import Outbox
from apps.monai_label.labels.stored_segmentations import StoredSegmentations
from apps.monai_label.labels.submission import Submission, on_pet_grid, place, segmentation_labels
from uptake.dicom.annotations.segmentation_reader import SegmentationObject
from uptake.dicom.results.annotation_segmentation import (
    SegmentationMaker,
    build_annotation_segmentation,
    encode_dataset,
)
from uptake.dicom.results.output_instance import DicomInstanceContext
from uptake.dicom.results.source_headers import load_source_headers
from uptake.exam import Exam
from uptake.geometry import ImageGeometry
from uptake.volume import LabelMap

_Drawn = tuple[LabelMap, Mapping[int, str]]


@dataclass(frozen=True, slots=True)
class LabelSettings:
    """What a label store keeps and whom it believes.

    Parameters
    ----------
    folder
        Of the ledger, of labels that the source does not have yet, and of a cache.
    classes
        Class of each label value; at least one.
    human_authors
        Content Creator's Names whose segmentations are truth although they came another way than through this server.
    cache_bytes
        Bound of the cache of segmentations.
    """

    folder: Path
    classes: Mapping[int, str] = field(default_factory=lambda: {1: "lesion"})
    human_authors: tuple[str, ...] = ()
    cache_bytes: int = 2 * 1000**3

    def __post_init__(self) -> None:
        if not self.classes:
            raise ValueError("labels need at least one class")


class LabelStore:
    """The labels of a source's exams; every method may be called from any thread."""

    def __init__(self, source: ExamSource, settings: LabelSettings) -> None:
        self.settings = settings
        self.classes = checked_names(settings.classes)
        self.ledger = Ledger(settings.folder)
        self._outbox = Outbox(source, self.ledger, settings.folder / "kept")
        cache = FileCache(settings.folder / "cache", settings.cache_bytes)
        self.stored = StoredSegmentations(source, self.ledger, self._outbox, cache)
        self._saving = [threading.Lock() for _ in range(64)]

    def submit(self, image_id: str, exam: Exam, submission: Submission) -> LabelVersion:
        """Save a label as the exam's newest truth.

        The label is on this machine's disk, and in the ledger, before the source is asked to store it: where the
        source does not answer it stays ``pending`` and is sent later. The same author's same label again gives the
        version that is there.

        Raises
        ------
        LabelRefused
            If it does not fit the exam, or the source will not have it.
        ConflictRefused
            If somebody else's version is newer than the expected one.
        OutputFailed
            If this machine's disk is full; nothing was saved.
        """
        drawn = on_pet_grid(submission, exam, self.classes)
        prints = print_labels(*drawn)
        with self._saving[hash(image_id) % len(self._saving)]:
            current = self.ledger.newest(image_id)
            if current is not None and _same_again(current, submission, prints):
                entry = current
            else:
                _require_current(current, submission)
                entry, maker = self._new_entry((image_id, exam, submission), prints, current)
                self._outbox.keep(entry, _encoded(exam, drawn, maker))
                with self.ledger.exclusive():
                    _require_current(self.ledger.newest(image_id), submission)
                    self.ledger.add("intent", entry)
            self._outbox.send(entry)
        after = self.ledger.find(entry.version.sop_instance_uid)
        if after is not None and after.state == "refused":
            raise LabelRefused(
                "The PACS will not store the label.",
                remedy="It is kept on the server, in the folder of kept labels; ask the PACS's administrator.",
            )
        return entry.version

    def pending(self) -> tuple[LabelVersion, ...]:
        """Versions that are safe here and not in the source yet."""
        return tuple(each.version for each in self.ledger.entries() if each.state == "pending")

    def send_pending(self) -> int:
        """Try to store what is pending; returns how many are still. Does not raise where the source is down."""
        self._outbox.send_all()
        return len(self.pending())

    def versions(self, image_id: str) -> tuple[LabelVersion, ...]:
        """Every true version of an exam, the oldest first."""
        return tuple(each.version for each in self.ledger.truths(image_id))

    def newest(self) -> dict[str, LabelVersion]:
        """The newest truth of every exam that has one."""
        return {each.version.image_id: each.version for each in self.ledger.truths()}

    def truth(self, image_id: str, pet: ImageGeometry, values: Mapping[str, int] | None = None) -> LabelMap | None:
        """The newest truth on the PET's grid, as ``read``; one that the source spoiled gives way to the one before."""
        for version in reversed(self.versions(image_id)):
            found = self.read(version.sop_instance_uid, pet, values)
            if found is not None:
                return found
        return None

    def read(
        self, sop_instance_uid: str, pet: ImageGeometry, values: Mapping[str, int] | None = None
    ) -> LabelMap | None:
        """A true label on the PET's grid; None where there is none, or the source gives back something else.

        Parameters
        ----------
        values
            Value wanted for each class, several may have one; classes that it does not name are left out. None for
            the store's own values.

        Raises
        ------
        PacsUnavailable
            If it must be fetched and the source does not answer.
        """
        entry = self.ledger.find(sop_instance_uid)
        found = self.stored.label(entry) if entry is not None and entry.is_truth else None
        if found is None:
            return None
        wanted = {fold_name(name): value for name, value in values.items()} if values else self._values(found)
        kept = tuple(each for each in found.segments if fold_name(each.label) in wanted)
        part = SegmentationObject(found.geometry, found.frame_of_reference_uid, found.source_series_uids, kept)
        return place(segmentation_labels(part, wanted), pet)

    def class_values(self, sop_instance_uid: str) -> dict[str, int]:
        """The classes that a label has voxels of, with the values that ``read`` gives them by default."""
        entry = self.ledger.find(sop_instance_uid)
        if entry is None:
            return {}
        names = sorted({name.partition(" ")[0] for name in entry.prints})
        values = _values(self.classes, names)
        return {name: values[name] for name in names}

    def machine_segmentation(self, image_id: str, exam: Exam, drawn: _Drawn, algorithm: tuple[str, str]) -> bytes:
        """A machine's labels as a SEG (AUTOMATIC); its masks are noted, so that nobody's copy of it becomes truth.

        Parameters
        ----------
        drawn
            Labels on the PET's grid, and the class of each value.
        algorithm
            Name and version.
        """
        labels, names = drawn[0], checked_names(drawn[1])
        self.note_machine(image_id, labels)
        identity = f"{image_id}/{'/'.join(algorithm)}/{digest_prints(print_labels(labels, names))}"
        maker = SegmentationMaker(identity, "AUTOMATIC", *algorithm, description=algorithm[0])
        return _encoded(exam, (labels, names), maker)

    def note_machine(self, image_id: str, labels: LabelMap) -> None:
        """Note that a label map, on any grid, was made by a machine."""
        self.ledger.give_out(image_id, prints_given_out(labels))

    def _new_entry(
        self, what: tuple[str, Exam, Submission], prints: Mapping[str, MaskPrint], current: LedgerEntry | None
    ) -> tuple[LedgerEntry, SegmentationMaker]:
        image_id, exam, submission = what
        number, sha256 = self.ledger.last_number(image_id) + 1, digest_prints(prints)
        maker = SegmentationMaker(
            identity=f"{image_id}/{submission.author}/{number}/{sha256}",
            algorithm_type=submission.algorithm_type,
            author=submission.author,
        )
        version = LabelVersion(
            sop_instance_uid=maker.uid("instance"),
            image_id=image_id,
            tag=submission.tag,
            origin=LabelOrigin.submitted,
            author=submission.author,
            sha256=sha256,
            number=number,
            created=max(time.time(), 0.0 if current is None else current.version.created + 0.001),
        )
        where = SegmentationPlace(exam.pet.study_uid, maker.uid("series"), maker.uid("instance"))
        return LedgerEntry(version, where, prints, "pending"), maker

    def _values(self, found: SegmentationObject) -> dict[str, int]:
        return _values(self.classes, [fold_name(segment.label) for segment in found.segments])


def _values(classes: Mapping[int, str], names: list[str]) -> dict[str, int]:
    """The store's values, and further ones for classes that it does not know (another bundle's)."""
    values = {name: value for value, name in classes.items()}
    for name in names:
        values.setdefault(name, max(values.values()) + 1)
    return values


def _encoded(exam: Exam, drawn: _Drawn, maker: SegmentationMaker) -> bytes:
    labels, names = drawn
    classes = {value: coded_class(name) for value, name in names.items()}
    context = DicomInstanceContext(created=datetime.now())
    source = load_source_headers(exam.pet)
    return encode_dataset(build_annotation_segmentation(source, labels, classes, maker, context))


def _same_again(current: LedgerEntry, submission: Submission, prints: Mapping[str, MaskPrint]) -> bool:
    return current.version.author == submission.author and same_label(current.prints, prints)


def _require_current(current: LedgerEntry | None, submission: Submission) -> None:
    number = 0 if current is None else current.version.number
    if submission.expected_version is not None:
        if submission.expected_version != number:
            raise ConflictRefused(submission.expected_version, number)
    elif current is not None and current.version.author != submission.author:
        raise ConflictRefused(0, number)
