"""A person's build: what the parts of the body draw their sizes and places from."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from zlib import crc32

import numpy as np

from uptake.geometry import Vector
from uptake.phantom.plan import BodyPlan

_WITHIN = 2.0


@dataclass(frozen=True, slots=True)
class Build:
    """Sex, fat and the person's own random draws; each name has its own stream, so that adding one changes no other.

    Parameters
    ----------
    seed
        Of the person.
    sex
        ``M`` or ``F``.
    fat_mm
        Thickness of the fat under the skin of the trunk's side; elsewhere in proportion.
    muscle
        Bulk of the limbs and the back, 1 for the reference adult.
    """

    seed: int
    sex: str
    fat_mm: float
    muscle: float

    def vary(self, name: str, spread: float) -> float:
        """A factor about 1 with the given relative spread (lognormal, at most two spreads away)."""
        return exp(spread * float(np.clip(self._stream(name).standard_normal(), -_WITHIN, _WITHIN)))

    def shift(self, name: str, spread_mm: float) -> Vector:
        """A displacement about 0 with the given spread along each axis, at most two spreads away."""
        x, y, z = (spread_mm * self._stream(name).standard_normal(3).clip(-_WITHIN, _WITHIN)).tolist()
        return x, y, z

    def _stream(self, name: str) -> np.random.Generator:
        return np.random.default_rng((self.seed, crc32(name.encode())))


def build_of(plan: BodyPlan) -> Build:
    """The build of a planned body.

    The fat under the skin grows faster than the body's share of fat (set so that painted bodies weigh what is planned).
    """
    fat = fat_percent(plan)
    lean_kg = plan.weight_kg * (1 - fat / 100)
    muscle = (lean_kg / plan.height_m**2) / (19.0 if plan.sex == "M" else 16.0)
    return Build(plan.seed, plan.sex, fat_mm=0.78 * fat * (fat / 35.0) ** 0.65, muscle=min(max(muscle, 0.8), 1.25))


def fat_percent(plan: BodyPlan) -> float:
    """A body's fat in per cent of its mass, by body mass index, age and sex, kept within 8 to 50.

    References
    ----------
    Deurenberg P et al., Br J Nutr 1991;65:105-114.
    """
    body_mass_index = plan.weight_kg / plan.height_m**2
    male = plan.sex == "M"
    return min(max(1.20 * body_mass_index + 0.23 * plan.age_y - 10.8 * male - 5.4, 8.0), 50.0)
