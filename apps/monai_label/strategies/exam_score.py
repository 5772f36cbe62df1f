"""What the strategies know of one exam."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExamScore:
    """Scores of one exam by one version of a model.

    Parameters
    ----------
    image_id
        The exam.
    version
        Number of the model's version.
    networks
        Folds that were asked; of one alone, disagreement and expected change come from its own probabilities.
    disagreement
        0 to 1, see ``FoldBurdens``.
    burden_change_g
        Expected change of total lesion glycolysis by a reader, g.
    volume_ml, glycolysis_g
        Of the lesions that were found.
    features
        See ``exam_features``.
    """

    image_id: str
    version: int
    networks: int
    disagreement: float
    burden_change_g: float
    volume_ml: float
    glycolysis_g: float
    features: tuple[float, ...]

    def __post_init__(self) -> None:
        numbers = (self.disagreement, self.burden_change_g, self.volume_ml, self.glycolysis_g, *self.features)
        if not all(math.isfinite(each) for each in numbers) or self.version < 1 or self.networks < 1:
            raise ValueError("scores of an exam must be finite numbers, of a version and a network at least")
