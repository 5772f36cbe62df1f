"""The file of an answer: uint8, on the requested series' grid, in the order of its voxels."""

from __future__ import annotations

import tempfile
from pathlib import Path

import SimpleITK

from apps.monai_label.infers.placed_labels import PlacedLabels
from uptake.errors import OutputFailed
from uptake.registration.resampling import to_sitk

_FASTEST = 1


def write_labels(labels: PlacedLabels, extension: str, folder: Path | None = None, *, compressed: bool = False) -> Path:
    """Write ``.nii``, ``.nii.gz`` or ``.nrrd`` (for OHIF, raw unless ``compressed``) under a name that nobody knows.

    Parameters
    ----------
    folder
        Where; the system's for temporary files if None. Whoever asked removes the file.

    Raises
    ------
    OutputFailed
        If it cannot be written; nothing is left.
    """
    try:
        with tempfile.NamedTemporaryFile(prefix="label-", suffix=extension, dir=folder, delete=False) as file:
            path = Path(file.name)
    except OSError as error:
        raise OutputFailed(f"The label's file cannot be made: {error.strerror}.") from error
    try:
        image = to_sitk(labels.whole(), labels.grid)
        SimpleITK.WriteImage(image, str(path), compressed or extension == ".nii.gz", _FASTEST)
    except RuntimeError as error:
        path.unlink(missing_ok=True)
        raise OutputFailed("The label's file cannot be written: is the disk full?") from error
    return path
