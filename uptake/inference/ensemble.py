"""The mean of several networks, and of mirrored views, over a batch of tiles."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Literal

import torch

from uptake.inference.predictor import Predictor

Averaging = Literal["probabilities", "logits"]


def mirrorings(axes: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Every combination of the axes to mirror, the plain view first: 2 to the power of their number."""
    return tuple(itertools.chain.from_iterable(itertools.combinations(axes, n) for n in range(len(axes) + 1)))


def batch_mean(
    batch: torch.Tensor,
    predictors: Sequence[Predictor],
    mirror_axes: Sequence[int],
    averaging: Averaging,
    before_pass: Callable[[], None] = lambda: None,
) -> torch.Tensor:
    """Mean over networks and mirrored views, one pass after the other so that memory does not grow with their number.

    Parameters
    ----------
    batch
        float32 (n, channels, z, y, x).
    predictors
        The networks, of the same classes.
    mirror_axes
        Axes among 0 (z), 1 (y), 2 (x); each combination is predicted, mirrored back and counts equally.
    averaging
        "probabilities": softmax first, then the mean. "logits": the mean of logits as they are.
    before_pass
        Called before every pass through a network; may raise.

    Returns
    -------
    torch.Tensor
        float32 (n, classes, z, y, x), on the device of the predictors' logits; its own memory.

    Raises
    ------
    ValueError
        If there is no predictor, or the logits have another shape than promised.
    """
    views = mirrorings(mirror_axes)
    total: torch.Tensor | None = None
    with torch.no_grad():
        for predictor in predictors:
            for axes in views:
                before_pass()
                dims = [axis + 2 for axis in axes]
                logits = predictor.predict(batch.flip(dims) if dims else batch)
                expected = (len(batch), predictor.classes, *batch.shape[2:])
                if tuple(logits.shape) != expected:
                    raise ValueError(f"a predictor gave logits of shape {tuple(logits.shape)}, not {expected}")
                values = logits.float().softmax(dim=1) if averaging == "probabilities" else logits.float()
                values = values.flip(dims) if dims else values
                if total is not None:
                    total.add_(values)
                else:  # copied where it is the predictor's own memory, which it may use again
                    total = values.clone() if values.data_ptr() == logits.data_ptr() else values
        if total is None:
            raise ValueError("inference needs at least one predictor")
        return total.div_(len(predictors) * len(views))
