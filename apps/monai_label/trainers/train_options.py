"""What whoever starts a training may choose; everything else is the recipe's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from apps.monai_label.trainers.training_errors import TrainingRefused

_DAY_S = 86400.0
_ALSO = ("model", "name", "device", "multi_gpu", "train_batch_size", "val_split", "pretrained", "max_epochs")
"""Keys that MONAI Label's clients send along; of these only ``max_epochs`` is heard."""


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """How a training at a site is bounded.

    Parameters
    ----------
    seconds
        Of all folds together; preparing and comparing come on top.
    epochs
        At most, of each fold; 0 for the recipe's.
    patience
        Validations without gain after which a fold stops; 0 never.
    watch_share, judge_share
        Of the patients: to choose epochs by, and to compare versions by.
    seed
        Of patches and augmentation.
    """

    seconds: float = 600.0
    epochs: int = 0
    patience: int = 5
    watch_share: float = 0.2
    judge_share: float = 0.2
    seed: int = 1

    def __post_init__(self) -> None:
        if not math.isfinite(self.seconds) or not 0 < self.seconds <= _DAY_S:
            raise ValueError("seconds must be more than 0 and at most a day's")
        if not 0 <= self.epochs <= 100_000 or not 0 <= self.patience <= 100_000 or not 0 <= self.seed < 2**31:
            raise ValueError("epochs, patience and seed must not be negative, nor very large")
        if not 0.0 < self.watch_share <= 0.5 or not 0.0 < self.judge_share <= 0.5:
            raise ValueError("watch_share and judge_share must be more than 0 and at most 0.5")

    def to_plain(self) -> dict[str, Any]:
        """As JSON has it; ``options_of`` reads it."""
        return asdict(self)


def options_of(request: Mapping[str, Any], defaults: TrainOptions | None = None) -> TrainOptions:
    """Options from a request's parameters.

    Parameters
    ----------
    request
        Fields of ``TrainOptions`` by name, and ``max_epochs`` for ``epochs``.
    defaults
        For what is left out.

    Raises
    ------
    TrainingRefused
        If a key is unknown or a value impossible; the value is not repeated.
    """
    known = {each.name for each in fields(TrainOptions)}
    unknown = set(request) - known - set(_ALSO)
    if unknown:
        raise TrainingRefused(
            f"{len(unknown)} parameter(s) of the training are unknown.", remedy=f"Known are {', '.join(sorted(known))}."
        )
    given = {name: value for name, value in request.items() if name in known}
    if "max_epochs" in request and "epochs" not in given:
        given["epochs"] = request["max_epochs"]
    values = asdict(defaults or TrainOptions()) | given
    try:
        for each in fields(TrainOptions):
            value = values[each.name]
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not (whole or (each.type == "float" and isinstance(value, float))):
                raise ValueError(f"{each.name} must be a number")
        return TrainOptions(**values)
    except ValueError as error:
        raise TrainingRefused(f"{error}.", remedy="Mend the parameters of the training.") from error
