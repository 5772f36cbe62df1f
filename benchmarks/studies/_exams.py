"""Digital exams of a system as arrays, made in parallel and kept on disk: nobody should render them twice."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from uptake.errors import NotDesignable
from uptake.phantom.cohort.making import one_thread
from uptake.phantom.cohort.specification import CohortSpecification
from uptake.phantom.designing import Wish, designed
from uptake.phantom.plan import ExamPlan
from uptake.phantom.rendering.pet import counted

SPACING_MM = (4.0, 4.0, 4.0)


@dataclass(frozen=True, slots=True, eq=False)
class StudyExam:
    """One exam: noisy SUV, lesions and structures ``(z, y, x)``, and what the patient was built to show."""

    name: str
    number: int
    suv: NDArray[np.float32]
    lesions: NDArray[np.uint8]
    structures: NDArray[np.uint8]
    intended: dict[str, str]


def study_exams(folder: Path, specification: CohortSpecification, *, processes: int = 2) -> list[StudyExam]:
    """The exams of a cohort at 4 mm, made where they are not in ``folder`` yet."""
    folder.mkdir(parents=True, exist_ok=True)
    wishes = specification.wishes()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=one_thread) as pool:
        done = pool.map(_make, wishes, [folder] * len(wishes))
        paths = [path for found in track(done, total=len(wishes), description=specification.system) for path in found]
    return [_load(path) for path in paths]


def _coarse(exam: ExamPlan) -> ExamPlan:
    return replace(exam, scanner=replace(exam.scanner, pet_spacing_mm=SPACING_MM))


def _make(wish: Wish, folder: Path) -> list[Path]:
    stem = f"{wish.system}-{wish.site}-{wish.seed:08d}"
    there = sorted(folder.glob(f"{stem}-*.npz"))
    if there or (folder / f"{stem}.failed").exists():
        return there
    try:
        found = designed(wish, adapt=_coarse)
    except NotDesignable as error:
        (folder / f"{stem}.failed").write_text(str(error))
        return []
    paths = []
    for exam, rendered in zip(found.patient.exams, found.rendered, strict=True):
        random = np.random.default_rng((crc32(found.patient.identity.encode()), exam.number))
        path = folder / f"{stem}-{exam.number}.npz"
        np.savez_compressed(
            path,
            suv=counted(rendered, exam, random).array.astype(np.float16),
            lesions=rendered.lesions.array.astype(np.uint8),
            structures=rendered.structures.array.astype(np.uint8),
            intended=np.array([f"{key}={value}" for key, value in found.patient.intended.items()]),
        )
        paths.append(path)
    return paths


def _load(path: Path) -> StudyExam:
    with np.load(path) as data:
        return StudyExam(
            path.stem,
            int(path.stem.rsplit("-", 1)[1]),
            data["suv"].astype(np.float32),
            data["lesions"],
            data["structures"],
            dict(str(pair).split("=", 1) for pair in data["intended"]),
        )
