"""A person's uptake, organ by organ: drawn within the published ranges, moved on with time and body weight."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log, sqrt
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from uptake.phantom.body.parts import Part
from uptake.phantom.plan import BodyPlan, TracerPlan
from uptake.phantom.tracers.radionuclides import radiopharmaceutical
from uptake.phantom.tracers.tables import table
from uptake.phantom.tracers.traps import trap

_REFERENCE_S = 3600.0
_HOUR_S = 3600.0
# low and high of the tables lie this many standard deviations from the middle; nobody lies more than _FARTHEST away.
_RANGE = 1.5
_FARTHEST = 2.0
# How much of the variance all organs of a person share, and how much of it left and right organs do.
_PERSON_SHARE = 0.25
_PAIR_SHARE = 0.9
_TRAP_SPREAD = 0.08
_REFERENCE_BODY_MASS_INDEX = 24.0
# SUV of these does not rise with body fat: it is excreted, or is fat itself.
_NOT_BY_WEIGHT = frozenset({"fat", "skin", "urine", "renal_pelvis", "bowel_gas", "brown_fat"})


def part_uptake(tracer: TracerPlan, body: BodyPlan, parts: Sequence[Part]) -> NDArray[np.float32]:
    """SUV of each part before any blur.

    Parameters
    ----------
    tracer
        Its seed fixes the person's own uptake; the time of uptake, the traps and the scale change it.
    body
        FDG in normal tissue rises with body fat.
    parts
        In any order.

    Returns
    -------
    NDArray[float32]
        Body-weight SUV, g/ml, one per part.

    Raises
    ------
    ValueError
        If the tracer or one of its traps is unknown, or a part's material is not in the tracer's table.

    References
    ----------
    The ``source`` columns of the tables in this package.
    """
    by_material = material_uptake(tracer, body)
    try:
        return np.array([by_material[part.material] for part in parts], np.float32)
    except KeyError as missing:
        raise ValueError(f"{tracer.name} has no uptake for material {missing}") from None


def material_uptake(tracer: TracerPlan, body: BodyPlan) -> dict[str, float]:
    """SUV before any blur by material; see ``part_uptake``."""
    radiopharmaceutical(tracer.name)
    later_h = (tracer.uptake_s - _REFERENCE_S) / _HOUR_S
    person = _normal(tracer.seed, "person")
    uptake: dict[str, float] = {}
    for row in table(tracer.name):
        material, low, high = row["material"], float(row["low"]), float(row["high"])
        value = _between(low, high, _deviation(tracer.seed, material, person)) if high > 0 else 0.0
        uptake[material] = value * (1 + float(row["change_per_hour"])) ** later_h
    for name in tracer.traps:
        _set_trap(uptake, tracer, name)
    factor = fat_factor(body) if tracer.name == "fdg" else 1.0
    for material in uptake:
        by_weight = 1.0 if material in _NOT_BY_WEIGHT else factor
        uptake[material] *= by_weight * tracer.scale.get(material, 1.0)
    return uptake


def fat_factor(body: BodyPlan) -> float:
    """How much higher a person's body-weight SUV of FDG is than that of someone of normal weight (BMI 24), same sex.

    SUL with Janmahasatian's lean body mass hardly depends on weight, so SUV follows weight over lean body mass.

    References
    ----------
    Tahari AK et al., J Nucl Med 2014;55:1481-1484 (SUV rises with weight, SUL by Janmahasatian hardly does);
    Kim CK et al., J Nucl Med 1994;35:164-167.
    """
    slope, intercept = (216.0, 6680.0) if body.sex == "M" else (244.0, 8780.0)
    body_mass_index = body.weight_kg / body.height_m**2
    return (intercept + slope * body_mass_index) / (intercept + slope * _REFERENCE_BODY_MASS_INDEX)


def _set_trap(uptake: dict[str, float], tracer: TracerPlan, name: str) -> None:
    chosen = trap(name, tracer.name)
    hot = _between(chosen.low, chosen.high, _normal(tracer.seed, f"trap {name}"))
    for material in chosen.materials:
        own = exp(_TRAP_SPREAD * _normal(tracer.seed, f"trap {name} {material}"))
        uptake[material] = max(uptake[material], hot * own)


def _deviation(seed: int, material: str, person: float) -> float:
    """Standard deviations from the middle: shared by all organs in part, and nearly wholly by both sides of a pair."""
    organ, _, side = material.rpartition("_")
    own = _normal(seed, material)
    if side in ("right", "left"):
        own = sqrt(_PAIR_SHARE) * _normal(seed, organ) + sqrt(1 - _PAIR_SHARE) * own
    return sqrt(_PERSON_SHARE) * person + sqrt(1 - _PERSON_SHARE) * own


def _between(low: float, high: float, deviation: float) -> float:
    """Lognormal about the geometric middle of a range."""
    limited = min(max(deviation, -_FARTHEST), _FARTHEST)
    return sqrt(low * high) * exp(log(high / low) / 2 * limited / _RANGE)


def _normal(seed: int, name: str) -> float:
    """A standard normal number of its own for each name, so that a new row changes no other."""
    return float(np.random.default_rng((seed, crc32(name.encode()))).standard_normal())
