"""The pieces that both networks are built of.

All volumes are ``(n, channels, z, y, x)``. A convolution pads with zeros so that only its stride changes the grid.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from uptake.networks.checks import Triple

POINT: Triple = (1, 1, 1)

_Network = TypeVar("_Network", bound=nn.Module)


@dataclass(frozen=True, slots=True)
class Style:
    """What every layer of a network shares.

    Parameters
    ----------
    norm_eps
        Added to the variance in the instance norm.
    negative_slope
        Of the leaky ReLU.
    """

    norm_eps: float = 1e-5
    negative_slope: float = 0.01


@dataclass(frozen=True, slots=True)
class Step:
    """How a layer changes its input: channels in and out, kernel and stride ``(z, y, x)``."""

    channels_in: int
    channels_out: int
    kernel: Triple
    stride: Triple = POINT


class ConvolutionNorm(nn.Module):
    """Convolution, instance norm with scale and shift, and a leaky ReLU where ``active``."""

    def __init__(self, step: Step, style: Style, *, active: bool = True, bias: bool = True) -> None:
        super().__init__()
        z, y, x = step.kernel
        self.convolution = nn.Conv3d(
            step.channels_in,
            step.channels_out,
            step.kernel,
            step.stride,
            padding=((z - 1) // 2, (y - 1) // 2, (x - 1) // 2),
            bias=bias,
        )
        self.norm = nn.InstanceNorm3d(step.channels_out, eps=style.norm_eps, affine=True)
        self.activation = nn.LeakyReLU(style.negative_slope, inplace=True) if active else nn.Identity()

    def forward(self, volume: Tensor) -> Tensor:
        """``(n, channels_out, z, y, x)`` on the strided grid."""
        found: Tensor = self.activation(self.norm(self.convolution(volume)))
        return found


class ResidualBlock(nn.Module):
    """Two convolutions whose result is added to the input (He 2016), the shortcut pooled before it is projected.

    A strided shortcut averages, then a 1 x 1 x 1 convolution changes the channels (ResNet-D, He 2019,
    arXiv:1812.01187), so that no voxel of the input is passed over.
    """

    def __init__(self, step: Step, style: Style) -> None:
        super().__init__()
        channels = step.channels_out
        self.first = ConvolutionNorm(step, style)
        self.second = ConvolutionNorm(Step(channels, channels, step.kernel), style, active=False)
        shortcut: list[nn.Module] = []
        if step.stride != POINT:
            shortcut.append(nn.AvgPool3d(step.stride, step.stride))
        if step.channels_in != channels:
            projection = Step(step.channels_in, channels, POINT)
            shortcut.append(ConvolutionNorm(projection, style, active=False, bias=False))
        self.shortcut = nn.Sequential(*shortcut)
        self.activation = nn.LeakyReLU(style.negative_slope, inplace=True)

    def forward(self, volume: Tensor) -> Tensor:
        """``(n, channels_out, z, y, x)`` on the strided grid."""
        added = self.second(self.first(volume)) + self.shortcut(volume)
        found: Tensor = self.activation(added)
        return found


class AttentionBlock(nn.Module):
    """Every token looks at every other (multi-head self-attention, Vaswani 2017, arXiv:1706.03762), then thinks.

    Tokens are ``(n, tokens, channels)``, their position ``(tokens, channels)``; attention sees their sum. Both halves
    are added to their input, which is normalised before them, not after (Xiong 2020, arXiv:2002.04745). Attention is
    written as two matrix products and a softmax, which every export and every counter of operations knows.
    """

    def __init__(self, channels: int, heads: int, feed_forward: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention = nn.LayerNorm(channels)
        self.query_key_value = nn.Linear(channels, 3 * channels)
        self.joined = nn.Linear(channels, channels)
        self.norm_feed_forward = nn.LayerNorm(channels)
        self.widened = nn.Linear(channels, feed_forward * channels)
        self.narrowed = nn.Linear(feed_forward * channels, channels)

    def forward(self, tokens: Tensor, position: Tensor) -> Tensor:
        """``(n, tokens, channels)``."""
        tokens = tokens + self.joined(self._attended(self.norm_attention(tokens) + position))
        thought: Tensor = self.narrowed(torch.relu(self.widened(self.norm_feed_forward(tokens))))
        return tokens + thought

    def _attended(self, tokens: Tensor) -> Tensor:
        """The heads' answers side by side, ``(n, tokens, channels)``."""
        cases, count, channels = tokens.shape
        width = channels // self.heads
        split = self.query_key_value(tokens).reshape(cases, count, 3, self.heads, width).permute(2, 0, 3, 1, 4)
        query, key, value = split[0], split[1], split[2]
        likeness = torch.matmul(query * width**-0.5, key.transpose(-2, -1))
        found = torch.matmul(torch.softmax(likeness, dim=-1), value)
        return found.transpose(1, 2).reshape(cases, count, channels)


def initialised(build: Callable[[], _Network], *, seed: int, negative_slope: float) -> _Network:
    """The network on the CPU with fresh weights, the same for the same seed; torch's global random state is untouched.

    Convolutions are drawn as He 2015 (arXiv:1502.01852) for the leaky ReLU, biases are 0, as nnU-Net does. Every added
    branch starts at 0 (Goyal 2017, arXiv:1706.02677, section 5.1), so that a deep network starts as a shallow one.
    """
    with torch.device("meta"):
        network = build()
    network.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in network.modules():
            _draw(module, generator, negative_slope)
        for module in network.modules():
            _close_branches(module)
    return network


def _draw(module: nn.Module, generator: torch.Generator, negative_slope: float) -> None:
    """Fresh weights of one layer."""
    if isinstance(module, nn.Conv3d | nn.ConvTranspose3d):
        nn.init.kaiming_normal_(module.weight, a=negative_slope, generator=generator)
    elif isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight, generator=generator)
    elif isinstance(module, nn.InstanceNorm3d | nn.LayerNorm):
        nn.init.ones_(module.weight)
    else:
        return
    if module.bias is not None:
        nn.init.zeros_(module.bias)


def _close_branches(module: nn.Module) -> None:
    """Set to 0 the last layer of what a block adds to its input."""
    if isinstance(module, ResidualBlock):
        nn.init.zeros_(module.second.norm.weight)
    elif isinstance(module, AttentionBlock):
        nn.init.zeros_(module.joined.weight)
        nn.init.zeros_(module.narrowed.weight)
