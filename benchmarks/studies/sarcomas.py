"""Tumours of $UPTAKE_DATA/sts moved off the middle, and digital ones cropped alike: exams for the two-class recipe.

    python -m benchmarks.studies.sarcomas build/sarcomas
    python -m benchmarks.studies.sarcomas build/digital-crops build/internal build/response

The real images are cropped 5 cm around the tumour, so their middle gives it away. Of each side's 5 cm up to 4 are cut
off by chance, and up to 6 cm of air are added, the same on every run. Digital patients (of the cohorts named) are
cropped around their largest lesion in the first exam, magnified 1 to 3 times by chance, as sarcomas are larger than the
lesions that are drawn there, and moved in the same way. PET, CT and contours keep their own voxels.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from benchmarks.studies._realism_exams import data_folder
from uptake.registration.resampling import to_sitk
from uptake.training.exam_folder import find_exams
from uptake.training.exams import LoadedExam, TrainingExam
from uptake.training.recipe import TrainingRecipe, find_recipe
from uptake.volume import AIR_HU

RECIPE = Path("models/head_neck_mtv/configs/sts_small.json")
_CUT_MM, _AIR_MM, _AROUND_MM, _LARGEST = 40.0, 60.0, 50.0, 3.0

Triple = NDArray[np.float64]


def main(out: Path, cohorts: Sequence[Path]) -> None:
    """Write one folder per patient."""
    recipe = find_recipe(str(RECIPE), "small", Path("models"))
    for patient, exam in _digital(cohorts, recipe) if cohorts else _real(recipe):
        random = np.random.default_rng(zlib.crc32(patient.encode()))
        images = _images(exam.load())
        if cohorts:
            images = cropped(images, float(random.uniform(1.0, _LARGEST)))
        cut_mm = random.uniform(0.0, _CUT_MM, (2, 3))
        air_mm = random.uniform(0.0, _AIR_MM, (2, 3))
        place = out / patient
        place.mkdir(parents=True, exist_ok=True)
        for name, image in images.items():
            written = moved(image, cut_mm, air_mm, AIR_HU if name == "CT" else 0.0)
            SimpleITK.WriteImage(written, str(place / f"{name}.nii.gz"))
        tumour_ml = (
            SimpleITK.GetArrayViewFromImage(images["labels"]).sum() * np.prod(images["labels"].GetSpacing()) / 1e3
        )
        print(f"{patient}: {tumour_ml:.0f} ml of tumour")


def _real(recipe: TrainingRecipe) -> Iterator[tuple[str, TrainingExam]]:
    """Every patient's name and exam."""
    for folder in sorted((data_folder() / "sts").iterdir()):
        yield from ((folder.name, exam) for exam in find_exams(folder, recipe))


def _digital(cohorts: Sequence[Path], recipe: TrainingRecipe) -> Iterator[tuple[str, TrainingExam]]:
    """The name and the first exam of each patient, if it has a lesion."""
    for cohort in cohorts:
        for folder in sorted(cohort.glob("patient-*")):
            exam = find_exams(folder, recipe)[0]
            if exam.load().truth.any():
                yield folder.name, exam


def _images(loaded: LoadedExam) -> dict[str, Any]:
    """PT, CT and labels by the names of their files."""
    pet, ct = loaded.channels["PT"], loaded.channels["CT"]
    return {
        "PT": to_sitk(pet.array, pet.geometry),
        "CT": to_sitk(ct.array, ct.geometry),
        "labels": to_sitk(loaded.truth, pet.geometry),
    }


def cropped(images: dict[str, Any], magnified: float) -> dict[str, Any]:
    """Images 5 cm around the largest lesion, after all lengths were multiplied."""
    for image in images.values():
        image.SetSpacing([magnified * side for side in image.GetSpacing()])
        image.SetOrigin([magnified * at for at in image.GetOrigin()])
    labels = images["labels"]
    shape = SimpleITK.LabelShapeStatisticsImageFilter()
    shape.Execute(SimpleITK.ConnectedComponent(labels > 0))
    first, size = np.split(np.asarray(shape.GetBoundingBox(max(shape.GetLabels(), key=shape.GetNumberOfPixels))), 2)
    ends = (first.astype(float) - 0.5, (first + size).astype(float) - 0.5)
    low, high = (np.asarray(labels.TransformContinuousIndexToPhysicalPoint(end.tolist())) for end in ends)
    return {name: _between(image, low - _AROUND_MM, high + _AROUND_MM) for name, image in images.items()}


def _between(image: Any, low_mm: Triple, high_mm: Triple) -> Any:
    """The voxels between two corners, as far as the image goes."""
    corners = (image.TransformPhysicalPointToContinuousIndex(corner.tolist()) for corner in (low_mm, high_mm))
    first, last = (np.clip(np.round(corner), 0, np.asarray(image.GetSize())).astype(int) for corner in corners)
    return SimpleITK.RegionOfInterest(image, (last - first).tolist(), first.tolist())


def moved(image: Any, cut_mm: Triple, air_mm: Triple, outside: float) -> Any:
    """An image less what is cut off low and high along (x, y, z), and with air added there."""
    spacing = np.asarray(image.GetSpacing())
    low, high = (np.floor(each / spacing).astype(int).tolist() for each in cut_mm)
    kept = SimpleITK.Crop(image, low, high)
    low, high = (np.ceil(each / spacing).astype(int).tolist() for each in air_mm)
    return SimpleITK.ConstantPad(kept, low, high, outside)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(each) for each in sys.argv[2:]])
