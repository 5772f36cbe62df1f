"""Where exams come from and labels go: what a PACS and a folder have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from apps.monai_label.exams.exam_key import ExamKey, require_uid
from uptake.exam import Exam


@dataclass(frozen=True, slots=True)
class SourceState:
    """Whether a source answers; ``reason`` says why it does not, ``since`` in seconds since 1970."""

    available: bool
    reason: str = ""
    since: float | None = None


@dataclass(frozen=True, slots=True)
class SegmentationPlace:
    """Where a stored segmentation is found again."""

    study_uid: str
    series_uid: str
    sop_instance_uid: str

    def __post_init__(self) -> None:
        for uid in (self.study_uid, self.series_uid, self.sop_instance_uid):
            require_uid(uid)


class StoreRefused(Exception):
    """The source answered, and will not have the object; asking again would not help."""


class ExamSource(Protocol):
    """Lists exams, gives their files, and stores segmentations."""

    @property
    def name(self) -> str:
        """The source in words; no credentials."""

    def keys(self) -> tuple[ExamKey, ...]:
        """Every exam in time order; from memory while that is fresh, or while the source does not answer."""

    def key(self, image_id: str) -> ExamKey:
        """One exam with its CT; raises UnknownExam."""

    def objects(self, image_id: str) -> int:
        """How many objects the exam's PET has, as last listed; raises UnknownExam."""

    def earlier(self, image_id: str) -> tuple[ExamKey, ...]:
        """The same patient's earlier exams, the latest first."""

    def image_of(self, series_uid: str) -> str:
        """The exam that a PET or CT series belongs to; raises UnknownExam."""

    def of_study(self, study_uid: str) -> tuple[str, ...]:
        """Image ids of a study's exams, as last listed: the source is not asked."""

    def refresh(self) -> None:
        """List again."""

    def opened(self, image_id: str) -> AbstractContextManager[Exam]:
        """The exam's headers; its files stay while the block lasts."""

    def segmentations(self, known: Callable[[str, int], bool]) -> Iterable[SegmentationPlace]:
        """Stored segmentations of series that are not ``known`` by their UID and number of objects."""

    def fetch(self, place: SegmentationPlace, folder: Path) -> Path:
        """Write a stored segmentation into a folder; raises FileNotFoundError where it is gone."""

    def store(self, path: Path, place: SegmentationPlace) -> None:
        """Store a segmentation; twice the same is stored once. Raises PacsUnavailable or StoreRefused."""

    def state(self) -> SourceState:
        """Whether the source answered when it was last asked."""
