"""Whether a digital patient is what it was meant to be."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

from uptake.phantom.checking.cutoffs import Verdict
from uptake.phantom.plan import PatientPlan

MARGIN = 0.10


def faults(patient: PatientPlan, verdicts: Mapping[str, Verdict]) -> tuple[str, ...]:
    """What is wrong with a patient; nothing, if it can be taken.

    Every intended category must be found, and its measurements must lie 10 % or more from every cut-off that decides.
    A borderline patient must instead lie nearer than that to a cut-off of at least one criterion, intended or not.
    """
    found = []
    for criterion, category in patient.intended.items():
        verdict = verdicts.get(criterion)
        if verdict is None:
            found.append(f"{criterion} does not apply, {category} was intended")
        elif verdict.category != category:
            found.append(f"{criterion} is {verdict.category}, {category} was intended")
        elif verdict.margin < MARGIN and not patient.borderline:
            found.append(f"{criterion} is {category} by {verdict.margin:.1%} only")
    nearest = min((verdict.margin for verdict in verdicts.values()), default=inf)
    if patient.borderline and nearest >= MARGIN:
        found.append(f"no measurement is near a cut-off: the nearest is {nearest:.1%} away")
    return tuple(found)
