"""Real tumours of $UPTAKE_DATA/sts moved off the middle: NIfTI exams to train and test the two-class recipe on.

    python -m benchmarks.studies.sarcomas build/sarcomas

The images are cropped 5 cm around the tumour, so their middle gives it away. Of each side's 5 cm up to 4 are cut off by
chance, and up to 6 cm of air are added, the same on every run. PET, CT and contours keep their own voxels.
"""

from __future__ import annotations

import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from benchmarks.studies._realism_exams import data_folder
from uptake.registration.resampling import to_sitk
from uptake.training.exam_folder import find_exams
from uptake.training.recipe import find_recipe
from uptake.volume import AIR_HU

RECIPE = Path("models/head_neck_mtv/configs/sts_small.json")
_CUT_MM, _AIR_MM = 40.0, 60.0


def main(out: Path) -> None:
    """Write one folder per patient."""
    sarcomas = data_folder() / "sts"
    recipe = find_recipe(str(RECIPE), "small", Path("models"))
    for folder in sorted(sarcomas.iterdir()):
        for exam in find_exams(folder, recipe):
            loaded = exam.load()
            random = np.random.default_rng(zlib.crc32(folder.name.encode()))
            cut_mm = random.uniform(0.0, _CUT_MM, (2, 3))
            air_mm = random.uniform(0.0, _AIR_MM, (2, 3))
            place = out / folder.name
            place.mkdir(parents=True, exist_ok=True)
            pet, ct = loaded.channels["PT"], loaded.channels["CT"]
            parts = (("PT", pet, pet.array, 0.0), ("CT", ct, ct.array, AIR_HU), ("labels", pet, loaded.truth, 0))
            for name, volume, array, outside in parts:
                image = moved(to_sitk(array, volume.geometry), cut_mm, air_mm, outside)
                SimpleITK.WriteImage(image, str(place / f"{name}.nii.gz"))
            print(f"{folder.name}: {int((loaded.truth > 0).sum())} voxels of tumour")


def moved(image: Any, cut_mm: NDArray[np.float64], air_mm: NDArray[np.float64], outside: float) -> Any:
    """An image less what is cut off low and high along (x, y, z), and with air added there."""
    spacing = np.asarray(image.GetSpacing())
    low, high = (np.floor(each / spacing).astype(int).tolist() for each in cut_mm)
    kept = SimpleITK.Crop(image, low, high)
    low, high = (np.ceil(each / spacing).astype(int).tolist() for each in air_mm)
    return SimpleITK.ConstantPad(kept, low, high, outside)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
