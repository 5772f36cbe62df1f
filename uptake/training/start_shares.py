"""Weights between those that a fold started from and those that training made of them.

Wortsman 2022, arXiv:2109.01903.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from torch import Tensor

Weights = Mapping[str, Tensor]


def settled(
    trained: Weights, start: Weights, shares: Sequence[float], scored: Callable[[Weights], dict[str, float]] | None
) -> tuple[dict[str, Tensor], dict[str, float]]:
    """Go back towards the start as far as serves the validation patients best.

    Parameters
    ----------
    trained, start
        By the names of the network's state.
    shares
        Of the start's weights, to choose from; at least one.
    scored
        Validates weights and answers a line for the log, ``score`` among it; None where nobody can be asked: the first
        share is taken then, as it is where there is one alone.

    Returns
    -------
    weights
        Those chosen.
    row
        What was found of them, and ``start_share``; empty where nothing was asked.
    """
    if len(shares) == 1 or scored is None:
        return _between(trained, start, shares[0]), {}
    rows = [scored(_between(trained, start, share)) | {"start_share": share} for share in shares]
    best = max(rows, key=lambda row: row["score"])
    return _between(trained, start, best["start_share"]), best


def _between(trained: Weights, start: Weights, share: float) -> dict[str, Tensor]:
    return {
        name: each.lerp(start[name].to(each), share) if each.is_floating_point() else each
        for name, each in trained.items()
    }
