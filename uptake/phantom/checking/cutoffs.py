"""Comparisons that remember how near they were: whether something holds, and by what margin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a condition holds, and the relative distance of its deciding quantity from the cut-off.

    The margin of a fact without a cut-off (a new lesion, another scanner) is infinite.
    """

    holds: bool
    margin: float = inf


@dataclass(frozen=True, slots=True)
class Verdict:
    """The category of one criterion.

    Parameters
    ----------
    category
        As ``PatientPlan.intended`` writes it.
    margin
        Smallest relative distance of a deciding quantity from its cut-off; infinite where facts alone decide.
    evidence
        The numbers and facts that decided, as JSON values.
    """

    category: str
    margin: float
    evidence: Mapping[str, object] = field(default_factory=dict)


def at_least(quantity: float, cutoff: float, *, unit: float | None = None) -> Check:
    """Whether ``quantity >= cutoff``, with the distance in units of the cut-off's size or of ``unit``.

    Raises
    ------
    ValueError
        If the cut-off is 0 and no unit is given.
    """
    scale = abs(cutoff) if unit is None else unit
    if scale <= 0:
        raise ValueError("the distance to a cut-off of 0 needs a unit")
    return Check(quantity >= cutoff, abs(quantity - cutoff) / scale)


def above(quantity: float, cutoff: float) -> Check:
    """Whether ``quantity > cutoff``."""
    check = at_least(quantity, cutoff)
    return Check(quantity > cutoff, check.margin)


def fact(holds: bool) -> Check:
    """A condition without a cut-off."""
    return Check(holds)


def opposite(check: Check) -> Check:
    """Whether a condition does not hold; as near to its cut-off as before."""
    return Check(not check.holds, check.margin)


def all_of(checks: Sequence[Check]) -> Check:
    """Whether all hold: as sure as the least sure of them; where some fail, as sure as the clearest failure."""
    failing = [check.margin for check in checks if not check.holds]
    if failing:
        return Check(False, max(failing))
    return Check(True, min((check.margin for check in checks), default=inf))


def any_of(checks: Sequence[Check]) -> Check:
    """Whether one holds: as sure as the surest of those; where none does, as sure as the nearest miss."""
    return opposite(all_of([opposite(check) for check in checks]))


def first_of(cases: Sequence[tuple[str, Check]], otherwise: str) -> tuple[str, float]:
    """The name of the first case that holds, or ``otherwise``, with the smallest margin of all cases looked at."""
    margin = inf
    for name, check in cases:
        margin = min(margin, check.margin)
        if check.holds:
            return name, margin
    return otherwise, margin
