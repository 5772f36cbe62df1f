"""From an ONNX graph to a TensorRT plan, and from a plan to an engine: every call here is TensorRT 11's.

Names of TensorRT objects are those of their classes (``builder``, ``config``, ...), so that a test can hold each call
against the names and arguments that the bindings have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from uptake.inference.engines.source import Shape
from uptake.inference.export import INPUT

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Profile:
    """Patches at once that a plan is for: from one to ``most``, fastest at ``most``."""

    most: int

    def __post_init__(self) -> None:
        if self.most < 1:
            raise ValueError(f"a plan must be for at least one patch, not {self.most}")


@cache
def version() -> str:
    """TensorRT's version, as it tells it itself; ImportError or OSError where it cannot be loaded."""
    import tensorrt as trt

    return str(trt.__version__)


def quiet_logger(errors: list[str]) -> Any:
    """A logger that prints nothing and keeps the errors' text."""
    import tensorrt as trt

    class Kept(trt.ILogger):  # type: ignore[misc]  # the package is untyped
        def __init__(self) -> None:
            trt.ILogger.__init__(self)

        def log(self, severity: Any, msg: str) -> None:
            if severity in (trt.ILogger.ERROR, trt.ILogger.INTERNAL_ERROR):
                errors.append(msg.strip())

    return Kept()


def built_plan(graph: bytes, shape: Shape, profile: Profile) -> bytes:
    """A plan for this host's GPU; takes minutes.

    Parameters
    ----------
    graph
        Contents of an ONNX file that says in which precision all is computed.
    shape
        The network's sizes.
    profile
        Patches at once.

    Raises
    ------
    RuntimeError
        If TensorRT cannot read the graph or build a plan for it; with what it says.
    """
    import tensorrt as trt

    errors: list[str] = []
    logger = quiet_logger(errors)
    builder = trt.Builder(logger)
    network = builder.create_network()  # strongly typed, as all are in TensorRT 11
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(graph):
        for number in range(parser.num_errors):
            parser_error = parser.get_error(number)
            errors.append(parser_error.desc())
        raise RuntimeError(f"TensorRT cannot read the graph: {_told(errors)}")
    config = builder.create_builder_config()
    config.clear_flag(trt.BuilderFlag.TF32)  # float32 means float32: whoever wants less says so in the graph
    optimisation = builder.create_optimization_profile()
    patch = (shape.channels, *shape.patch)
    most = (profile.most, *patch)
    optimisation.set_shape(INPUT, min=(1, *patch), opt=most, max=most)
    if config.add_optimization_profile(optimisation) < 0:
        raise RuntimeError(f"TensorRT refuses the profile of 1 to {profile.most} patches: {_told(errors)}")
    memory = builder.build_serialized_network(network, config)
    if memory is None:
        raise RuntimeError(f"TensorRT cannot build a plan: {_told(errors)}")
    return bytes(memory)


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A plan that can run: what TensorRT wants kept as long as it is in use."""

    logger: Any
    runtime: Any
    engine: Any
    context: Any
    errors: list[str]

    def told(self) -> str:
        """What TensorRT said last."""
        return _told(self.errors)


def loaded_plan(plan: bytes) -> Loaded:
    """A plan on the current GPU; the memory for its intermediate values is the caller's to give, batch by batch.

    Raises
    ------
    RuntimeError
        If TensorRT cannot take it; with what it says.
    """
    import tensorrt as trt

    errors: list[str] = []
    logger = quiet_logger(errors)
    runtime = trt.Runtime(logger)
    engine = runtime.deserialize_cuda_engine(plan)
    if engine is None:
        raise RuntimeError(f"TensorRT cannot load the plan: {_told(errors)}")
    context = engine.create_execution_context(trt.ExecutionContextAllocationStrategy.USER_MANAGED)
    if context is None:
        raise RuntimeError(f"TensorRT cannot run the plan: {_told(errors)}")
    return Loaded(logger, runtime, engine, context, errors)


def _told(errors: list[str]) -> str:
    """The last error in one line."""
    return " ".join(errors[-1].split()) if errors else "it does not say why"
