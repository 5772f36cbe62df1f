"""Digital FDG patients as SUV, CT and lesions on one PET grid, made once and kept on disk."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from uptake.geometry import ImageGeometry, Vector
from uptake.phantom.disease.design import design_patient
from uptake.phantom.rendering.ct import render_ct
from uptake.phantom.rendering.pet import counted, render_pet
from uptake.registration.resampling import resample_ct
from uptake.volume import AIR_HU

SYSTEM = "response"
WHOLE_BODY_SEED = 900_000_001
WHOLE_BODY_SHAPE = (350, 200, 200)
WHOLE_BODY_SPACING_MM = (3.0, 4.07, 4.07)
# Read in steps of so much, an exam takes a third of the disk, and its file is what a network sees to the last bit.
SUV_STEP = 0.005
# Coarser than any scanner's: it is on its way to the PET's grid.
_CT_SPACING_MM = (3.0, 3.0, 3.0)

Box = tuple[slice, slice, slice]


@dataclass(frozen=True, slots=True, eq=False)
class DigitalExam:
    """One exam as first planned (before the check), with noise.

    Parameters
    ----------
    suv, hu, lesions
        ``(z, y, x)`` on the PET's grid: g/ml and HU as float32, and 1 in any lesion.
    spacing_mm
        z, y, x.
    """

    name: str
    suv: NDArray[np.float32]
    hu: NDArray[np.float32]
    lesions: NDArray[np.uint8]
    spacing_mm: Vector

    @property
    def geometry(self) -> ImageGeometry:
        """The grid, from the corner's voxel on: only distances matter here."""
        z, y, x = self.suv.shape
        return ImageGeometry((z, y, x), self.spacing_mm, (0.0, 0.0, 0.0))

    def part(self, box: Box) -> DigitalExam:
        """What lies in a box of voxels."""
        suv, hu = np.ascontiguousarray(self.suv[box]), np.ascontiguousarray(self.hu[box])
        return DigitalExam(self.name, suv, hu, np.ascontiguousarray(self.lesions[box]), self.spacing_mm)

    def save(self, path: Path) -> None:
        """Write ``suv`` in steps of ``SUV_STEP``, ``hu`` whole, ``lesions`` and ``spacing_mm`` as a compressed npz."""
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            np.savez_compressed(
                file,
                suv=np.rint(self.suv / SUV_STEP).astype(np.uint16),
                suv_step=np.float64(SUV_STEP),
                hu=np.rint(self.hu).astype(np.int16),
                lesions=self.lesions,
                spacing_mm=np.array(self.spacing_mm),
            )
        partial.rename(path)


def load_exam(path: Path) -> DigitalExam:
    """What ``DigitalExam.save`` wrote."""
    with np.load(path, allow_pickle=False) as data:
        z, y, x = data["spacing_mm"].tolist()
        suv = data["suv"].astype(np.float32) * np.float32(data["suv_step"])
        return DigitalExam(path.stem, suv, data["hu"].astype(np.float32), data["lesions"], (z, y, x))


def digital_exam(cache: Path, seed: int, spacing_mm: Vector) -> DigitalExam:
    """A patient's first exam with its PET on voxels of the given size, made where it is not in ``cache`` yet."""
    path = cache / f"nnunet-{SYSTEM}-{seed:09d}-{'x'.join(f'{each:g}' for each in spacing_mm)}.npz"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        _made(path.stem, seed, spacing_mm).save(path)
    return load_exam(path)


def whole_body_exam(cache: Path) -> DigitalExam:
    """A whole-body exam of 350 x 200 x 200 voxels of 3 x 4.07 x 4.07 mm with several lesions, for benchmarks.

    From mid-thigh upwards: the highest slices, of raised arms, are cut off. Air is added beside the body, as in a
    scanner's field of view: SUV 0 and -1024 HU.
    """
    exam = digital_exam(cache, WHOLE_BODY_SEED, WHOLE_BODY_SPACING_MM)
    part = exam.part((slice(0, WHOLE_BODY_SHAPE[0]), slice(None), slice(None)))
    beside = [wanted - had for wanted, had in zip(WHOLE_BODY_SHAPE, part.suv.shape, strict=True)]
    pad = [(each // 2, each - each // 2) for each in beside]
    return DigitalExam(
        exam.name,
        np.pad(part.suv, pad),
        np.pad(part.hu, pad, constant_values=AIR_HU),
        np.pad(part.lesions, pad),
        exam.spacing_mm,
    )


def _made(name: str, seed: int, spacing_mm: Vector) -> DigitalExam:
    exam = design_patient(SYSTEM, seed).exams[0]
    exam = replace(exam, scanner=replace(exam.scanner, pet_spacing_mm=spacing_mm, ct_spacing_mm=_CT_SPACING_MM))
    rendered = render_pet(exam)
    suv = counted(rendered, exam, np.random.default_rng((seed, 1)))
    ct = resample_ct(render_ct(exam, np.random.default_rng((seed, 2))), suv.geometry)
    lesions = (rendered.lesions.array > 0).astype(np.uint8)
    return DigitalExam(name, suv.array, ct.array, lesions, spacing_mm)
