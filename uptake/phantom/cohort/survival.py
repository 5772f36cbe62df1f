"""Follow-up of digital patients: a time and an event, from a stated hazard that grows with the true tumour burden."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_DAYS_PER_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class Hazard:
    """A constant hazard per patient: ``per_year * (burden / typical_burden_ml) ** exponent``.

    Parameters
    ----------
    per_year
        Of a patient with the typical burden.
    typical_burden_ml
        Total lesion volume at which the hazard is ``per_year``.
    exponent
        0 would make the burden irrelevant; 0.5 makes a fourfold burden double the hazard.
    shortest_days, longest_days
        Between these the follow-up of each patient ends, seen event or not, evenly spread.

    References
    ----------
    Bender R, Augustin T, Blettner M. Generating survival times to simulate Cox proportional hazards models.
    Stat Med 2005;24:1713-1723.
    """

    per_year: float = 0.25
    typical_burden_ml: float = 20.0
    exponent: float = 0.5
    shortest_days: float = 365.0
    longest_days: float = 1825.0


def draw_follow_up(burden_ml: float, hazard: Hazard, random: np.random.Generator) -> tuple[float, bool]:
    """Draw the days until the event or the end of follow-up, and whether the event was seen."""
    rate = hazard.per_year * (max(burden_ml, 0.1) / hazard.typical_burden_ml) ** hazard.exponent
    event_days = float(random.exponential(1 / rate)) * _DAYS_PER_YEAR
    end_days = float(random.uniform(hazard.shortest_days, hazard.longest_days))
    return (round(event_days, 1), True) if event_days <= end_days else (round(end_days, 1), False)
