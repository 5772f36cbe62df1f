"""Real and digital exams as volumes, and where in each the same tissues are measured."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, minimum_filter

from uptake.dicom.exams.exam_reader import read_exams
from uptake.exam_preparation import prepare
from uptake.geometry import ImageGeometry
from uptake.phantom.body.packing import numbers_by_name
from uptake.phantom.disease.design import design_patient
from uptake.phantom.rendering.ct import render_ct
from uptake.phantom.rendering.pet import counted, render_pet
from uptake.volume import CtVolume, SuvVolume

Place = tuple[float, float, float, float]
Voxel = tuple[int, int, int]

PATCH_MM = 56.0
DIAMETER_MM = {"liver": 30.0, "blood pool": 14.0, "muscle": 20.0, "lung": 30.0, "marrow": 16.0, "fat": 12.0}
_PATCHES = 12
# Voxels (z, y, x) of the PET as uptake reads it, and the sphere's diameter: checked in the pictures, acrin's in its CT.
_REAL_PLACES: dict[str, dict[str, tuple[Place, ...]]] = {
    "acrin_042": {
        "liver": ((25, 58, 42, 30), (30, 62, 42, 30)),
        "blood pool": ((66, 67, 72, 14), (72, 68, 72, 14)),
        "muscle": ((15, 77, 55, 20), (15, 77, 72, 20)),
        "lung": ((65, 54, 43, 30), (65, 66, 43, 30)),
        "marrow": ((60, 68, 64, 16), (50, 69, 64, 16)),
        "fat": ((76, 44, 65, 12), (61, 43, 34, 12)),
    },
    "STS_001": {
        "liver": ((155, 66, 52, 30), (150, 64, 50, 30)),
        "blood pool": ((195, 66, 64, 14),),
        "muscle": ((20, 66, 45, 24),),
        "lung": ((200, 70, 50, 30),),
        "marrow": ((145, 76, 65, 14),),
    },
}
_REAL_PATCHES = {"acrin_042": (range(22, 34), 58, 42), "STS_001": (range(146, 158), 65, 51)}
_REAL_FOLDERS = {"acrin_042": "acrin_042", "STS_001": "sts_raw/STS_001"}
_NAMES: Mapping[str, tuple[str, ...]] = {
    "liver": ("liver",),
    "blood pool": ("aorta",),
    "muscle": ("muscle",),
    "lung": ("lung_right",),
    "marrow": ("t10", "t11", "t12", "l1", "l2", "l3"),
    "fat": ("fat",),
}
_CLEAR_MM = 25.0


@dataclass(frozen=True, slots=True, eq=False)
class RealismExam:
    """One exam with the places of its spheres in mm (x, y, z, diameter) and the corners of its liver patches."""

    name: str
    scanner: str
    suv: SuvVolume
    ct: CtVolume | None
    places: Mapping[str, tuple[Place, ...]]
    patches: tuple[Voxel, ...]

    @property
    def patch_voxels(self) -> int:
        """Side of a liver patch."""
        return round(PATCH_MM / self.suv.geometry.spacing_mm[2])


def data_folder() -> Path:
    """Where the real exams lie: ``$UPTAKE_DATA``, or ``shared/data`` beside the checkout."""
    named = os.environ.get("UPTAKE_DATA", "")
    return Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "data"


def real_exams() -> Iterator[RealismExam]:
    """The real exams, with the places found by eye."""
    for name, folder in _REAL_FOLDERS.items():
        prepared = prepare(next(iter(read_exams(data_folder() / folder))))
        geometry = prepared.suv.geometry
        places = {
            tissue: tuple((*_xyz(geometry, place[:3]), place[3]) for place in found)
            for tissue, found in _REAL_PLACES[name].items()
        }
        slices, y, x = _REAL_PATCHES[name]
        half = round(PATCH_MM / geometry.spacing_mm[2]) // 2
        patches = tuple((z, y - half, x - half) for z in slices)
        yield RealismExam(name, "real", prepared.suv, prepared.ct, places, patches)


def digital_exam(system: str, seed: int, site: str, *, with_ct: bool = True) -> RealismExam:
    """A patient's first exam as first planned (before the check), on its scanner's own grids, with noise."""
    exam = design_patient(system, seed, site=site).exams[0]
    rendered = render_pet(exam)
    suv = counted(rendered, exam, np.random.default_rng((seed, 1)))
    ct = render_ct(exam, np.random.default_rng((seed, 2))) if with_ct else None
    labels = rendered.structures.array
    geometry = suv.geometry
    clear = distance_transform_edt(rendered.lesions.array == 0, geometry.spacing_mm) > _CLEAR_MM
    numbers = numbers_by_name("structures.csv")
    places = {}
    for tissue, names in _NAMES.items():
        inside = np.isin(labels, [numbers[name] for name in names]) & clear
        found = _deepest(inside, geometry)
        if found is not None:
            places[tissue] = ((*_xyz(geometry, found), DIAMETER_MM[tissue]),)
    patches = _patches((labels == numbers["liver"]) & clear, geometry)
    return RealismExam(f"{system} {site} {seed}", exam.scanner.name, suv, ct, places, patches)


def _xyz(geometry: ImageGeometry, voxel: tuple[float, ...]) -> tuple[float, float, float]:
    x, y, z = np.asarray(geometry.position_mm(voxel)).reshape(3).tolist()
    return x, y, z


def _deepest(inside: NDArray[np.bool_], geometry: ImageGeometry) -> Voxel | None:
    """The voxel farthest from the outside of a tissue."""
    if not inside.any():
        return None
    depth = distance_transform_edt(inside, geometry.spacing_mm)
    z, y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    return int(z), int(y), int(x)


def _patches(liver: NDArray[np.bool_], geometry: ImageGeometry) -> tuple[Voxel, ...]:
    """Corners of squares that lie in the liver, one above the other, in up to twelve slices."""
    side = round(PATCH_MM / geometry.spacing_mm[2])
    # origin shifts the filter so that a hit is the square's lower corner.
    fits = minimum_filter(liver.astype(np.uint8), (1, side, side), origin=(0, -(side // 2), -(side // 2)))
    run = min(_PATCHES, int(fits.any(axis=(1, 2)).sum()))
    while run > 1:
        stacked = minimum_filter(fits, (run, 1, 1), origin=(-(run // 2), 0, 0))
        if stacked.any():
            z, y, x = np.argwhere(stacked)[len(np.argwhere(stacked)) // 2].tolist()
            return tuple((z + step, y, x) for step in range(run))
        run -= 1
    return ()
