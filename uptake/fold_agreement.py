"""How far the folds of a network agree on one lesion."""

from __future__ import annotations

from dataclasses import dataclass

FOUND_SHARE = 0.5
"""A fold has found a lesion where it covers this share of its voxels, as the paper counts structures (Nikulin 2023)."""


FOLDS_NOTE = (
    "Folds: how many of the network's folds alone cover at least half of the lesion, and the share of it that they "
    "cover on average. It says how far networks agree that were trained alike; it is no probability of disease."
)


@dataclass(frozen=True, slots=True)
class FoldAgreement:
    """The folds' own answers within one lesion of the ensemble.

    A fold's own label of a voxel is the class that it would give it alone.

    Parameters
    ----------
    folds
        How many there are, two at least.
    found_by
        Those that give a lesion class, whichever, to at least ``FOUND_SHARE`` of the lesion's voxels.
    confidence
        Mean over all folds of the share of the lesion's voxels to which a fold gives a lesion class, 0 to 1. It says
        how far networks agree that were trained alike, and is no probability that the lesion is one.
    votes
        Class name and number of folds, of those in ``found_by`` by the class that each gives to most of the lesion's
        voxels; most votes first.
    """

    folds: int
    found_by: int
    confidence: float
    votes: tuple[tuple[str, int], ...]

    def __post_init__(self) -> None:
        if self.folds < 2:
            raise ValueError("agreement needs two folds at least")
        if not 0 <= self.found_by <= self.folds or not 0.0 <= self.confidence <= 1.0:
            raise ValueError("found_by or confidence of folds is out of range")
        if sum(count for _, count in self.votes) != self.found_by or any(count < 1 for _, count in self.votes):
            raise ValueError("every fold that found the lesion has one vote")

    @property
    def split(self) -> bool:
        """Whether folds that found the lesion differ on its class."""
        return len(self.votes) > 1
