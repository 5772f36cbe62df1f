"""How weights are fitted: loss, optimiser, learning rate over time, batches, and when to stop."""

from __future__ import annotations

import math
from dataclasses import dataclass

OPTIMISERS = ("adadelta", "adamw", "sgd")
SCHEDULES = ("constant", "poly", "cosine")
MONITORS = ("soft_dice", "dice")


@dataclass(frozen=True, slots=True)
class Optimiser:
    """Parameters of torch's optimisers.

    Parameters
    ----------
    name
        ``adadelta``, ``adamw`` or ``sgd`` (with Nesterov momentum 0.99, as nnU-Net).
    rate
        Learning rate at the start, after warming up.
    weight_decay
        As torch's.
    rho
        Adadelta's decay.
    schedule
        ``constant``; ``poly``: times (1 - done) ** 0.9; ``cosine``: down to 0.
    warm_up_epochs
        In which the rate grows from a tenth.
    clip_norm
        Largest norm of a step's gradient; 0 for any.
    """

    name: str = "adamw"
    rate: float = 1e-3
    weight_decay: float = 0.0
    rho: float = 0.9
    schedule: str = "constant"
    warm_up_epochs: int = 0
    clip_norm: float = 0.0

    def __post_init__(self) -> None:
        if self.name not in OPTIMISERS or self.schedule not in SCHEDULES:
            raise ValueError(f"name must be one of {', '.join(OPTIMISERS)}, schedule one of {', '.join(SCHEDULES)}")
        if not (self.rate > 0 and self.weight_decay >= 0 and 0 < self.rho < 1 and self.clip_norm >= 0):
            raise ValueError("rate must be positive, weight_decay and clip_norm not negative, rho between 0 and 1")
        if self.warm_up_epochs < 0:
            raise ValueError("warm_up_epochs must not be negative")

    def rate_at(self, epoch: int, done: float) -> float:
        """The learning rate of an epoch, ``done`` (0 to 1) of the training being over."""
        left = min(max(1.0 - done, 0.0), 1.0)
        factor = {"constant": 1.0, "poly": float(left**0.9), "cosine": 0.5 * (1.0 + math.cos(math.pi * (1.0 - left)))}
        warm = min(1.0, 0.1 + 0.9 * epoch / self.warm_up_epochs) if self.warm_up_epochs else 1.0
        return self.rate * max(factor[self.schedule], 1e-3) * warm


@dataclass(frozen=True, slots=True)
class Fitting:
    """Training of one fold.

    Parameters
    ----------
    optimiser
        See there.
    epochs
        At most.
    patience
        Epochs without gain in validation after which training stops; 0 never.
    seconds
        Time after which training stops at the end of an epoch, whatever the epochs; 0 for no bound. The learning rate
        then follows the time where that is further on than the epochs, so such a run is not the same twice.
    batch
        Patches at once, on each device.
    patches_per_epoch
        Of all devices together.
    foreground
        Share of patches drawn around a voxel of a lesion, of a class drawn among those the exam has.
    dice_weight, cross_entropy_weight
        Of the two losses, which are added (MONAI's DiceCELoss; background not in the Dice; Dice over the batch).
    validate_every
        Epochs between validations.
    validation_overlap
        Of patches in validation, along each axis that the bundle's tiling overlaps.
    monitor
        What decides which epoch's weights are kept: ``soft_dice`` (Nikulin) or ``dice``; over all voxels of all
        validation patients, mean of the classes.
    averaging
        Weight of the past in a running mean of the weights, which is what is validated and kept; 0 for none.
    start_shares
        In the end, the share of the weights that the fold started from in those that are kept; of several, the one that
        validates best. Nothing where there are none, or it started from chance. Between the two lie weights that often
        serve unseen patients better than either (Wortsman 2022, arXiv:2109.01903).
    bfloat16
        Compute in bfloat16 (autocast) on devices that do so faster; elsewhere in float32.
    seed
        Of weights, patches and augmentation.
    """

    optimiser: Optimiser
    epochs: int
    batch: int
    patches_per_epoch: int
    patience: int = 0
    seconds: float = 0.0
    foreground: float = 0.0
    dice_weight: float = 1.0
    cross_entropy_weight: float = 1.0
    validate_every: int = 1
    validation_overlap: float = 0.5
    monitor: str = "soft_dice"
    averaging: float = 0.0
    start_shares: tuple[float, ...] = ()
    bfloat16: bool = False
    seed: int = 1

    def __post_init__(self) -> None:
        counts = (self.epochs, self.batch, self.patches_per_epoch, self.validate_every)
        if min(counts) < 1 or self.patience < 0 or self.seconds < 0 or self.seed < 0:
            raise ValueError("epochs, batch, patches_per_epoch and validate_every must be positive, nothing negative")
        below_one = (self.validation_overlap, self.averaging, *self.start_shares)
        if not 0.0 <= self.foreground <= 1.0 or not all(0.0 <= share < 1.0 for share in below_one):
            raise ValueError("foreground must be 0 to 1, validation_overlap, averaging and start_shares 0 to below 1")
        if self.monitor not in MONITORS:
            raise ValueError(f"monitor must be one of {', '.join(MONITORS)}")
        if min(self.dice_weight, self.cross_entropy_weight) < 0 or self.dice_weight + self.cross_entropy_weight <= 0:
            raise ValueError("the losses' weights must not be negative, and not both 0")
