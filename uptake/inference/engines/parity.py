"""Whether an engine gives on this host what torch gives on the CPU in float32, and how fast."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch

from uptake.errors import InferenceRefused
from uptake.inference.engines.source import QuantisedGraph, Shape, Source
from uptake.inference.engines.torch_engine import CPU, TorchPredictor
from uptake.inference.predictor import Predictor, tiles_at_once

MOST_DIFFERENCE = 1e-3
"""Of a class probability anywhere in the patch; it must be less."""
LEAST_EQUAL = 0.999
"""Share of voxels of the same most probable class."""
QUANTISED_LOSS = 0.005
"""What a quantised graph's agreement may lose, in either figure, against that of the host where it was made."""
_TIMED_RUNS = 2
_KEPT_VALUES = 2**20


@dataclass(frozen=True, slots=True)
class Trial:
    """An engine held against torch in float32 on one patch.

    Parameters
    ----------
    engine
        Its name and variant.
    difference
        Largest of any class probability.
    equal
        Share of voxels with the same most probable class.
    error
        Root mean square difference of logits over their root mean square.
    seconds
        For one patch, the best of a few; infinite where it disagrees.
    """

    engine: str
    difference: float
    equal: float
    error: float
    seconds: float

    @property
    def agrees(self) -> bool:
        """Whether it is torch's answer but for rounding."""
        return self.difference < MOST_DIFFERENCE and self.equal >= LEAST_EQUAL

    def agrees_as(self, quantised: QuantisedGraph) -> bool:
        """Whether it is as near as a quantised graph was where it was made."""
        return self.equal >= quantised.same_class - QUANTISED_LOSS and self.error <= quantised.error + QUANTISED_LOSS


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Torch's answer to the example.

    Parameters
    ----------
    logits
        float32 (classes, voxels).
    places
        Which voxels of the flattened patch they are; None for all in their order.
    """

    logits: torch.Tensor
    places: torch.Tensor | None = None

    def of(self, answer: torch.Tensor) -> torch.Tensor:
        """The same voxels (classes, voxels) of an answer (1, classes, z, y, x)."""
        flat = answer[0].reshape(answer.shape[1], -1)
        return flat if self.places is None else flat[:, self.places]


def example(shape: Shape) -> torch.Tensor:
    """One seeded patch (1, channels, z, y, x) of standard normal values."""
    values = np.random.default_rng(0).standard_normal((1, shape.channels, *shape.patch), dtype=np.float32)
    return torch.from_numpy(values)


def kept_places(shape: Shape) -> torch.Tensor | None:
    """Seeded voxels of the patch, few enough to be kept on disk; None where all are."""
    voxels = int(np.prod(shape.patch))
    count = _KEPT_VALUES // shape.classes
    if voxels <= count:
        return None
    chosen = np.random.default_rng(1).choice(voxels, count, replace=False)
    return torch.from_numpy(np.sort(chosen))


def reference(source: Source) -> Reference:
    """Torch's answer in float32 on the CPU.

    Raises
    ------
    InferenceRefused
        If it is not finite.
    """
    predictor = TorchPredictor(source.module, source.shape.classes, CPU, lambda text: None)
    answer = predictor.predict(example(source.shape))
    if not bool(torch.isfinite(answer).all()):
        raise InferenceRefused(
            "The network's answer to an ordinary patch is not a finite number.",
            remedy="Its weights are damaged or were never trained; use another bundle.",
        )
    places = kept_places(source.shape)
    return Reference(Reference(answer, places).of(answer).clone(), places)


def trial(label: str, predictor: Predictor, shape: Shape, wanted: Reference, *, timed: bool = True) -> Trial:
    """Agreement and time of an engine; a result of another shape, or one that is no number, agrees nowhere."""
    patch = example(shape)
    answer = predictor.predict(patch).cpu()
    if answer.shape != (1, shape.classes, *shape.patch) or not bool(torch.isfinite(answer).all()):
        return Trial(label, float("inf"), 0.0, float("inf"), float("inf"))
    found = wanted.of(answer)
    difference = float((found.softmax(dim=0) - wanted.logits.softmax(dim=0)).abs().max())
    equal = float((found.argmax(dim=0) == wanted.logits.argmax(dim=0)).double().mean())
    scale = max(float(wanted.logits.double().square().mean().sqrt()), 1e-12)
    error = float((found - wanted.logits).double().square().mean().sqrt()) / scale
    seconds = []
    several = patch.repeat(tiles_at_once([predictor]), 1, 1, 1, 1)
    for _ in range(_TIMED_RUNS if timed else 0):
        start = time.perf_counter()
        predictor.predict(several)
        seconds.append((time.perf_counter() - start) / len(several))
    return Trial(label, difference, equal, error, min(seconds, default=float("inf")))
