"""Prepared exams on disk: made once for a preprocessing and an exam, whole or not there, read by memory map."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uptake.errors import InputRefused, OutputFailed
from uptake.training.exam_input import ExamInput, exam_input
from uptake.training.exams import LoadedExam, TrainingExam
from uptake.training.plain_json import to_plain
from uptake.training.recipe import TrainingRecipe

_FORMAT = 1
_PAGE = "exam.json"


@dataclass(frozen=True, slots=True, eq=False)
class PreparedTraining:
    """An exam in the cache.

    Parameters
    ----------
    name, patient, digital
        As the exam's.
    pixels
        Hash of the PET's voxels: the same images under two keys are found by it.
    folder
        In the cache.
    warnings
        Told once, when the exam was prepared.
    """

    name: str
    patient: str
    digital: bool
    pixels: str
    folder: Path
    warnings: tuple[str, ...] = ()

    def image(self) -> NDArray[np.float16]:
        """Normalised channels (channels, z, y, x), memory-mapped."""
        return np.load(self.folder / "image.npy", mmap_mode="r")  # type: ignore[no-any-return]

    def labels(self) -> NDArray[np.uint8]:
        """Classes (z, y, x), memory-mapped."""
        return np.load(self.folder / "labels.npy", mmap_mode="r")  # type: ignore[no-any-return]

    def body(self) -> NDArray[np.bool_]:
        """Where there is a patient (z, y, x), memory-mapped."""
        return np.load(self.folder / "body.npy", mmap_mode="r")  # type: ignore[no-any-return]


def prepared(
    exams: Sequence[TrainingExam],
    recipe: TrainingRecipe,
    cache: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[PreparedTraining, ...]:
    """Prepare every exam that the cache does not hold yet.

    Parameters
    ----------
    exams, recipe
        What to prepare, and how.
    cache
        A folder, which several runs and recipes may share; an interrupted preparation goes on where it stopped.
    progress
        Called with exams done and all.

    Raises
    ------
    InputRefused
        If an exam cannot be used; it is named.
    OutputFailed
        If the disk is full or cannot be written.
    """
    found = []
    progress(0, len(exams))
    for done, exam in enumerate(exams, start=1):
        folder = cache / cache_key(exam, recipe)
        if not (folder / _PAGE).exists():
            _prepare(exam, recipe, folder)
        page = json.loads((folder / _PAGE).read_text(encoding="utf-8"))
        told = tuple(page["warnings"])
        found.append(PreparedTraining(exam.name, exam.patient, exam.digital, page["pixels"], folder, told))
        progress(done, len(exams))
    return tuple(found)


def cache_key(exam: TrainingExam, recipe: TrainingRecipe) -> str:
    """The name of an exam's folder: of what is read, and of all that decides what becomes of it."""
    parts = (recipe.inputs, recipe.preprocessing, recipe.classes)
    document = {"format": _FORMAT, "exam": exam.identity, "recipe": to_plain(parts)}
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:32]


def _prepare(exam: TrainingExam, recipe: TrainingRecipe, folder: Path) -> None:
    try:
        loaded = exam.load()
        made = exam_input(loaded, recipe)
    except InputRefused as error:
        if exam.name in str(error):
            raise
        raise type(error)(f"exam {exam.name}: {error.reason}", remedy=error.remedy) from error
    partial = folder.with_name(f".{folder.name}.partial-{os.getpid()}")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        np.save(partial / "image.npy", made.image.astype(np.float16))
        np.save(partial / "labels.npy", made.labels)
        np.save(partial / "body.npy", made.body)
        (partial / _PAGE).write_text(json.dumps(_page(exam, loaded, made), indent=1), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)  # one without its page
        partial.rename(folder)
    except OSError as error:
        raise OutputFailed(
            f"The cache of prepared exams cannot be written ({error.strerror}). Free some space or check permissions."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _page(exam: TrainingExam, loaded: LoadedExam, made: ExamInput) -> dict[str, Any]:
    pet = np.ascontiguousarray(loaded.pet.array)
    lost = (f"exam {exam.name}: {made.lost} voxels of truth lie outside the network's field of view",)
    return {
        "name": exam.name,
        "pixels": hashlib.sha256(pet.tobytes()).hexdigest(),
        "box": [list(made.box.start), list(made.box.stop)],
        "geometry": to_plain(made.geometry),
        "warnings": [*loaded.warnings, *(lost if made.lost else ())],
    }
