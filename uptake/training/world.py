"""On which devices a training runs: one, or those that torchrun gives one process each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from torch import distributed, nn

from uptake.training.kept_memory import keep_memory


@dataclass(frozen=True, slots=True)
class World:
    """One process among all of a training.

    Parameters
    ----------
    rank, size
        Number of this process, and of all.
    device
        Of this process.
    """

    rank: int
    size: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this process validates and writes."""
        return self.rank == 0

    def fast_bfloat16(self) -> bool:
        """Whether the device computes in bfloat16 faster than in float32; many processors do not."""
        if self.device.type == "cuda":
            return bool(torch.cuda.is_bf16_supported())
        return "avx512_bf16" in _processor_flags()

    def spread(self, network: nn.Module) -> nn.Module:
        """The network, its gradients averaged over all processes."""
        return nn.parallel.DistributedDataParallel(network) if self.size > 1 else network

    def agreed(self, flag: bool) -> bool:
        """What the first process says."""
        if self.size == 1:
            return flag
        told = torch.tensor([int(flag)], device=self.device)
        distributed.broadcast(told, 0)
        return bool(told.item())

    def wait(self) -> None:
        """Until all have come here."""
        if self.size > 1:
            distributed.barrier()


@contextmanager
def world(threads: int = 0) -> Iterator[World]:
    """Join the processes that torchrun started (``WORLD_SIZE``, ``RANK``, ``LOCAL_RANK``), or be alone.

    A process that computes on the processor keeps its memory from then on.

    Parameters
    ----------
    threads
        Of torch on the processor; 0 for its own choice.
    """
    if threads:
        torch.set_num_threads(threads)
    size, rank, local = (int(os.environ.get(name, default)) for name, default in _VARIABLES)
    cuda = torch.cuda.is_available()
    device = torch.device("cuda", local) if cuda else torch.device("cpu")
    if cuda:
        torch.cuda.set_device(device)
    else:
        keep_memory()
    if size > 1:
        distributed.init_process_group("nccl" if cuda else "gloo")
    try:
        yield World(rank, size, device)
    finally:
        if size > 1:
            distributed.destroy_process_group()


@cache
def _processor_flags() -> frozenset[str]:
    """What Linux says the processor can do; nothing elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return frozenset()
    return frozenset(word for line in lines if line.startswith("flags") for word in line.split())


_VARIABLES = (("WORLD_SIZE", "1"), ("RANK", "0"), ("LOCAL_RANK", "0"))
