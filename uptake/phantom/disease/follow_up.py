"""What becomes of each lesion from one exam to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import asin, atan2, degrees, exp, sqrt

import numpy as np

from uptake.geometry import Vector
from uptake.phantom.disease.lesions import LesionSet, Wanted
from uptake.phantom.disease.recovery import radius_of
from uptake.phantom.disease.scenario import Course

_STRAY = 0.02
_SPLIT_ML = 6.0
_MERGE_GAP_MM = 24.0
_SHRUNK, _GROWN, _COOLED = 0.85, 1.2, 0.85

Appear = Callable[[LesionSet, int, float], Wanted | None]


@dataclass(frozen=True, slots=True)
class References:
    """Healthy uptake of the second exam, g/ml."""

    liver_suv: float
    blood_suv: float


def follow_up(
    baseline: tuple[Wanted, ...], course: Course, references: References, lesions: LesionSet, appear: Appear
) -> tuple[Wanted, ...]:
    """The lesions of the second exam; those that resolved are absent.

    Parameters
    ----------
    baseline
        Lesions of the first exam.
    course
        What is to happen.
    references
        What ``Course.target`` and residual uptake are relative to.
    lesions
        Holds the baseline's lesions, so that new ones keep clear of them.
    appear
        Makes the n-th new lesion with an uptake, or None where there is no room.
    """
    rng = lesions.rng
    kept = _Kept(course, references, lesions).of(baseline)
    kept = _merged(kept, lesions) if course.volume[0] > 1.3 else _split(kept, course, rng)
    hottest = max((each.level_suv for each in kept), default=0.0)
    count = int(rng.integers(course.new[0], course.new[1] + 1))
    new = []
    for number in range(count):
        level = hottest * float(rng.uniform(*course.new_level))
        if (found := appear(lesions, number, level)) is not None:
            new.append(replace(found, fate="new"))
    return (*kept, *new)


class _Kept:
    """Applies a course to one lesion after another."""

    def __init__(self, course: Course, references: References, lesions: LesionSet) -> None:
        self.course = course
        self.references = references
        self.lesions = lesions
        self.level = float(lesions.rng.uniform(*course.level))
        self.volume = float(lesions.rng.uniform(*course.volume))

    def of(self, baseline: tuple[Wanted, ...]) -> list[Wanted]:
        hottest = max(baseline, key=lambda each: each.level_suv, default=None)
        found = []
        for lesion in baseline:
            after = self._target(lesion) if lesion is hottest and self.course.target else self._other(lesion, hottest)
            if after is not None:
                found.append(replace(after, fate=_fate(lesion, after)))
        return found

    def _target(self, lesion: Wanted) -> Wanted:
        level = target_level(self.course.target, self.references)
        return replace(lesion, volume_ml=lesion.volume_ml * self.volume, level_suv=level)

    def _other(self, lesion: Wanted, hottest: Wanted | None) -> Wanted | None:
        rng, course = self.lesions.rng, self.course
        around = self.lesions.atlas.background(lesion.centre_mm, lesion.reach_mm)
        spared = lesion is hottest and course.resolved < 1.0
        if not spared and rng.random() < course.resolved:
            residual = 0.72 * min(self.references.blood_suv, self.references.liver_suv)
            if not (course.residual and around < 0.75 * residual and rng.random() < 0.4):
                return None
            return replace(lesion, volume_ml=lesion.volume_ml * self.volume, level_suv=residual)
        level = lesion.level_suv * self.level * exp(_STRAY * rng.standard_normal())
        if course.target:
            level = 0.8 * target_level(course.target, self.references)
            if around > 0.8 * level:
                return None
        volume = lesion.volume_ml * self.volume * exp(_STRAY * rng.standard_normal())
        return replace(lesion, volume_ml=volume, level_suv=max(level, 1.1 * around if self.level < 1.0 else level))


def target_level(target: str, references: References) -> float:
    """Uptake that a target word stands for, g/ml.

    Raises
    ------
    ValueError
        If the word is unknown.
    """
    liver, blood = references.liver_suv, references.blood_suv
    levels = {
        "blood": 0.74 * blood,
        "between": sqrt(liver * blood) * 0.98,
        "liver": 1.04 * liver,
        "moderate": 1.42 * liver,
    }
    if target not in levels:
        raise ValueError(f"no target {target!r}")
    return levels[target]


def _fate(before: Wanted, after: Wanted) -> str:
    volume, level = after.volume_ml / before.volume_ml, after.level_suv / before.level_suv
    if volume > _GROWN or (level > _GROWN and volume > 1.0):
        return "grown"
    if volume < _SHRUNK:
        return "smaller"
    return "cooler" if level < _COOLED else "stable"


def _split(kept: list[Wanted], course: Course, rng: np.random.Generator) -> list[Wanted]:
    """Where lesions shrink, one large node in three patients falls into two."""
    large = [each for each in kept if each.kind == "node" and each.volume_ml * 0.45 > _SPLIT_ML / 2]
    if course.volume[1] > 0.8 or course.target or not large or rng.random() > 0.33:
        return kept
    lesion = large[int(rng.integers(len(large)))]
    volume = lesion.volume_ml * 0.48
    angle = float(rng.uniform(0, 2 * np.pi))
    away = (radius_of(volume) * 1.15 + 3.5) * np.array([0.4 * np.cos(angle), 0.4 * np.sin(angle), 0.917])
    halves = []
    for letter, sign in (("a", 1.0), ("b", -1.0)):
        x, y, z = (np.asarray(lesion.centre_mm) + sign * away).tolist()
        halves.append(
            replace(
                lesion,
                identity=f"{lesion.identity}{letter}",
                centre_mm=(x, y, z),
                volume_ml=volume,
                shape=(1.0, 1.0, 1.0),
                fate="split",
                parents=(lesion.identity,),
            )
        )
    return [each for each in kept if each is not lesion] + halves


def _merged(kept: list[Wanted], lesions: LesionSet) -> list[Wanted]:
    """Where lesions grow, the two nearest nodes become one if little lies between them."""
    best: tuple[float, Wanted, Wanted] | None = None
    nodes = [each for each in kept if each.kind == "node"]
    for number, one in enumerate(nodes):
        for other in nodes[number + 1 :]:
            apart = float(np.linalg.norm(np.subtract(one.centre_mm, other.centre_mm))) * lesions.atlas.shrink
            gap = apart - radius_of(one.volume_ml) - radius_of(other.volume_ml)
            if best is None or gap < best[0]:
                best = (gap, one, other)
    if best is None or best[0] > _MERGE_GAP_MM / 4:
        return kept
    _, one, other = best
    first = one if one.level_suv >= other.level_suv else other
    volume = one.volume_ml + other.volume_ml
    middle = (np.asarray(one.centre_mm) * one.volume_ml + np.asarray(other.centre_mm) * other.volume_ml) / volume
    x, y, z = middle.tolist()
    whole = replace(
        first,
        identity=f"{first.identity}m",
        centre_mm=(x, y, z),
        volume_ml=volume,
        shape=(1.3, 0.877, 0.877),
        rotation_deg=_along(np.subtract(one.centre_mm, other.centre_mm)),
        fate="merged",
        parents=(one.identity, other.identity),
    )
    return [each for each in kept if each is not one and each is not other] + [whole]


def _along(direction: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Vector:
    """Angles that turn the x axis into a direction (about y, then z)."""
    x, y, z = (direction / np.linalg.norm(direction)).tolist()
    return 0.0, -degrees(asin(z)), degrees(atan2(y, x))
