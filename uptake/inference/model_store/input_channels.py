"""What a network reads: its channels, their units, and how their values are normalised."""

from __future__ import annotations

import math
from dataclasses import dataclass

# Kind of channel -> unit. PRIOR_*: the baseline exam, registered to this one (Moreau 2022).
UNITS = {"PT": "g/ml", "CT": "HU", "PRIOR_PT": "g/ml", "PRIOR_CT": "HU", "PRIOR_LESIONS": "1"}
NORMALISATIONS = ("none", "fixed", "z-score", "min-max")


@dataclass(frozen=True, slots=True)
class Normalisation:
    """How a channel's values are brought to the network's range, over the whole (cropped) image.

    Parameters
    ----------
    kind
        ``none``; ``fixed``: subtract ``mean``, divide by ``sd`` (nnU-Net's CTNormalization); ``z-score``: the same
        with the image's own mean and standard deviation (its ZScoreNormalization); ``min-max``: the image's own
        least value becomes 0 and its greatest 1 (Nikulin 2023; nnU-Net's RescaleTo01Normalization).
    clip
        Lowest and highest value kept, in the channel's unit, before all else; None for no clipping.
    mean, sd
        Used by ``fixed`` alone.
    nonzero_only
        ``z-score`` from voxels other than 0, which are the only ones changed (nnU-Net's ``use_mask_for_norm``).
    power
        Of ``min-max``: what the values from 0 to 1 are raised to; below 1 it spreads the low ones.
    """

    kind: str = "none"
    clip: tuple[float, float] | None = None
    mean: float = 0.0
    sd: float = 1.0
    nonzero_only: bool = False
    power: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in NORMALISATIONS:
            raise ValueError(f"normalisation {self.kind!r} is unknown; known are {', '.join(NORMALISATIONS)}")
        if self.clip is not None and not (all(map(math.isfinite, self.clip)) and self.clip[0] < self.clip[1]):
            raise ValueError("a normalisation's clip must be two finite numbers, the lower first")
        if not (math.isfinite(self.mean) and math.isfinite(self.sd) and self.sd > 0):
            raise ValueError("a normalisation's mean must be finite and its sd positive")
        if self.kind != "fixed" and (self.mean, self.sd) != (0.0, 1.0):
            raise ValueError(f"normalisation {self.kind!r} takes no mean and sd")
        if self.nonzero_only and self.kind != "z-score":
            raise ValueError(f"normalisation {self.kind!r} takes no nonzero_only")
        if not 0.1 <= self.power <= 10.0:
            raise ValueError("a normalisation's power must be between 0.1 and 10")
        if self.power != 1.0 and self.kind != "min-max":
            raise ValueError(f"normalisation {self.kind!r} takes no power")


@dataclass(frozen=True, slots=True)
class InputChannel:
    """One channel: its name, kind (``PT``, ``CT`` or ``PRIOR_…``), unit, and normalisation."""

    name: str
    kind: str
    unit: str
    normalisation: Normalisation

    def __post_init__(self) -> None:
        if self.kind not in UNITS:
            raise ValueError(f"input kind {self.kind!r} is unknown; known are {', '.join(UNITS)}")
        if self.unit != UNITS[self.kind]:
            raise ValueError(f"input {self.name!r} of kind {self.kind} must be in {UNITS[self.kind]}, not {self.unit}")
