"""Lesions as they are wanted in an image, and the plan that gives them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from math import exp

import numpy as np

from uptake.geometry import Vector
from uptake.phantom.disease.placement import Atlas, Sphere
from uptake.phantom.disease.recovery import blur_sigma_mm, radius_of, recovery
from uptake.phantom.disease.sites import site
from uptake.phantom.plan import LesionPlan, ScannerPlan

_REDRAWS = 20
_LEAST_RECOVERY = 0.35
_MOST_SUV = 70.0
_HU = {"node": (30.0, 60.0), "primary": (40.0, 65.0), "liver": (30.0, 50.0), "lung": (10.0, 45.0)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One lesion of one exam by what its image is to show.

    Parameters
    ----------
    identity, site, kind, fate, parents
        As in ``LesionPlan``.
    volume_ml
        Its core included.
    level_suv
        What the noise-free image is to show: midway between its maximum and its 1 ml peak, g/ml.
    centre_mm, shape, rotation_deg
        Body coordinates; half axes relative to a ball's (product 1); angles.
    core
        Share of the half axes that is necrotic.
    seed
        Of the surface.
    """

    identity: str
    site: str
    kind: str
    volume_ml: float
    level_suv: float
    centre_mm: Vector
    shape: Vector
    rotation_deg: Vector
    seed: int
    core: float = 0.0
    hu: float | None = None
    fate: str = "baseline"
    parents: tuple[str, ...] = ()

    @property
    def reach_mm(self) -> float:
        """Largest half axis."""
        return radius_of(self.volume_ml) * max(self.shape)


@dataclass(frozen=True, slots=True)
class Spread:
    """A lognormal quantity within bounds."""

    median: float
    spread: float
    low: float
    high: float

    def draw(self, rng: np.random.Generator, least: float = 0.0) -> float:
        """One value; ``least`` narrows the bounds from below."""
        for _ in range(_REDRAWS):
            value = self.median * exp(self.spread * rng.standard_normal())
            if value >= least:
                return float(min(max(value, self.low), self.high))
        # So rare a size is not worth more draws, but must not come out the same each time either.
        return float(least * rng.uniform(1.0, 1.3))


class LesionSet:
    """The lesions of one person, as they find room one after another.

    Parameters
    ----------
    atlas
        The person's anatomy.
    rng
        Source of all draws.
    lesions
        Those that are there.
    """

    def __init__(self, atlas: Atlas, rng: np.random.Generator, lesions: Sequence[Wanted] = ()) -> None:
        self.atlas = atlas
        self.rng = rng
        self.lesions = list(lesions)
        self.numbered = len(self.lesions)

    def add(self, where: str, kind: str, volume_ml: float, level_suv: float) -> Wanted | None:
        """A new lesion at a site, smaller where only that fits; None where there is no room."""
        shape, rotation = self._shape()
        for share in (1.0, 0.7, 0.5):
            reach = radius_of(volume_ml * share) * max(shape)
            centre = self.atlas.place(site(where), reach, self.rng, self.taken())
            if centre is not None:
                return self._keep(where, kind, volume_ml * share, level_suv, (centre, shape, rotation))
        return None

    def add_beside(
        self, neighbour: Wanted, where: str, volume_ml: float, level_suv: float, gap_mm: float
    ) -> Wanted | None:
        """A node beside a lesion, towards a station; a negative gap touches it. None where another lesion lies."""
        shape, rotation = self._shape()
        start = np.asarray(neighbour.centre_mm)
        way = np.asarray(site(where).anchor_mm) - start
        length = float(np.linalg.norm(way))
        way = way / length if length > 1.0 else np.array([0.0, 0.0, -1.0])
        step = (radius_of(neighbour.volume_ml) + radius_of(volume_ml) + gap_mm) / self.atlas.shrink
        x, y, z = (start + way * step).tolist()
        for each in self.lesions:
            apart = float(np.linalg.norm(start + way * step - np.asarray(each.centre_mm))) * self.atlas.shrink
            if each is not neighbour and apart < each.reach_mm + radius_of(volume_ml) + 4.0:
                return None
        return self._keep(where, "node", volume_ml, level_suv, ((x, y, z), shape, rotation))

    def taken(self) -> list[Sphere]:
        """Centres and radii of the lesions that are there."""
        return [(each.centre_mm, each.reach_mm) for each in self.lesions]

    def replace(self, old: Wanted, new: Wanted) -> Wanted:
        """Put one lesion in the place of another."""
        self.lesions[self.lesions.index(old)] = new
        return new

    def _keep(
        self, where: str, kind: str, volume_ml: float, level_suv: float, place: tuple[Vector, Vector, Vector]
    ) -> Wanted:
        self.numbered += 1
        low, high = _HU.get(kind, (0.0, 0.0))
        hu = float(self.rng.uniform(low, high)) if high else None
        seed = int(self.rng.integers(2**31))
        lesion = Wanted(f"L{self.numbered:02d}", where, kind, volume_ml, level_suv, *place, seed=seed, hu=hu)
        self.lesions.append(lesion)
        return lesion

    def _shape(self) -> tuple[Vector, Vector]:
        a, b = np.exp(np.clip(self.rng.normal(0.0, 0.12, 2), -0.2, 0.2)).tolist()
        x, y, z = self.rng.uniform(-60.0, 60.0, 3).tolist()
        return (a, b, 1.0 / (a * b)), (x, y, z)


def lesion_plan(wanted: Wanted, atlas: Atlas, scanner: ScannerPlan, breath_mm: float, core_suv: float) -> LesionPlan:
    """The lesion to paint so that the blurred image shows what is wanted."""
    sigma = blur_sigma_mm(scanner, wanted.centre_mm, breath_mm)
    left = recovery(wanted.volume_ml, sigma)
    share = max((left.maximum + left.peak) / 2, _LEAST_RECOVERY)
    around = atlas.background(wanted.centre_mm, wanted.reach_mm)
    suv = min(max(around + (wanted.level_suv - around) / share, 0.05), _MOST_SUV)
    radius = radius_of(wanted.volume_ml)
    x, y, z = (radius * axis for axis in wanted.shape)
    return LesionPlan(
        identity=wanted.identity,
        site=wanted.site,
        kind=wanted.kind,
        centre_mm=wanted.centre_mm,
        half_axes_mm=(x, y, z),
        rotation_deg=wanted.rotation_deg,
        roughness_mm=min(0.08 * radius, 1.5),
        seed=wanted.seed,
        suv=suv,
        core=wanted.core,
        core_suv=core_suv if wanted.core else 0.0,
        hu=wanted.hu,
        fate=wanted.fate,
        parents=wanted.parents,
    )


def with_core(lesion: Wanted, rng: np.random.Generator) -> Wanted:
    """The lesion with a necrotic centre."""
    return replace(lesion, core=float(rng.uniform(0.5, 0.68)))


@lru_cache(maxsize=32)
def size_of(name: str, institution: str) -> Spread:
    """Lesion volumes in ml of a kind of disease at a site: ``sizes.csv``."""
    return _spread("sizes.csv", f"{name} {institution}", "ml")


@lru_cache(maxsize=32)
def level_of(name: str) -> Spread:
    """Lesion uptake in g/ml of a kind of disease: ``levels.csv``."""
    return _spread("levels.csv", name, "suv")


def _spread(table: str, name: str, unit: str) -> Spread:
    text = files("uptake.phantom.disease").joinpath(table).read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        if row["name"] == name:
            return Spread(*(float(row[key]) for key in (f"median_{unit}", "spread", f"low_{unit}", f"high_{unit}")))
    raise ValueError(f"{table} has no row {name!r}")
