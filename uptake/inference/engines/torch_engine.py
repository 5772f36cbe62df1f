"""Networks on torch: float32 on the CPU, any precision on a CUDA GPU; a GPU without memory left is survived."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import nn

CPU = "CPU float32"
_GPU = {
    "CUDA float16": torch.float16,
    "CUDA bfloat16": torch.bfloat16,
    "CUDA float32": torch.float32,
}


def available() -> tuple[bool, str]:
    """Always."""
    return True, ""


def variants() -> tuple[str, ...]:
    """What ``TorchPredictor`` can be on this host, the likely fastest first; the CPU is always the last."""
    return (*_GPU, CPU) if torch.cuda.is_available() else (CPU,)


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
        CPU from then on.
    """

    def __init__(self, module: nn.Module, classes: int, variant: str, say: Callable[[str], None]) -> None:
        self.classes = classes
        self._module = module
        self._say = say
        self._most: int | None = None
        self._on_gpu: nn.Module | None = None
        self._precision = torch.float32
        if variant != CPU:
            self._precision = _GPU[variant]
            on_gpu = copy.deepcopy(module).to("cuda")
            # The method is untyped for formats of five axes.
            self._on_gpu = on_gpu.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]

    def predict(self, batch: torch.Tensor) -> torch.Tensor:
        """Logits (n, classes, z, y, x), float32 on the CPU, of a batch (n, channels, z, y, x)."""
        with torch.inference_mode():
            while self._on_gpu is not None:
                logits = self._tried(batch)
                if logits is not None:
                    return logits
                self._give_way(len(batch))
            answer: torch.Tensor = self._module(batch)
            return answer.float()

    def _tried(self, batch: torch.Tensor) -> torch.Tensor | None:
        """The GPU's logits, or None where its memory did not suffice."""
        most = self._most or len(batch)
        try:
            return torch.cat([self._forward(part) for part in torch.split(batch, most)])
        except torch.OutOfMemoryError:
            return None  # outside the handler, the error's hold on the tensors is gone

    def _forward(self, part: torch.Tensor) -> torch.Tensor:
        """One pass through the GPU and back."""
        if self._on_gpu is None:
            raise ValueError("this predictor has no GPU")
        there = part.to("cuda").contiguous(memory_format=torch.channels_last_3d)
        with torch.autocast("cuda", dtype=self._precision, enabled=self._precision != torch.float32):
            logits: torch.Tensor = self._on_gpu(there)
        # Always to the CPU, so that one run's logits do not change their device halfway.
        return logits.float().cpu()

    def _give_way(self, size: int) -> None:
        """Halve the batch, or leave the GPU."""
        most = min(self._most or size, size)
        if most > 1:
            self._most = most // 2
            self._say(f"The GPU ran out of memory with {most} patches at once; going on with {self._most}.")
        else:
            self._on_gpu = None
            self._say("The GPU ran out of memory with a single patch; going on with the CPU, which takes longer.")
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
