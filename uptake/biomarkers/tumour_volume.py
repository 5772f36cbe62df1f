"""Metabolic tumour volume."""

from __future__ import annotations

from uptake.geometry import ImageGeometry


def mtv_ml(voxels: int, geometry: ImageGeometry) -> float:
    """Metabolic tumour volume in millilitres of a region of ``voxels`` voxels."""
    return voxels * geometry.voxel_volume_ml
