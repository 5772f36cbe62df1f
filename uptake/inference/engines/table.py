"""Every engine: whether it can run here, in which variants, and how a network gets on to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from uptake.errors import InferenceRefused
from uptake.inference.engines import onnxruntime_engine, openvino_engine, tensorrt_engine, torch_engine
from uptake.inference.engines.onnxruntime_engine import OnnxRuntimePredictor
from uptake.inference.engines.openvino_engine import OpenVinoPredictor
from uptake.inference.engines.source import Source
from uptake.inference.engines.torch_engine import TorchPredictor
from uptake.inference.predictor import Predictor

Say = Callable[[str], None]


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
    quantised
        Whether it runs a quantised graph: never chosen unasked, and held to that graph's own agreement.
    """

    available: Callable[[], tuple[bool, str]]
    variants: Callable[[], tuple[str, ...]]
    build: Callable[[Source, str, Say], Predictor]
    quantised: bool = False


def _one() -> tuple[str, ...]:
    """The only variant."""
    return ("",)


def _int8(source: Source, variant: str, say: Say) -> Predictor:
    """The bundle's INT8 graph."""
    if source.quantised is None:
        raise InferenceRefused(
            "This network has no INT8 graph.", remedy="Make one with uptake models quantise, or use another engine."
        )
    return OpenVinoPredictor(source.quantised.read(), source.shape.classes)


ENGINES: Mapping[str, Engine] = {
    "torch": Engine(
        torch_engine.available,
        torch_engine.variants,
        lambda source, variant, say: TorchPredictor(source.module, source.shape.classes, variant, say),
    ),
    "onnxruntime": Engine(
        onnxruntime_engine.available,
        _one,
        lambda source, variant, say: OnnxRuntimePredictor(source.graph(), source.shape.classes),
    ),
    "openvino": Engine(
        openvino_engine.available,
        _one,
        lambda source, variant, say: OpenVinoPredictor(source.graph(), source.shape.classes),
    ),
    "openvino-int8": Engine(openvino_engine.int8_available, _one, _int8, quantised=True),
    "tensorrt": Engine(tensorrt_engine.available, tensorrt_engine.variants, tensorrt_engine.build),
}
