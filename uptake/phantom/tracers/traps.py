"""Physiological uptake that looks like disease: what there is, how often, and how hot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from uptake.phantom.tracers.radionuclides import radiopharmaceutical
from uptake.phantom.tracers.tables import table


@dataclass(frozen=True, slots=True)
class Trap:
    """A physiological variant.

    Parameters
    ----------
    name, tracers, sex
        What it is called, where it occurs, and in whom (empty: in both sexes).
    materials
        Whose uptake it raises.
    low, high
        Range of the SUV there before any blur, g/ml.
    probability
        Share of exams that show it.
    """

    name: str
    tracers: tuple[str, ...]
    sex: str
    materials: tuple[str, ...]
    low: float
    high: float
    probability: float


def traps() -> tuple[Trap, ...]:
    """All of ``traps.csv``, with each row's source beside it there."""
    return tuple(
        Trap(
            name=row["name"],
            tracers=tuple(row["tracers"].split()),
            sex=row["sex"],
            materials=tuple(row["materials"].split()),
            low=float(row["low"]),
            high=float(row["high"]),
            probability=float(row["probability"]),
        )
        for row in table("traps")
    )


def trap(name: str, tracer_name: str) -> Trap:
    """The trap of that name.

    Raises
    ------
    ValueError
        If there is none, or it does not occur with the tracer.
    """
    for each in traps():
        if each.name == name and tracer_name in each.tracers:
            return each
    raise ValueError(f"{tracer_name} has no physiological trap named {name}")


def draw_traps(tracer_name: str, sex: str, rng: np.random.Generator) -> tuple[str, ...]:
    """Names of the traps that one exam shows, each by its own probability.

    Parameters
    ----------
    tracer_name
        ``fdg``, ``psma-11`` or ``psma-1007``.
    sex
        ``M`` or ``F``.

    Raises
    ------
    ValueError
        If there is no such tracer.
    """
    radiopharmaceutical(tracer_name)
    possible = [each for each in traps() if tracer_name in each.tracers and each.sex in ("", sex)]
    draws = rng.random(len(possible))
    return tuple(each.name for each, draw in zip(possible, draws, strict=True) if draw < each.probability)
