"""Maximum-intensity projections of a PET with the projected shape of every lesion, in the patient's directions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from uptake.exam_result import ExamResult

View = Literal["coronal", "sagittal"]
# Canonical arrays run to the head (0), to the back (1) and to the left (2).
_RAY = {"coronal": 1, "sagittal": 2}
_ACROSS = {"coronal": 2, "sagittal": 1}


@dataclass(frozen=True, slots=True, eq=False)
class Shadow:
    """A lesion as a projection shows it.

    Parameters
    ----------
    label
        The lesion's number.
    mask
        bool ``(rows, columns)`` of the shadow and a rim of one empty pixel.
    corner
        Row and column of ``mask[0, 0]`` in the projection; may be -1 because of the rim.
    hottest_mm
        Where SUVmax is: across and up, in the projection's millimetres.
    """

    label: int
    mask: NDArray[np.bool_]
    corner: tuple[int, int]
    hottest_mm: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """The highest SUV along each ray, with the lesions' shadows.

    Parameters
    ----------
    view
        ``"coronal"`` (seen from the front: the patient's right is left in the picture) or ``"sagittal"`` (seen
        from the left: the front is left in the picture).
    image
        float32 ``(rows, columns)``, g/ml. Row 0 is nearest the feet.
    pixel_mm
        Height and width of a pixel.
    shadows
        One per lesion, in the findings' order.
    """

    view: View
    image: NDArray[np.float32]
    pixel_mm: tuple[float, float]
    shadows: tuple[Shadow, ...]

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height."""
        return self.image.shape[1] * self.pixel_mm[1], self.image.shape[0] * self.pixel_mm[0]


def project(result: ExamResult, view: View) -> Projection:
    """The maximum-intensity projection of an exam's SUV; oblique grids are shown along their nearest directions."""
    suv = result.prepared.suv
    grid = suv.geometry.canonical()
    image = _canonical(suv.array, result).max(axis=_RAY[view])
    pixel_mm = grid.spacing_mm[0], grid.spacing_mm[_ACROSS[view]]
    labels = _canonical(result.findings.labels.array, result)
    boxes = ndimage.find_objects(labels)
    shadows = []
    for lesion in result.findings.lesions:
        index = grid.index(lesion.max_position_mm)
        hottest_mm = (float(index[_ACROSS[view]] + 0.5) * pixel_mm[1], float(index[0] + 0.5) * pixel_mm[0])
        box = boxes[lesion.label - 1] if lesion.label <= len(boxes) else None
        if box is None:
            raise ValueError(f"lesion {lesion.label} has no voxel in the label map")
        mask = np.pad((labels[box] == lesion.label).any(axis=_RAY[view]), 1)
        corner = box[0].start - 1, box[_ACROSS[view]].start - 1
        shadows.append(Shadow(lesion.label, mask, corner, hottest_mm))
    return Projection(view, image, pixel_mm, tuple(shadows))


def _canonical(array: NDArray[Any], result: ExamResult) -> NDArray[Any]:
    """A view of the array that runs to the head, to the back and to the left."""
    order, flipped = result.prepared.suv.geometry.to_canonical()
    turned = array.transpose(order)
    return turned[tuple(slice(None, None, -1) if back else slice(None) for back in flipped)]
