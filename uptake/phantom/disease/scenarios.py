"""What can happen to a patient on purpose: per system, its scenarios."""

from __future__ import annotations

from uptake.phantom.disease.fdg_scenarios import BREAST, RESPONSE
from uptake.phantom.disease.scenario import Course, Scenario
from uptake.phantom.disease.staging_scenarios import HEAD_NECK, PSMA

__all__ = ["Course", "Scenario", "scenarios"]


def scenarios(system: str, *, borderline: bool = False) -> tuple[Scenario, ...]:
    """Every scenario of a system that keeps clear of the cut-offs, or those that lie near one on purpose.

    Raises
    ------
    ValueError
        If the system is unknown.
    """
    table = {"head-neck": HEAD_NECK, "breast-pairs": BREAST, "psma": PSMA, "response": RESPONSE}
    if system not in table:
        raise ValueError(f"no system {system!r}; there are {', '.join(table)}")
    return tuple(each for each in table[system] if each.borderline is borderline)
