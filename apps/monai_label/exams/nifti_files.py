"""Volumes as NIfTI, for clients that know no DICOM."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import SimpleITK
from numpy.typing import NDArray

from uptake.geometry import ImageGeometry
from uptake.registration.resampling import to_sitk

_LEVEL = 1  # of gzip: PET and CT hardly shrink more, and a client waits


def write_nifti(array: NDArray[Any], geometry: ImageGeometry, path: Path) -> None:
    """Write a ``(z, y, x)`` array at its place in the patient; ``path`` ends in ``.nii`` or ``.nii.gz``.

    SimpleITK turns LPS into NIfTI's RAS.
    """
    writer = SimpleITK.ImageFileWriter()
    writer.SetImageIO("NiftiImageIO")
    writer.SetFileName(str(path))
    writer.SetUseCompression(path.name.endswith(".gz"))
    writer.SetCompressionLevel(_LEVEL)
    writer.Execute(to_sitk(array, geometry))
