"""Networks on torch: float32 on the CPU, any precision on a CUDA GPU; a GPU without memory left is survived.

On a GPU the weights and patches lie channels last, half precision is by autocast, and the variants "CUDA graph" play
back one captured pass instead of launching its kernels one by one.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import nn

from uptake.inference.engines.gpu_batches import GpuBatches

CPU = "CPU float32"
_PRECISION = {
    "CUDA graph float16": torch.float16,
    "CUDA graph bfloat16": torch.bfloat16,
    "CUDA float16": torch.float16,
    "CUDA bfloat16": torch.bfloat16,
    "CUDA float32": torch.float32,
}
_GRAPHED = ("CUDA graph float16", "CUDA graph bfloat16")
_WARM_UPS = 3
"""Passes before a capture, so that cuDNN has chosen and torch has allocated; as in torch's notes on CUDA graphs."""


def available() -> tuple[bool, str]:
    """Always."""
    return True, ""


def variants() -> tuple[str, ...]:
    """What ``TorchPredictor`` can be on this host, the likely fastest first; the CPU is always the last."""
    return (*_PRECISION, CPU) if torch.cuda.is_available() else (CPU,)


class TorchPredictor:
    """A network on torch.

    Parameters
    ----------
    module
        Network in evaluation mode on the CPU; left as it is.
    classes
        Of the network.
    variant
        One of ``variants()``.
    say
        Told in one line when the GPU runs out of memory: half the batch from then on, and with one patch too many, the
        CPU from then on; and when a pass cannot be captured as a CUDA graph, so that it is run as usual.
    device
        Where the variants other than ``CPU`` run, in torch's words.

    Raises
    ------
    ValueError
        If there is no such variant.
    """

    def __init__(
        self, module: nn.Module, classes: int, variant: str, say: Callable[[str], None], *, device: str = "cuda"
    ) -> None:
        self.classes = classes
        self._module = module
        self._gpu: GpuBatches | None = None
        if variant == CPU:
            return
        if variant not in _PRECISION:
            raise ValueError(f"torch has no variant {variant!r}, but {', '.join((*_PRECISION, CPU))}")
        there = _OnDevice(module, device, _PRECISION[variant])
        forward = _Graphed(there, say).forward if variant in _GRAPHED else there.forward
        # Always to the CPU, so that one run's logits do not change their device halfway.
        self._gpu = GpuBatches(lambda part: forward(part).float().cpu(), self._on_cpu, say)

    def predict(self, batch: torch.Tensor) -> torch.Tensor:
        """Logits (n, classes, z, y, x), float32 on the CPU, of a batch (n, channels, z, y, x)."""
        with torch.inference_mode():
            return self._on_cpu(batch) if self._gpu is None else self._gpu.predict(batch)

    def _on_cpu(self, batch: torch.Tensor) -> torch.Tensor:
        """The network itself."""
        answer: torch.Tensor = self._module(batch)
        return answer.float()


class _OnDevice:
    """A copy of the network on a device, channels last, in a precision."""

    def __init__(self, module: nn.Module, device: str, precision: torch.dtype) -> None:
        self.device = device
        self._precision = precision
        there = copy.deepcopy(module).to(device)
        # The method is untyped for formats of five axes.
        self._module = there.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]

    def bring(self, part: torch.Tensor) -> torch.Tensor:
        """The patches where the network is."""
        return part.to(self.device).contiguous(memory_format=torch.channels_last_3d)

    def forward(self, part: torch.Tensor) -> torch.Tensor:
        """Logits on the device, of patches that are anywhere."""
        return self.run(self.bring(part))

    def run(self, there: torch.Tensor, *, keep_casts: bool = True) -> torch.Tensor:
        """Logits of patches that are there; a capture must not keep autocast's casted weights."""
        half = self._precision != torch.float32
        kind = torch.device(self.device).type
        with torch.autocast(kind, dtype=self._precision, enabled=half, cache_enabled=keep_casts):
            logits: torch.Tensor = self._module(there)
        return logits


class _Graphed:
    """One pass captured as a CUDA graph for the first shape that comes; other shapes, few in a run, go without.

    References
    ----------
    PyTorch notes, "CUDA Graphs": static input and output, warm-up on a side stream, autocast without its cache.
    """

    def __init__(self, network: _OnDevice, say: Callable[[str], None]) -> None:
        self._network = network
        self._say = say
        self._failed = False
        self._captured: tuple[torch.cuda.CUDAGraph, torch.Tensor, torch.Tensor] | None = None

    def forward(self, part: torch.Tensor) -> torch.Tensor:
        """Logits on the device; the next pass overwrites them."""
        if self._captured is None and not self._failed:
            self._try_capture(self._network.bring(part))
        if self._captured is None or self._captured[1].shape != part.shape:
            return self._network.forward(part)
        graph, static_in, static_out = self._captured
        static_in.copy_(part)
        graph.replay()
        return static_out

    def _try_capture(self, there: torch.Tensor) -> None:
        """Capture; memory that does not suffice is the caller's matter, any other failure is said and lived with."""
        try:
            self._captured = self._capture(there)
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # whatever a network may do that a capture forbids
            self._failed = True
            first = (str(error).strip().splitlines() or [type(error).__name__])[0]
            self._say(f"The network could not be captured as a CUDA graph and is run without: {first}")

    def _capture(self, static_in: torch.Tensor) -> tuple[torch.cuda.CUDAGraph, torch.Tensor, torch.Tensor]:
        """The graph with its input and output."""
        graph = torch.cuda.CUDAGraph()
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(_WARM_UPS):
                self._network.run(static_in, keep_casts=False)
        torch.cuda.current_stream().wait_stream(aside)
        with torch.cuda.graph(graph):
            static_out = self._network.run(static_in, keep_casts=False)
        return graph, static_in, static_out
