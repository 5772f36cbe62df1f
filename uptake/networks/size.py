"""How big a network is: its numbers, and the operations that one pass takes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.func import functional_call
from torch.utils.flop_counter import FlopCounterMode


def parameters(module: nn.Module) -> int:
    """How many numbers are fitted."""
    return sum(each.numel() for each in module.parameters())


def flops(module: nn.Module, shape: Sequence[int]) -> int:
    """Operations of one pass over a batch of ``shape`` ``(n, c, z, y, x)``: multiplications and additions, each one.

    Convolutions and matrix products are counted, as torch's counter does; norms and activations, some per cent, are
    not. Nothing is computed and no memory taken: the pass is made with shapes only. Counted in the mode (training or
    evaluation) that the module is in.

    Raises
    ------
    ValueError
        The network takes no such batch.
    """
    named = [*module.named_parameters(), *module.named_buffers()]
    shapes_only = {name: torch.empty_like(each, device="meta") for name, each in named}
    batch = torch.empty(tuple(shape), device="meta")
    with torch.no_grad(), FlopCounterMode(display=False) as counted:
        functional_call(module, shapes_only, (batch,))
    return int(counted.get_total_flops())
