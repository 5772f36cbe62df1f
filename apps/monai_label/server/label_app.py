"""What the server asks of the application behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class SavedLabel:
    """A label file as an annotator sent it.

    Parameters
    ----------
    file
        In a folder of the server's, with one of the allowed endings.
    author
        The account's name.
    tag
        ``final`` is truth.
    expected_version
        Number of the newest version that this annotator had seen; 0 for none.
    label_info
        Names of the file's numbers, where the client gave them.
    """

    file: Path
    author: str
    tag: str
    expected_version: int
    label_info: tuple[Mapping[str, Any], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class InferWish:
    """What is to be run.

    Parameters
    ----------
    model
        A model or a click tool.
    series_uid
        The series whose exam is meant, and on whose grid clicks are and labels come.
    user
        The account's name.
    params
        Checked: allowed keys alone.
    """

    model: str
    series_uid: str
    user: str
    params: Mapping[str, Any]


class LabelApp(Protocol):
    """The application: exams, models, training. Calls may take long and are made from threads.

    An ``image_id`` is the UID of a listed exam's PET series; calls that take ``series_uid`` also know its CT.
    """

    def info(self) -> dict[str, Any]:
        """Models, labels, trainers, strategies and the datastore, as MONAI Label announces them."""

    def model(self, name: str) -> dict[str, Any] | None:
        """What a model announces, without asking the PACS; None where there is no such model."""

    def strategies(self) -> dict[str, Any]:
        """What each strategy announces."""

    def trainers(self) -> dict[str, Any]:
        """What each trainer announces."""

    def image_of(self, series_uid: str) -> str:
        """The exam that a PET or CT series belongs to; UnknownExam where there is none."""

    def infer(self, wish: InferWish) -> tuple[Path | None, dict[str, Any]]:
        """Run a model or a click tool; a label file, which the caller removes, and facts."""

    def infer_segmentation(self, wish: InferWish) -> Path:
        """Run a model and give its DICOM Segmentation, which the caller removes."""

    def is_quick(self, model: str) -> bool:
        """Whether a model answers a click, and must not wait behind whole exams."""

    def next_exam(self, strategy: str, params: Mapping[str, Any], user: str) -> dict[str, Any]:
        """The next exam to annotate, with ``id`` and what a viewer needs to open it; empty where none is left."""

    def listing(self, everything: bool) -> Any:
        """The datastore's numbers, or everything it knows of each exam."""

    def image_file(self, image_id: str) -> Path:
        """A NIfTI file of the exam's SUV."""

    def image_info(self, image_id: str) -> dict[str, Any]:
        """What a viewer needs to open the exam."""

    def label_file(self, uid: str, tag: str) -> tuple[str, int, Path]:
        """The exam, the version and a NIfTI file of a label, by its own id or by its exam's."""

    def label_info(self, uid: str, tag: str) -> dict[str, Any]:
        """Facts of a label, by its own id or by its exam's."""

    def truth_version(self, image_id: str) -> int:
        """Number of the exam's newest true label; 0 for none."""

    def study_versions(self, study_uid: str) -> dict[str, int]:
        """Numbers of the newest true labels of a study's exams, by image id; without asking the PACS."""

    def save_label(self, image_id: str, label: SavedLabel) -> dict[str, Any]:
        """Save an annotator's label, and give its ``sop_instance_uid`` and ``version``.

        ConflictRefused where another's newer one is there.
        """

    def segmented_image(self, file: Path) -> str:
        """The exam that a DICOM Segmentation belongs to; refused where it is none of a listed exam."""

    def train(self, model: str | None, params: Mapping[str, Any]) -> dict[str, Any]:
        """Start a training, or put it in line; of every model where none is named."""

    def stop_training(self) -> dict[str, Any]:
        """Stop what is being trained."""

    def training(self) -> dict[str, Any] | None:
        """The last training, with ``status`` RUNNING while it runs; None where there was none."""

    def versions(self, model: str) -> dict[str, Any]:
        """A model's versions, and which is in use."""

    def roll_back(self, model: str, version: str | None) -> dict[str, Any]:
        """Put an earlier version into use: the one before, or the one named."""

    def close(self) -> None:
        """Stop what the application started."""
