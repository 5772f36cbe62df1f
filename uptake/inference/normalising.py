"""A channel's values in the range that its network was trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uptake.inference.model_store.input_channels import Normalisation

_LEAST_DIVISOR = 1e-8


def normalise(array: NDArray[np.float32], how: Normalisation, nonzero: NDArray[np.bool_] | None = None) -> None:
    """Normalise one channel in place.

    Parameters
    ----------
    array
        float32 (z, y, x) of the whole (cropped) image; overwritten.
    how
        Clipping, then the kind.
    nonzero
        What ``nonzero_only`` is about: voxels at which a channel differs from 0, holes filled.

    Raises
    ------
    ValueError
        If ``nonzero_only`` is wanted without a mask.

    References
    ----------
    nnU-Net v2, ``default_normalization_schemes``: ZScoreNormalization, CTNormalization, RescaleTo01Normalization.
    """
    if how.clip is not None:
        np.clip(array, *how.clip, out=array)
    if how.kind == "fixed":
        array -= np.float32(how.mean)
        array /= np.float32(max(how.sd, _LEAST_DIVISOR))
    elif how.kind == "min-max":
        array -= array.min()
        array /= max(array.max(), np.float32(_LEAST_DIVISOR))
        if how.power != 1.0:
            np.power(array, np.float32(how.power), out=array)
    elif how.kind == "z-score" and not how.nonzero_only:
        mean, sd = array.mean(), array.std()
        array -= mean
        array /= max(sd, np.float32(_LEAST_DIVISOR))
    elif how.kind == "z-score":
        if nonzero is None:
            raise ValueError("a normalisation of the voxels other than 0 needs their mask")
        inside = array[nonzero]
        if inside.size:
            array[nonzero] = (inside - inside.mean()) / max(inside.std(), np.float32(_LEAST_DIVISOR))
