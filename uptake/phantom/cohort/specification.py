"""What a cohort is: the one page that, with the generator's version, fixes every byte of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from uptake.errors import InputRefused
from uptake.phantom.cohort.survival import Hazard
from uptake.phantom.designing import Wish
from uptake.phantom.disease.scenarios import scenarios
from uptake.phantom.plan import GENERATOR_VERSION, SYSTEMS

SITES = ("internal", "external")
_SEEDS_PER_COHORT = 100_000


@dataclass(frozen=True, slots=True)
class CohortSpecification:
    """Which patients a cohort has.

    Parameters
    ----------
    system
        One of ``plan.SYSTEMS``.
    size
        Number of patients.
    seed
        Cohorts of different seeds share no patient.
    site
        ``internal`` or ``external``: scanners, noise, protocols and mix of lesion sizes.
    borderline
        Every patient near a cut-off instead of clear of all.
    hazard
        Of the event that follow-up waits for.

    Raises
    ------
    InputRefused
        If a value is out of range.
    """

    system: str
    size: int
    seed: int
    site: str = "internal"
    borderline: bool = False
    hazard: Hazard = field(default_factory=Hazard)

    def __post_init__(self) -> None:
        remedy = "See uptake phantom cohort --help."
        if self.system not in SYSTEMS:
            raise InputRefused(f"there is no system {self.system!r}.", remedy=f"Name one of {', '.join(SYSTEMS)}.")
        if self.site not in SITES:
            raise InputRefused(f"there is no site {self.site!r}.", remedy=f"Name one of {', '.join(SITES)}.")
        if not 0 < self.size < _SEEDS_PER_COHORT or not 0 <= self.seed < 10_000:
            raise InputRefused("the size must be 1 to 99999 and the seed 0 to 9999.", remedy=remedy)
        if not scenarios(self.system, borderline=self.borderline):
            reason = f"no criterion of {self.system} patients has a cut-off to be near."
            raise InputRefused(reason, remedy="Leave out borderline.")

    def wishes(self) -> tuple[Wish, ...]:
        """One wish per patient: the system's scenarios in turn, so that each occurs as often as the size allows."""
        names = [scenario.name for scenario in scenarios(self.system, borderline=self.borderline)]
        first = self.seed * _SEEDS_PER_COHORT
        return tuple(
            Wish(self.system, first + index, self.site, names[index % len(names)], self.borderline)
            for index in range(self.size)
        )

    def to_json(self) -> str:
        """As text, with the generator's version, sorted and indented."""
        document = {"schema": "uptake.cohort/1", "generator": GENERATOR_VERSION, "patients": "digital", **asdict(self)}
        return json.dumps(document, indent=2, sort_keys=True) + "\n"
