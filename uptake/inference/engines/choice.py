"""Which engine runs a network on this host: the fastest that agrees with torch in float32, and what was said of all."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from uptake.errors import InferenceRefused
from uptake.inference.engines import onnxruntime_engine, openvino_engine, tensorrt_engine, torch_engine
from uptake.inference.engines.onnxruntime_engine import OnnxRuntimePredictor
from uptake.inference.engines.openvino_engine import OpenVinoPredictor
from uptake.inference.engines.torch_engine import TorchPredictor
from uptake.inference.export import export_onnx
from uptake.inference.predictor import Predictor
from uptake.inference.tiling import Index

MOST_DIFFERENCE = 1e-3
"""Of a class probability anywhere in the patch; it must be less."""
LEAST_EQUAL = 0.999
"""Share of voxels of the same most probable class."""
_TIMED_RUNS = 2

Say = Callable[[str], None]


class Source:
    """A network as engines want it: itself, or as an ONNX file that is written once, when first asked for."""

    def __init__(self, module: nn.Module, patch: Index, folder: Path) -> None:
        settings = getattr(module, "settings", None)
        if settings is None:
            raise ValueError("the network must be of uptake.networks: it has no settings")
        self.module = module
        self.channels: int = settings.in_channels
        self.classes: int = settings.classes
        self.patch = patch
        self._path = folder / "network.onnx"

    def graph(self) -> Path:
        """The ONNX file."""
        if not self._path.exists():
            export_onnx(self.module, self.channels, self.patch, self._path)
        return self._path

    def example(self) -> torch.Tensor:
        """One seeded patch (1, channels, z, y, x) of standard normal values."""
        values = np.random.default_rng(0).standard_normal((1, self.channels, *self.patch), dtype=np.float32)
        return torch.from_numpy(values)


@dataclass(frozen=True, slots=True)
class Engine:
    """How an engine is asked for and built.

    Parameters
    ----------
    available
        Whether it can run here, and if not, one line that says why.
    variants
        Ways to run it on this host, "" where there is one only.
    build
        A network on it, in one of its variants.
    """

    available: Callable[[], tuple[bool, str]]
    variants: Callable[[], tuple[str, ...]]
    build: Callable[[Source, str, Say], Predictor]


def _no_tensorrt(source: Source, variant: str, say: Say) -> Predictor:
    """Refuse: ``tensorrt_engine`` says why."""
    raise InferenceRefused(tensorrt_engine.available()[1], remedy="Use another engine.")


def _one() -> tuple[str, ...]:
    """The only variant."""
    return ("",)


ENGINES: Mapping[str, Engine] = {
    "torch": Engine(
        torch_engine.available,
        torch_engine.variants,
        lambda source, variant, say: TorchPredictor(source.module, source.classes, variant, say),
    ),
    "onnxruntime": Engine(
        onnxruntime_engine.available,
        _one,
        lambda source, variant, say: OnnxRuntimePredictor(source.graph(), source.classes),
    ),
    "openvino": Engine(
        openvino_engine.available,
        _one,
        lambda source, variant, say: OpenVinoPredictor(source.graph(), source.classes),
    ),
    "tensorrt": Engine(tensorrt_engine.available, _one, _no_tensorrt),
}


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
    seconds
        For one patch, the best of a few.
    """

    engine: str
    difference: float
    equal: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Choice:
    """The engine to use: the network on it, its name and variant, why it, and all that passed, fastest first."""

    predictor: Predictor
    engine: str
    why: str
    trials: tuple[Trial, ...]


def available_engines() -> tuple[tuple[str, str], ...]:
    """Every engine's name and why it cannot run here in one line, "" where it can."""
    return tuple((name, engine.available()[1]) for name, engine in ENGINES.items())


def choose(name: str, module: nn.Module, patch: Index, say: Say) -> Choice:
    """Put a network on an engine that gives on this host what torch gives on the CPU in float32.

    Parameters
    ----------
    name
        One of ``ENGINES``, or "auto" (also "") for the fastest.
    module
        Network of ``uptake.networks`` with its weights, in evaluation mode, on the CPU.
    patch
        Voxels of a tile along z, y, x.
    say
        Told in one line each: every engine that is left out and why, and the one that is used and why.

    Raises
    ------
    InferenceRefused
        If there is no engine of that name, or its package is not installed. One that is installed but fails or
        disagrees is replaced by the fastest of the others, and that is said.
    """
    name = name or "auto"
    _require_known_and_present(name)
    with tempfile.TemporaryDirectory(prefix="uptake-engine-") as folder:
        source = Source(module, patch, Path(folder))
        example = source.example()
        reference = TorchPredictor(module, source.classes, torch_engine.CPU, say).predict(example)
        if not bool(torch.isfinite(reference).all()):
            raise InferenceRefused(
                "The network's answer to an ordinary patch is not a finite number.",
                remedy="Its weights are damaged or were never trained; use another bundle.",
            )
        passed = _tried([name] if name != "auto" else list(ENGINES), source, (example, reference), say)
        fallen = name != "auto" and not passed
        if fallen:
            say(f"Engine {name} was asked for but is not used; trying the others.")
            passed = _tried([other for other in ENGINES if other != name], source, (example, reference), say)
    if not passed:
        raise InferenceRefused("No engine works on this host.", remedy="See what was said of each.")
    trial, predictor = passed[0]
    why = _why(name if not fallen else "auto", tuple(each for each, _ in passed))
    say(why)
    return Choice(predictor, trial.engine, why, tuple(each for each, _ in passed))


def _require_known_and_present(name: str) -> None:
    """Refuse an engine that cannot be."""
    if name == "auto":
        return
    if name not in ENGINES:
        raise InferenceRefused(f"There is no engine {name!r}.", remedy=f"Choose auto, {', '.join(ENGINES)}.")
    present, reason = ENGINES[name].available()
    if not present:
        raise InferenceRefused(f"{reason.rstrip('.')}.", remedy="Or choose another engine, or auto.")


def _tried(
    names: list[str], source: Source, parity: tuple[torch.Tensor, torch.Tensor], say: Say
) -> list[tuple[Trial, Predictor]]:
    """The engines that agree with the reference, fastest first."""
    passed: list[tuple[Trial, Predictor]] = []
    for name in names:
        present, reason = ENGINES[name].available()
        if not present:
            say(f"Engine {name} is left out: {reason}")
            continue
        for variant in ENGINES[name].variants():
            label = f"{name} ({variant})" if variant else name
            try:
                predictor = ENGINES[name].build(source, variant, say)
                trial = _trial(label, predictor, parity)
            except Exception as error:  # whatever an engine may fail with, there is another one
                first = (str(error).strip().splitlines() or [type(error).__name__])[0]
                say(f"Engine {label} is left out: it failed with: {first}")
                continue
            if trial.difference < MOST_DIFFERENCE and trial.equal >= LEAST_EQUAL:
                passed.append((trial, predictor))
            else:
                say(
                    f"Engine {label} is left out: it disagrees with torch in float32 (probabilities by up to "
                    f"{trial.difference:.2g}, the same class in {100 * trial.equal:.2f} % of voxels)."
                )
    return sorted(passed, key=lambda each: each[0].seconds)


def _trial(label: str, predictor: Predictor, parity: tuple[torch.Tensor, torch.Tensor]) -> Trial:
    """Agreement and time of an engine; a result of another shape, or one that is no number, agrees nowhere."""
    example, reference = parity
    logits = predictor.predict(example).cpu()
    if logits.shape != reference.shape or not bool(torch.isfinite(logits).all()):
        return Trial(label, float("inf"), 0.0, float("inf"))
    difference = float((logits.softmax(dim=1) - reference.softmax(dim=1)).abs().max())
    equal = float((logits.argmax(dim=1) == reference.argmax(dim=1)).double().mean())
    if not (difference < MOST_DIFFERENCE and equal >= LEAST_EQUAL):
        return Trial(label, difference, equal, float("inf"))
    seconds = []
    for _ in range(_TIMED_RUNS):
        start = time.perf_counter()
        predictor.predict(example)
        seconds.append(time.perf_counter() - start)
    return Trial(label, difference, equal, min(seconds))


def _why(name: str, trials: tuple[Trial, ...]) -> str:
    """One line on the engine that is used, the first of ``trials``."""
    best = trials[0]
    told = f"Engine {best.engine}: {best.seconds:.3g} s per patch, probabilities within {best.difference:.2g} of torch"
    if name != "auto":
        return f"{told}; it was asked for."
    others = ", ".join(f"{each.engine} {each.seconds:.3g} s" for each in trials[1:])
    return f"{told}; the fastest here" + (f" ({others})." if others else ", the only one that works.")
