"""What server and training process tell each other, by whole JSON files in the job's folder.

::

    JOB/
    ├── order.json      what is to be trained, written before the process starts
    ├── progress.json   how far it is
    ├── fold_0/ ...     the folds' state
    ├── candidate/      the new bundle, whole or not there
    └── outcome.json    written last
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from apps.monai_label.trainers.exam_split import Part
from uptake.errors import UnreadableFile
from uptake.training.cache import PreparedTraining
from uptake.training.plain_json import from_plain, to_plain
from uptake.training.recipe import TrainingRecipe
from uptake.whole_file import put_whole

T = TypeVar("T")

ORDER, PROGRESS, OUTCOME, CANDIDATE = "order.json", "progress.json", "outcome.json", "candidate"


@dataclass(frozen=True, slots=True)
class OrderedExam:
    """A prepared exam; as ``PreparedTraining``, with its folder as text."""

    name: str
    patient: str
    digital: bool
    pixels: str
    folder: str

    @property
    def prepared(self) -> PreparedTraining:
        """As training takes it."""
        return PreparedTraining(self.name, self.patient, self.digital, self.pixels, Path(self.folder))


def ordered(exam: PreparedTraining) -> OrderedExam:
    """A prepared exam for an order."""
    return OrderedExam(exam.name, exam.patient, exam.digital, exam.pixels, str(exam.folder))


@dataclass(frozen=True, slots=True)
class Order:
    """One training.

    Parameters
    ----------
    bundle
        Folder of the version in use, which it starts from and is compared with.
    version
        Number of that version.
    next_version
        Number that the new one would have.
    recipe
        As fitted for one fold.
    exams, parts, judges
        Prepared exams; patients by fold; and patients to compare by.
    threads
        Of the processor; 0 for torch's own choice.
    """

    bundle: str
    version: int
    next_version: int
    recipe: TrainingRecipe
    exams: tuple[OrderedExam, ...]
    parts: tuple[Part, ...]
    judges: tuple[str, ...]
    threads: int = 0


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a training is: the stage in words, share done (0 to 1), and the last line of the log."""

    stage: str
    done: float = 0.0
    fold: int = 0
    epoch: int = 0
    loss: float | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a training ended.

    Parameters
    ----------
    error
        Why it failed, in words for whoever started it; empty where it did not.
    before, after
        Dice of the version in use and the new one on each judging exam.
    judged_by
        Names of those exams.
    finished
        Why each fold stopped.
    seconds
        Of the folds' training.
    """

    error: str = ""
    before: tuple[float, ...] = ()
    after: tuple[float, ...] = ()
    judged_by: tuple[str, ...] = ()
    finished: tuple[str, ...] = ()
    seconds: float = 0.0


def write_json(path: Path, thing: Any) -> None:
    """Write a dataclass (or plain JSON) whole and on the disk before it appears; OSError if the disk refuses."""
    with put_whole(path) as partial, partial.open("w", encoding="utf-8") as stream:
        json.dump(to_plain(thing), stream, ensure_ascii=False, indent=1)
        stream.write("\n")
        stream.flush()
        os.fsync(stream.fileno())


def read_json(path: Path, kind: type[T]) -> T:
    """Read a dataclass.

    Raises
    ------
    FileNotFoundError
        If it is not there.
    UnreadableFile
        If it is damaged.
    """
    try:
        return from_plain(kind, json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise UnreadableFile(f"{path.name} cannot be read.", remedy="Move it away and try again.") from error
