"""Who is kept aside, who is labelled first, and how long training takes; drawn by the seed alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from uptake.errors import InputRefused

STRATEGIES = ("random", "disagreement", "diversity")


@dataclass(frozen=True, slots=True)
class Design:
    """The experiment's size.

    Parameters
    ----------
    start, add, rounds
        Exams labelled at first, added in each round, and rounds.
    aside
        Exams that models are compared on, and never learn from.
    folds
        Networks trained alike, whose disagreement is asked.
    seconds
        Of each training, all networks together; the first one, from chance, has as long.
    watch_share
        Of the labelled exams, to choose each network's epoch by.
    seeds
        Each draws exams, weights and patches anew.
    strategies
        Among ``STRATEGIES``.
    """

    start: int = 4
    add: int = 3
    rounds: int = 4
    aside: int = 8
    folds: int = 2
    seconds: float = 90.0
    watch_share: float = 0.2
    seeds: tuple[int, ...] = (1, 2, 3)
    strategies: tuple[str, ...] = STRATEGIES

    def __post_init__(self) -> None:
        if self.start < 2 or min(self.add, self.rounds, self.aside) < 1 or self.folds < 2:
            raise ValueError("start and folds must be at least 2; add, rounds and aside at least 1")
        if not (math.isfinite(self.seconds) and self.seconds > 0 and 0.0 <= self.watch_share <= 0.5):
            raise ValueError("seconds must be positive, and watch_share 0 to 0.5")
        if not self.seeds or min(self.seeds) < 0 or len(set(self.seeds)) != len(self.seeds):
            raise ValueError("seeds must be different numbers, none negative")
        if not self.strategies or not set(self.strategies) <= set(STRATEGIES):
            raise ValueError(f"strategies must be among {', '.join(STRATEGIES)}")

    def labelled(self, number: int) -> int:
        """Exams with labels in a round, 0 the first."""
        return self.start + number * self.add


@dataclass(frozen=True, slots=True)
class Draw:
    """One seed's exams by name: kept aside, labelled at first, and to choose from."""

    aside: tuple[str, ...]
    first: tuple[str, ...]
    pool: tuple[str, ...]


def drawn(names: Sequence[str], design: Design, seed: int) -> Draw:
    """Deal out the exams by a seed.

    Raises
    ------
    InputRefused
        If there are too few.
    """
    needed = design.aside + design.labelled(design.rounds)
    if len(set(names)) < needed:
        raise InputRefused(
            f"there are {len(set(names))} exams, and the experiment needs {needed}.",
            remedy="Choose fewer rounds, or fewer exams kept aside.",
        )
    order = [sorted(set(names))[index] for index in np.random.default_rng([2026, seed]).permutation(len(set(names)))]
    aside, first = order[: design.aside], order[design.aside : design.aside + design.start]
    return Draw(tuple(aside), tuple(first), tuple(order[design.aside + design.start :]))
