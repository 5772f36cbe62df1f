"""How a network's volumes are sampled: the grid, the resampling on to it and back, the patches and their blending."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from uptake.inference.model_store.field_of_view import WHOLE, FieldOfView
from uptake.inference.tiling import overlap_by_axis

_FAST = 0.5

_CHOICES = {
    "placing": ("regular", "even"),
    "weights": ("gaussian", "constant"),
    "averaging": ("probabilities", "logits"),
    "centre": ("middle", "voxel"),
    "crop": ("none", "box", "rows"),
}
_PREPROCESSING_CHOICES = {
    "grid": ("spacing", "extent"),
    "crop": ("none", "nonzero"),
    "normalised": ("before", "after"),
    "orientation": ("LPS", "RAS"),
}


@dataclass(frozen=True, slots=True)
class Resampling:
    """Spline orders of a resampling.

    Parameters
    ----------
    order
        0 nearest, 1 linear, 3 cubic.
    order_between_slices
        The order along the axis of thick slices where slices are resampled on their own.
    separate_slices
        True, False, or None: where the voxels are more than three times as long along one axis (nnU-Net's rule).
    """

    order: int = 1
    order_between_slices: int = 0
    separate_slices: bool | None = False

    def __post_init__(self) -> None:
        if not {self.order, self.order_between_slices} <= {0, 1, 2, 3}:
            raise ValueError("a resampling's order must be 0, 1, 2 or 3")


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """The network's grid and the way to it and back.

    Parameters
    ----------
    spacing_mm
        Voxel size (z, y, x) in mm.
    image, probabilities
        Resampling of the input on to the grid, and of the answer back, before the class is chosen: of logits where
        logits are averaged (``Tiling.averaging``), else of probabilities.
    grid
        Over the extent of the exam's PET. ``spacing``: voxels of exactly ``spacing_mm``, as many as come nearest to the
        extent, about the same centre. ``extent``: as many, stretched to fill the extent exactly (nnU-Net).
    crop
        ``nonzero``: before all else, to the box of the voxels in which a channel differs from 0, its holes filled
        (nnU-Net). ``none``: the whole exam.
    normalised
        Whether values are normalised ``before`` the resampling (nnU-Net) or ``after`` it.
    orientation
        Where the arrays' axes x, y, z run to: ``LPS`` (left, back, head: DICOM) or ``RAS`` (right, front, head:
        networks trained on NIfTI files in that order).
    field_of_view
        The part that is shown to the network, cut out before all else; outside it the label is background.
    """

    spacing_mm: tuple[float, float, float]
    image: Resampling = Resampling()
    probabilities: Resampling = Resampling()
    grid: str = "spacing"
    crop: str = "none"
    normalised: str = "after"
    orientation: str = "LPS"
    field_of_view: FieldOfView = WHOLE

    def __post_init__(self) -> None:
        if len(self.spacing_mm) != 3 or not all(0.1 <= each <= 50.0 for each in self.spacing_mm):
            raise ValueError("spacing_mm must be three voxel sides (z, y, x) between 0.1 and 50 mm")
        _require_known(self, _PREPROCESSING_CHOICES)


@dataclass(frozen=True, slots=True)
class Tiling:
    """How the volume is cut in patches and the answers are blended; names as in ``SlidingWindowSettings``.

    Parameters
    ----------
    patch
        Voxels (z, y, x).
    overlap
        Least share of a patch's side that neighbours have in common, 0 to below 1; one, or one per axis.
    placing
        ``regular`` or ``even``.
    weights
        ``constant`` or ``gaussian``.
    fwhm
        Full width at half maximum of the Gaussian as a share of the patch's side: 1 by Nikulin 2023, ``NNUNET_FWHM``
        by nnU-Net. Without meaning for constant weights.
    weight_floor
        Least weight of a voxel.
    mirror_axes
        Axes (0 z, 1 y, 2 x) that the network was trained to be mirrored along.
    averaging
        ``probabilities`` or ``logits``: what is averaged over tiles, mirrored views and folds.
    centre
        Where the Gaussian has its peak: in the ``middle`` of the patch, or at the ``voxel`` that follows it where the
        side is even (nnU-Net).
    crop
        What tiles are laid over: the whole grid (``none``; as nnU-Net and MONAI do), the ``box`` around the body, or
        layer by layer and row by row (``rows``; fewest tiles). A network that normalises each tile by itself answers a
        little differently where its tiles lie elsewhere, so a model that was judged on one is best run on it.
    """

    patch: tuple[int, int, int]
    overlap: float | tuple[float, float, float] = 0.5
    placing: str = "regular"
    weights: str = "gaussian"
    fwhm: float = 1.0
    weight_floor: float = 1e-3
    mirror_axes: tuple[int, ...] = ()
    averaging: str = "probabilities"
    centre: str = "middle"
    crop: str = "none"

    def __post_init__(self) -> None:
        if len(self.patch) != 3 or not all(1 <= side <= 1024 for side in self.patch):
            raise ValueError("patch must be three sides (z, y, x) of 1 to 1024 voxels")
        shares = self.overlap if isinstance(self.overlap, tuple) else (self.overlap,) * 3
        object.__setattr__(self, "overlap", shares)
        if len(shares) != 3 or not all(0.0 <= share < 1.0 for share in shares):
            raise ValueError("overlap must be one or three shares of at least 0 and less than 1")
        _require_known(self, _CHOICES)
        if not 0.05 <= self.fwhm <= 10.0 or not 1e-30 <= self.weight_floor <= 1.0:
            raise ValueError("fwhm must be between 0.05 and 10, and weight_floor between 1e-30 and 1")
        if len(set(self.mirror_axes)) != len(self.mirror_axes) or not set(self.mirror_axes) <= {0, 1, 2}:
            raise ValueError("mirror_axes must be some of 0, 1, 2, each once")

    @property
    def fast_overlap(self) -> tuple[float, float, float]:
        """Shares for fewer patches: half a patch at most."""
        z, y, x = overlap_by_axis(self.overlap)
        return min(z, _FAST), min(y, _FAST), min(x, _FAST)


def _require_known(settings: object, choices: Mapping[str, tuple[str, ...]]) -> None:
    for name, known in choices.items():
        if getattr(settings, name) not in known:
            raise ValueError(f"{name} {getattr(settings, name)!r} is unknown; known are {', '.join(known)}")
