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
    each_network: Callable[[torch.Tensor], None] | None = None,
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
    each_network
        Called with each network's own mean over the mirrored views, shaped as the mean of all; its own memory. The
        mean of all is the same to the last bit with and without it.

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
            own: torch.Tensor | None = None
            for axes in views:
                before_pass()
                dims = [axis + 2 for axis in axes]
                logits = predictor.predict(batch.flip(dims) if dims else batch)
                expected = (len(batch), predictor.classes, *batch.shape[2:])
                if tuple(logits.shape) != expected:
                    raise ValueError(f"a predictor gave logits of shape {tuple(logits.shape)}, not {expected}")
                values = logits.float().softmax(dim=1) if averaging == "probabilities" else logits.float()
                values = values.flip(dims) if dims else values
                if each_network is not None:
                    own = values.clone() if own is None else own.add_(values)
                if total is not None:
                    total.add_(values)
                else:  # copied where it is the predictor's own memory, which it may use again
                    total = values.clone() if values.data_ptr() == logits.data_ptr() else values
            if each_network is not None and own is not None:
                each_network(own.div_(len(views)))
        if total is None:
            raise ValueError("inference needs at least one predictor")
        return total.div_(len(predictors) * len(views))


class WithMembers:
    """Several networks as one predictor, whose answer is their mean and, behind it, each network's own.

    ``predict`` gives (n, (networks + 1) x classes, z, y, x): what is averaged (probabilities or logits), so that
    whoever blends tiles must take it for logits and leave it as it is. The first block blends to the same bits as the
    mean alone.

    Parameters
    ----------
    predictors, mirror_axes, averaging, before_pass
        As for ``batch_mean``.
    """

    def __init__(
        self,
        predictors: Sequence[Predictor],
        mirror_axes: Sequence[int],
        averaging: Averaging,
        before_pass: Callable[[], None] = lambda: None,
    ) -> None:
        self._predictors = predictors
        self._mirror_axes = mirror_axes
        self._averaging: Averaging = averaging
        self._before_pass = before_pass

    @property
    def classes(self) -> int:
        """Channels of the answer."""
        return self._predictors[0].classes * (len(self._predictors) + 1)

    def predict(self, batch: torch.Tensor) -> torch.Tensor:
        """The mean over networks, and each network's own mean over mirrored views."""
        own: list[torch.Tensor] = []
        mean = batch_mean(
            batch, self._predictors, self._mirror_axes, self._averaging, self._before_pass, each_network=own.append
        )
        return torch.cat([mean, *own], dim=1)
