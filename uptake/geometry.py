"""Where voxels lie in the patient: the one place that knows about axes and millimetres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = tuple[float, float, float]
Axes = tuple[Vector, Vector, Vector]

IDENTITY_AXES: Axes = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
_UNIT_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class ImageGeometry:
    """The grid of a ``(z, y, x)`` array in DICOM's LPS patient coordinates.

    Parameters
    ----------
    shape
        Voxels along z, y, x.
    spacing_mm
        Distance between voxel centres along z, y, x, in millimetres.
    origin_mm
        LPS position ``(x, y, z)`` of the centre of voxel ``[0, 0, 0]``, in millimetres.
    axes
        ``axes[i]`` is the LPS unit vector ``(x, y, z)`` along which array axis ``i`` runs. For a usual axial
        head-first supine exam this is ``IDENTITY_AXES``: z to the head, y to the back, x to the left.

    Raises
    ------
    ValueError
        If a size is not positive, or the axes are not orthonormal and right-handed.

    References
    ----------
    DICOM PS3.3 C.7.6.2.1.1 (Image Position and Image Orientation).
    """

    shape: tuple[int, int, int]
    spacing_mm: Vector
    origin_mm: Vector
    axes: Axes = IDENTITY_AXES

    def __post_init__(self) -> None:
        if len(self.shape) != 3 or min(self.shape) < 1:
            raise ValueError(f"a geometry needs three positive sizes, not {self.shape}")
        if not all(np.isfinite(self.spacing_mm)) or min(self.spacing_mm) <= 0:
            raise ValueError(f"voxel spacing must be positive, not {self.spacing_mm}")
        matrix = np.asarray(self.axes)
        if not np.allclose(matrix @ matrix.T, np.eye(3), atol=_UNIT_TOLERANCE):
            raise ValueError("image axes must be unit vectors at right angles")
        # Array order is (z, y, x), so a right-handed grid has x cross y = z.
        if np.dot(np.cross(matrix[2], matrix[1]), matrix[0]) < 0:
            raise ValueError("image axes must be right-handed")

    @property
    def voxel_volume_ml(self) -> float:
        """Volume of one voxel in millilitres."""
        return float(np.prod(self.spacing_mm)) / 1000.0

    @property
    def step_mm(self) -> NDArray[np.float64]:
        """3 x 3 matrix whose row ``i`` is the LPS step in millimetres of one voxel along array axis ``i``."""
        step: NDArray[np.float64] = np.asarray(self.axes, dtype=np.float64) * np.asarray(self.spacing_mm)[:, None]
        return step

    def position_mm(self, index: ArrayLike) -> NDArray[np.float64]:
        """LPS position ``(..., 3)`` in millimetres of array indices ``(..., 3)`` given as z, y, x."""
        offset = np.asarray(index, dtype=np.float64) @ self.step_mm
        position: NDArray[np.float64] = np.asarray(self.origin_mm) + offset
        return position

    def index(self, position_mm: ArrayLike) -> NDArray[np.float64]:
        """Fractional array indices ``(..., 3)`` as z, y, x of LPS positions ``(..., 3)`` in millimetres."""
        offset = np.asarray(position_mm, dtype=np.float64) - np.asarray(self.origin_mm)
        return np.asarray(offset @ np.linalg.inv(self.step_mm))

    def same_grid(self, other: ImageGeometry, tolerance_mm: float = 0.01) -> bool:
        """Whether every voxel of both grids coincides within ``tolerance_mm``."""
        if self.shape != other.shape:
            return False
        corners = np.array(np.meshgrid(*[(0, n - 1) for n in self.shape], indexing="ij")).reshape(3, -1).T
        return bool(np.allclose(self.position_mm(corners), other.position_mm(corners), atol=tolerance_mm))

    def to_canonical(self) -> tuple[tuple[int, int, int], tuple[bool, bool, bool]]:
        """How to turn an array so that z runs to the head, y to the back and x to the left.

        Returns
        -------
        order
            Argument for ``numpy.transpose``.
        flipped
            For each axis after the transposition, whether it must be reversed. Oblique grids get the nearest axes.
        """
        closeness = np.abs(np.asarray(self.axes))[:, ::-1]  # column j: patient z, y, x
        remaining = {0, 1, 2}
        order: list[int] = []
        for patient_axis in range(3):
            best = max(remaining, key=lambda axis: float(closeness[axis, patient_axis]))
            order.append(best)
            remaining.discard(best)
        flipped = tuple(self.axes[axis][2 - patient_axis] < 0 for patient_axis, axis in enumerate(order))
        return (order[0], order[1], order[2]), (flipped[0], flipped[1], flipped[2])

    def canonical(self) -> ImageGeometry:
        """The geometry of an array after ``to_canonical`` was applied to it."""
        order, flipped = self.to_canonical()
        corner = [0, 0, 0]
        axes: list[Vector] = []
        for new_axis, old_axis in enumerate(order):
            x, y, z = self.axes[old_axis]
            if flipped[new_axis]:
                corner[old_axis] = self.shape[old_axis] - 1
                x, y, z = -x, -y, -z
            axes.append((x, y, z))
        origin = self.position_mm(corner)
        return ImageGeometry(
            shape=(self.shape[order[0]], self.shape[order[1]], self.shape[order[2]]),
            spacing_mm=(self.spacing_mm[order[0]], self.spacing_mm[order[1]], self.spacing_mm[order[2]]),
            origin_mm=(float(origin[0]), float(origin[1]), float(origin[2])),
            axes=(axes[0], axes[1], axes[2]),
        )
