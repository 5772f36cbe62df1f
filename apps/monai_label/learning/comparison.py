"""What the rounds say: curves over the labelled exams, and whether one way of choosing beats another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from apps.monai_label.learning.rounds import FIRST, Opponent, Round

LEAST_SEEDS = 3
_RESAMPLINGS = 5000
_SEED = 2026


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Mean Dice of a strategy with so many labels: over the seeds, and of each seed by its number."""

    strategy: str
    labelled: int
    mean: float
    by_seed: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Difference:
    """A paired difference of Dice.

    Parameters
    ----------
    mean
        Over the exams, each counting once however many seeds kept it aside.
    interval
        95 %: percentiles of the mean over exams drawn with replacement. It knows nothing of the chance in training.
    by_seed
        Mean of each seed.
    """

    mean: float
    interval: tuple[float, float]
    by_seed: Mapping[int, float]

    @property
    def verdict(self) -> str:
        """In a word: ``better`` or ``worse`` where interval and every seed say so, else ``no clear difference``.

        ``too few seeds to say`` of fewer than three: one or two trainings may differ by chance alone.
        """
        seeds = list(self.by_seed.values())
        if len(seeds) < LEAST_SEEDS:
            return "too few seeds to say"
        if self.interval[0] > 0 and min(seeds) > 0:
            return "better"
        return "worse" if self.interval[1] < 0 and max(seeds) < 0 else "no clear difference"


def curves(rounds: Sequence[Round]) -> tuple[CurvePoint, ...]:
    """A point for each strategy and number of labels; the first round belongs to every strategy."""
    strategies = sorted({each.strategy for each in rounds} - {FIRST}) or [FIRST]
    found: dict[tuple[str, int], dict[int, float]] = defaultdict(dict)
    for each in rounds:
        for strategy in strategies if each.strategy == FIRST else [each.strategy]:
            found[strategy, len(each.labelled)][each.seed] = each.mean
    return tuple(
        CurvePoint(strategy, labelled, sum(by_seed.values()) / len(by_seed), by_seed)
        for (strategy, labelled), by_seed in sorted(found.items())
    )


def against(rounds: Sequence[Round], strategy: str, other: str) -> Difference | None:
    """One strategy minus another, over the rounds in which they had different labels; None where there are none."""
    by_place = {(each.seed, each.number, each.strategy): each for each in rounds}
    pairs = []
    for (seed, number, name), one in by_place.items():
        two = by_place.get((seed, number, other))
        if name == strategy and two is not None and set(one.labelled) != set(two.labelled):
            pairs += [(seed, exam, a - b) for exam, a, b in zip(one.aside, one.dice, two.dice, strict=True)]
    return _difference(pairs)


def last_against(rounds: Sequence[Round], opponents: Sequence[Opponent], strategy: str) -> Difference | None:
    """The last round of a strategy minus the best threshold, of the opponents' kind; one for each seed."""
    own = [each for each in rounds if each.strategy == strategy]
    last = max((each.number for each in own), default=0)
    thresholds = {each.seed: each.dice for each in opponents}
    pairs = [
        (each.seed, exam, a - b)
        for each in own
        if each.number == last and each.seed in thresholds
        for exam, a, b in zip(each.aside, each.dice, thresholds[each.seed], strict=True)
    ]
    return _difference(pairs)


def _difference(pairs: Iterable[tuple[int, str, float]]) -> Difference | None:
    by_exam: dict[str, list[float]] = defaultdict(list)
    by_seed: dict[int, list[float]] = defaultdict(list)
    for seed, exam, value in pairs:
        by_exam[exam].append(value)
        by_seed[seed].append(value)
    if not by_exam:
        return None
    values = np.asarray([np.mean(each) for each in by_exam.values()])
    drawn = np.random.default_rng(_SEED).integers(0, len(values), (_RESAMPLINGS, len(values)))
    low, high = np.percentile(values[drawn].mean(axis=1), [2.5, 97.5])
    seeds = {seed: float(np.mean(each)) for seed, each in sorted(by_seed.items())}
    return Difference(float(values.mean()), (float(low), float(high)), seeds)
