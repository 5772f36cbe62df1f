"""Dice and cross-entropy, added: MONAI's ``DiceCELoss`` (softmax, over the batch, background not in the Dice).

Not MONAI's own, as importing MONAI where MONAI Deploy is installed starts Holoscan; a test holds the two together.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_SMOOTH = 1e-5


def dice_cross_entropy(logits: Tensor, labels: Tensor, weights: tuple[float, float] = (1.0, 1.0)) -> Tensor:
    """The loss of a batch.

    Parameters
    ----------
    logits
        float32 (n, classes, z, y, x).
    labels
        int64 (n, 1, z, y, x).
    weights
        Of the Dice loss and of the cross-entropy.

    References
    ----------
    Milletari 2016 (doi:10.1109/3DV.2016.79), with plain sums in the denominator; Nikulin 2023 gives no formula.
    """
    target = labels[:, 0]
    cross_entropy = functional.cross_entropy(logits, target)
    shares = logits.softmax(dim=1)
    terms = []
    for value in range(1, logits.shape[1]):
        share, true = shares[:, value], (target == value).to(logits.dtype)
        both, total = (share * true).sum(), share.sum() + true.sum()
        terms.append(1.0 - (2.0 * both + _SMOOTH) / (total + _SMOOTH))
    return weights[0] * torch.stack(terms).mean() + weights[1] * cross_entropy
