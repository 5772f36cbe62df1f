"""Total lesion glycolysis."""

from __future__ import annotations


def tlg_g(volume_ml: float, suv_mean: float) -> float:
    """Total lesion glycolysis in grams: MTV in millilitres x SUVmean in g/ml.

    References
    ----------
    Larson et al., Clin Positron Imaging 1999, 2:159-171. Moreau et al., Cancers 2022, section 2.4.
    """
    return volume_ml * suv_mean
