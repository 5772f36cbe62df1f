"""Networks on TensorRT 11: plans built on site, kept by all they depend on, run on torch's memory and stream."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from uptake.errors import InferenceRefused
from uptake.inference.engines import presence
from uptake.inference.engines.gpu_batches import GpuBatches
from uptake.inference.engines.source import Shape, Source
from uptake.inference.engines.tensorrt_building import Loaded, Profile, built_plan, loaded_plan, version
from uptake.inference.engines.tensorrt_lowering import PRECISIONS, lowered
from uptake.inference.engines.tensorrt_plans import plan_key, read_plan, write_plan
from uptake.inference.engines.torch_engine import CPU, TorchPredictor
from uptake.inference.export import INPUT, OUTPUT

Say = Callable[[str], None]

_INSTALL = "pip install -r requirements-gpu.txt --extra-index-url https://pypi.nvidia.com"
OLDEST = 11
"""Version: before it, networks were not always strongly typed."""
_MOST_PATCHES = 2
_PLANS = "plans"


def available() -> tuple[bool, str]:
    """Whether TensorRT 11 and a CUDA GPU are here, and if not, one line that says what to install."""
    present, reason = presence("TensorRT", ("tensorrt", "onnx", "onnxscript"), _INSTALL)
    if not present:
        return False, reason
    try:
        found = version()
    except Exception as error:  # libraries of the wrong CUDA fail in many ways
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return False, f"TensorRT cannot run here, as it cannot be loaded ({first}): {_INSTALL}"
    if not found.partition(".")[0].isdigit() or int(found.partition(".")[0]) < OLDEST:
        return False, f"TensorRT cannot run here, {found} being older than {OLDEST}: {_INSTALL}"
    if not torch.cuda.is_available():
        return False, "TensorRT cannot run here, torch finding no CUDA GPU: install a torch built for CUDA 13"
    return True, ""


def variants() -> tuple[str, ...]:
    """Precisions, the likely fastest first."""
    return ("float16", "bfloat16", "float32")


def build(source: Source, variant: str, say: Say) -> TensorRtPredictor:
    """A network on TensorRT in one of ``variants``; its plan is kept in the source's folder."""
    settings = TensorRtSettings(variant, cache=source.folder / _PLANS)

    def on_cpu(batch: torch.Tensor) -> torch.Tensor:
        return TorchPredictor(source.module, source.shape.classes, CPU, say).predict(batch)

    return TensorRtPredictor(source.graph(), source.shape, settings, say, otherwise=on_cpu)


@dataclass(frozen=True, slots=True)
class TensorRtSettings:
    """How a network is put on TensorRT.

    Parameters
    ----------
    precision
        One of ``tensorrt_lowering.PRECISIONS``.
    most
        Patches at once at most; larger batches are split.
    cache
        Folder of plans, made if absent; None to keep none.
    """

    precision: str = "float16"
    most: int = _MOST_PATCHES
    cache: Path | None = None

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise ValueError(f"there is no precision {self.precision!r}, but {', '.join(PRECISIONS)}")
        Profile(self.most)


class TensorRtPredictor:
    """A network on TensorRT.

    Parameters
    ----------
    graph
        File of ``export.export_onnx``; no longer needed afterwards.
    shape
        The network's sizes.
    settings
        Precision, patches at once, cache.
    say
        Told in one line: a plan that is built or could not be kept, and a GPU that runs out of memory (fewer patches
        at once, then ``otherwise``).
    otherwise
        Logits of a batch without the GPU; None to raise InferenceRefused where not even one patch fits.

    Raises
    ------
    RuntimeError
        If TensorRT cannot build or load a plan; with what it says.
    """

    def __init__(
        self,
        graph: Path,
        shape: Shape,
        settings: TensorRtSettings,
        say: Say,
        *,
        otherwise: Callable[[torch.Tensor], torch.Tensor] | None = None,
    ) -> None:
        self.classes = shape.classes
        self._shape = shape
        self._loaded = _loaded(graph.read_bytes(), shape, settings, say)
        # A stream of its own: on the default one TensorRT synchronises the device.
        self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        self._batches = GpuBatches(self._run, otherwise or _refuse, say, settings.most)

    def predict(self, batch: torch.Tensor) -> torch.Tensor:
        """Logits (n, classes, z, y, x), float32 on the CPU, of a batch (n, channels, z, y, x)."""
        with torch.inference_mode(), torch.cuda.stream(self._stream):
            return self._batches.predict(batch)

    def _run(self, part: torch.Tensor) -> torch.Tensor:
        """One pass; torch's allocator gives all memory, so that it says when there is none."""
        context = self._loaded.context
        there = part.to("cuda").contiguous()
        logits = torch.empty((len(part), self.classes, *self._shape.patch), device="cuda")
        if not context.set_input_shape(INPUT, tuple(there.shape)):
            raise RuntimeError(f"TensorRT refuses patches of {tuple(there.shape)}: {self._loaded.told()}")
        needed = context.update_device_memory_size_for_shapes()
        scratch = torch.empty(max(needed, 1), dtype=torch.uint8, device="cuda")
        context.set_device_memory(scratch.data_ptr(), scratch.numel())
        context.set_tensor_address(INPUT, there.data_ptr())
        context.set_tensor_address(OUTPUT, logits.data_ptr())
        if not context.execute_async_v3(torch.cuda.current_stream().cuda_stream):
            raise RuntimeError(f"TensorRT failed: {self._loaded.told()}")
        return logits.cpu()  # waits for the stream, so nothing above is freed too early


def _refuse(batch: torch.Tensor) -> torch.Tensor:
    """Nothing is left."""
    raise InferenceRefused("The GPU's memory does not hold a single patch.", remedy="Use another engine.")


def _loaded(content: bytes, shape: Shape, settings: TensorRtSettings, say: Say) -> Loaded:
    """The plan from the cache where there is one that loads, else a new one."""
    graph = lowered(content, settings.precision)
    major, minor = torch.cuda.get_device_capability()
    key = plan_key(
        graph,
        {
            "tensorrt": version(),
            "gpu": torch.cuda.get_device_name(),
            "sm": f"{major}.{minor}",
            "precision": settings.precision,
            "most": settings.most,
            "patch": list(shape.patch),
        },
    )
    kept = cached_plan(settings.cache, key, say)
    if kept is not None:
        try:
            return loaded_plan(kept)
        except RuntimeError as error:
            say(f"A kept TensorRT plan is built anew: {error}")
    say(f"TensorRT builds a plan in {settings.precision} for this GPU, which takes minutes the first time.")
    plan = built_plan(graph, shape, Profile(settings.most))
    keep_plan(settings.cache, key, plan, say)
    return loaded_plan(plan)


def cached_plan(folder: Path | None, key: str, say: Say) -> bytes | None:
    """A plan from the cache; None where there is none, and, said, where it is damaged or cannot be read."""
    if folder is None:
        return None
    try:
        return read_plan(folder, key)
    except (ValueError, OSError) as error:
        say(f"A kept TensorRT plan is built anew: {error}")
        return None


def keep_plan(folder: Path | None, key: str, plan: bytes, say: Say) -> None:
    """Put a plan into the cache; where that cannot be, say so and go without."""
    if folder is None:
        return
    try:
        write_plan(folder, key, plan)
    except OSError as error:
        say(f"The TensorRT plan could not be kept and will be built again: {error.strerror or error}")
