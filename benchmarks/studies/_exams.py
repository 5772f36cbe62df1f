"""Digital exams of a system as arrays, made once and kept on disk: nobody should render them twice."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from uptake.errors import NotDesignable
from uptake.geometry import ImageGeometry
from uptake.phantom.cohort.making import one_thread
from uptake.phantom.designing import Wish, designed
from uptake.phantom.plan import ExamPlan
from uptake.phantom.rendering.pet import counted
from uptake.volume import LabelMap, SuvVolume

SPACING_MM = (4.0, 4.0, 4.0)


@dataclass(frozen=True, slots=True, eq=False)
class StudyExam:
    """One exam: noisy SUV, lesions and structures ``(z, y, x)``, and what the patient was built to show."""

    name: str
    number: int
    suv: NDArray[np.float32]
    lesions: NDArray[np.uint8]
    structures: NDArray[np.uint8]
    scenario: str
    intended: dict[str, str]

    @property
    def geometry(self) -> ImageGeometry:
        """The grid, from the corner's voxel on: only distances matter here."""
        z, y, x = self.suv.shape
        return ImageGeometry((z, y, x), SPACING_MM, (0.0, 0.0, 0.0))

    @property
    def volume(self) -> SuvVolume:
        """The SUV with its grid."""
        return SuvVolume(self.suv, self.geometry)

    def labels(self, array: NDArray[np.uint8]) -> LabelMap:
        """Lesions or structures with their grid."""
        return LabelMap(array.astype(np.uint16), self.geometry)


def study_exams(folder: Path, wishes: Sequence[Wish], *, processes: int = 2) -> list[StudyExam]:
    """The exams of the wished patients at 4 mm, made where they are not in ``folder`` yet.

    A patient that could not be designed has none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    what = f"{wishes[0].system} from seed {wishes[0].seed}"
    if processes == 1:
        paths = [path for wish in track(wishes, description=what) for path in _make(wish, folder)]
        return [_load(path) for path in paths]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=one_thread) as pool:
        done = pool.map(_make, wishes, [folder] * len(wishes))
        paths = [path for found in track(done, total=len(wishes), description=what) for path in found]
    return [_load(path) for path in paths]


def _coarse(exam: ExamPlan) -> ExamPlan:
    return replace(exam, scanner=replace(exam.scanner, pet_spacing_mm=SPACING_MM))


def _make(wish: Wish, folder: Path) -> list[Path]:
    stem = f"{wish.system}-{wish.site}-{wish.seed:09d}"
    # The first exam is written last: where it is, all are.
    if (folder / f"{stem}-1.npz").exists() or (folder / f"{stem}.failed").exists():
        return sorted(folder.glob(f"{stem}-*.npz"))
    try:
        found = designed(wish, adapt=_coarse)
    except NotDesignable as error:
        (folder / f"{stem}.failed").write_text(str(error))
        return []
    pairs = list(zip(found.patient.exams, found.rendered, strict=True))
    for exam, rendered in reversed(pairs):
        random = np.random.default_rng((crc32(found.patient.identity.encode()), exam.number))
        partial = folder / f"{stem}-{exam.number}.partial"
        with partial.open("wb") as file:
            np.savez_compressed(
                file,
                suv=counted(rendered, exam, random).array.astype(np.float16),
                lesions=rendered.lesions.array.astype(np.uint8),
                structures=rendered.structures.array.astype(np.uint8),
                scenario=np.array(found.patient.scenario),
                intended=np.array([f"{key}={value}" for key, value in found.patient.intended.items()]),
            )
        partial.rename(folder / f"{stem}-{exam.number}.npz")
    return sorted(folder.glob(f"{stem}-*.npz"))


def _load(path: Path) -> StudyExam:
    name, _, number = path.stem.rpartition("-")
    with np.load(path) as data:
        return StudyExam(
            name,
            int(number),
            data["suv"].astype(np.float32),
            data["lesions"],
            data["structures"],
            str(data["scenario"]),
            dict(str(pair).split("=", 1) for pair in data["intended"]),
        )
