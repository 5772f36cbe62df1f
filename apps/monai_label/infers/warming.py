"""What makes the first click as fast as the others."""

from __future__ import annotations

import numpy as np

from apps.monai_label.infers.growing import region_of_maximum
from apps.monai_label.infers.interactive import interactive_region
from uptake.geometry import ImageGeometry
from uptake.volume import SuvVolume


def warm_up() -> None:
    """Compile loops and import what is imported late, by two clicks into a small sphere; a second or two."""
    apart = np.sqrt(((np.indices((24, 24, 24)) - 12) ** 2).sum(axis=0))
    suv = np.maximum(8.0 - apart, 1.0).astype(np.float32)
    volume = SuvVolume(suv, ImageGeometry(suv.shape, (4.0, 4.0, 4.0), (0.0, 0.0, 0.0)))
    region_of_maximum(volume, (12, 12, 12), 0.41)
    interactive_region(volume, [(12, 12, 12)], [])
