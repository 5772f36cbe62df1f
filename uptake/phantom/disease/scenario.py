"""A pattern of disease, its course, and the categories it is to give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Course:
    """From the first exam's lesions to the second's.

    Parameters
    ----------
    level, volume
        Factor on every lesion's uptake and volume, drawn once for all (each lesion strays by 2 %).
    resolved
        Share of the lesions that vanish (not the hottest, unless it is 1).
    target
        Uptake of the hottest lesion in the second exam: ``blood`` (below the blood pool), ``between`` (above it, below
        the liver), ``moderate`` (above the liver), or empty where ``level`` says it.
    residual
        With ``resolved`` 1: lesions may stay with less uptake than the blood pool instead of vanishing.
    new, new_level
        How many lesions appear, and their uptake as a share of the second exam's hottest lesion.
    """

    level: Range = (1.0, 1.0)
    volume: Range = (1.0, 1.0)
    resolved: float = 0.0
    target: str = ""
    residual: bool = False
    new: tuple[int, int] = (0, 0)
    new_level: Range = (0.5, 0.75)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A pattern of disease and its course.

    Parameters
    ----------
    name
        Unique within its system.
    disease
        ``head-neck``, ``breast``, ``prostate`` or ``lymphoma``.
    intended
        Category by criterion; ``pbi`` and ``pli`` are left out of a patient without bone or liver lesions.
    weight
        How often it is drawn, relative to the others.
    course
        None: one exam.
    hottest
        Uptake of the hottest lesion of the first exam in multiples of the liver's (FDG).
    largest_ml
        Least volume of that lesion.
    comparison
        ``same``, ``other scanner`` or ``late`` (another uptake time).
    borderline
        Drawn only where measurements near a cut-off are asked for.
    """

    name: str
    disease: str
    intended: Mapping[str, str] = field(default_factory=dict)
    weight: float = 1.0
    course: Course | None = None
    hottest: Range = (3.5, 5.5)
    largest_ml: float = 8.0
    comparison: str = "same"
    borderline: bool = False
