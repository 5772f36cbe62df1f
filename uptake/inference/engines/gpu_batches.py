"""Batches on a GPU whose memory may not suffice: fewer patches at once, then another processor, said aloud."""

from __future__ import annotations

from collections.abc import Callable

import torch

Forward = Callable[[torch.Tensor], torch.Tensor]


class GpuBatches:
    """A network on a GPU, and what takes over when not even one patch fits.

    Parameters
    ----------
    on_gpu
        Logits of a batch; raises torch.OutOfMemoryError where the memory does not suffice.
    otherwise
        Logits of a batch without the GPU; from then on it is always used.
    say
        Told in one line of either.
    most
        Patches at once, None for as many as come.
    """

    def __init__(
        self, on_gpu: Forward, otherwise: Forward, say: Callable[[str], None], most: int | None = None
    ) -> None:
        self._on_gpu: Forward | None = on_gpu
        self._otherwise = otherwise
        self._say = say
        self._most = most

    def predict(self, batch: torch.Tensor) -> torch.Tensor:
        """Logits of a batch, whatever it takes."""
        while self._on_gpu is not None:
            logits = self._tried(self._on_gpu, batch)
            if logits is not None:
                return logits
            self._give_way(len(batch))
        return self._otherwise(batch)

    def _tried(self, on_gpu: Forward, batch: torch.Tensor) -> torch.Tensor | None:
        """The GPU's logits, or None where its memory did not suffice."""
        try:
            return torch.cat([on_gpu(part) for part in torch.split(batch, self._most or len(batch))])
        except torch.OutOfMemoryError:
            return None  # outside the handler, the error's hold on the tensors is gone

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
