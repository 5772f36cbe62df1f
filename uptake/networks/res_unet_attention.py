"""Nikulin 2023's network (doi:10.1007/s00259-023-06197-1): a residual 3D U-Net with self-attention at its bottom.

The paper gives: a residual 3D U-Net, "modified by inclusion of a Multi-Head Self-Attention (MHSA) block [Vaswani 2017]
at the bottom of the U-Net"; PET and CT in, three classes out (background, primary tumour, lymph node); patches of
32 x 128 x 128 voxels ``(z, y, x)`` of 2.5 mm. Its supplement, which has the layers, was not at hand. Hence ours to
choose, all of it settings where a number:

- Stages: halving every axis, so the bottom is 4 x 16 x 16 tokens of 20 mm ("small": 8 x 16 x 16): fine enough to tell
  neighbouring lesions apart, few enough to attend to all of them. "paper" has four; the stem of "small" takes 2 x 2
  voxels of a plane together, three stages follow, and the head spreads its answer over them again: on two processor
  cores the finest stage took most of the time.
- Features: 16 to 64 ("small": two processor cores, five folds under 10 MB) or 32 to 256 ("paper": a guess, for GPUs).
- Layers: one stem convolution, then residual blocks of two 3 x 3 x 3 convolutions (He 2016) with pooled shortcuts, the
  first of a stage strided. Instance norm and leaky ReLU 0.01, as nnU-Net: patches differ, and batches are small.
- Upsampling by a transposed convolution of kernel 2; the skip is added, not joined (Lee 2017, arXiv:1706.00120, a
  residual U-Net for volumes): joining would double the cost of the finest stage, which is most of it.
- No residual blocks in the finest encoder stage of "small": the stem alone feeds its skip.
- Attention: a whole block of Vaswani's encoder, that is with its feed-forward half (ReLU); norms before the halves;
  4 ("small") or 8 ("paper") heads, feed-forward 2 or 4 times as wide, one block, no dropout.
- Position: sines and cosines of z, y and x, a sixth of the channels each, wavelengths 2 pi to 200 pi tokens; not
  learned, so that any patch that the strides divide goes in; added to what queries, keys and values are made of, not to
  the features themselves.
- What attention has found is added to the bottom's features. Every added branch starts at 0: with the same seed the
  network starts as the one without attention (``attention_blocks=0``), which is what it is compared with.
- Logits come out; the softmax is the caller's. No deep supervision.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from uptake.networks import checks
from uptake.networks.blocks import POINT, AttentionBlock, ConvolutionNorm, ResidualBlock, Step, Style, initialised
from uptake.networks.checks import Triple

_HALF: Triple = (2, 2, 2)
_CUBE: Triple = (3, 3, 3)
_LONGEST = 100.0
_SINES_AND_COSINES_OF_THREE_AXES = 6


@dataclass(frozen=True, slots=True)
class ResUnetAttentionSettings:
    """Size of a ``res_unet_attention``. Lists, as JSON has them, become tuples.

    Parameters
    ----------
    in_channels
        Images in: 2 (PET, CT).
    classes
        Logits out, background included: 3.
    features
        Channels of each stage, finest first.
    strides
        ``(z, y, x)`` of each stage. The first is the stem's: where it is not ``(1, 1, 1)``, every stage works on a
        coarser grid than the patch, and the head spreads each of its voxels over as many as the stem took together.
    blocks
        Residual blocks of each encoder stage; the first may be 0.
    decoder_blocks
        Residual blocks of each decoder stage, from the bottom up: one fewer than there are stages.
    attention_blocks
        At the bottom; 0 for the network without attention.
    heads
        Of the attention; they divide the last of ``features``.
    feed_forward
        Width of the attention block's second half, as a multiple of the last of ``features``.
    norm_eps, negative_slope
        Of the instance norm and of the leaky ReLU.

    Raises
    ------
    ValueError
        A field that does not fit; it is named.
    """

    in_channels: int = 2
    classes: int = 3
    features: tuple[int, ...] = (8, 16, 32, 64)
    strides: tuple[Triple, ...] = (POINT, _HALF, _HALF, _HALF)
    blocks: tuple[int, ...] = (0, 1, 1, 1)
    decoder_blocks: tuple[int, ...] = (1, 1, 1)
    attention_blocks: int = 1
    heads: int = 4
    feed_forward: int = 2
    norm_eps: float = 1e-5
    negative_slope: float = 0.01

    def __post_init__(self) -> None:
        def put(field: str, value: object) -> None:
            object.__setattr__(self, field, value)

        checks.whole_number("in_channels", self.in_channels, least=1)
        checks.whole_number("classes", self.classes, least=2)
        put("features", checks.whole_numbers("features", self.features, least=1))
        stages = len(self.features)
        if stages < 2:
            raise ValueError("features must have at least 2 entries: one stage is no U-Net")
        put("strides", checks.triples("strides", self.strides, count=stages))
        put("blocks", checks.whole_numbers("blocks", self.blocks, count=stages, least=0))
        if 0 in self.blocks[1:]:
            raise ValueError(f"blocks may be 0 in the first stage only, not {self.blocks}")
        put("decoder_blocks", checks.whole_numbers("decoder_blocks", self.decoder_blocks, count=stages - 1, least=1))
        checks.whole_number("attention_blocks", self.attention_blocks, least=0)
        checks.whole_number("feed_forward", self.feed_forward, least=1)
        if self.features[-1] % checks.whole_number("heads", self.heads, least=1):
            raise ValueError(f"heads must divide the last of features ({self.features[-1]}), not be {self.heads}")
        if self.attention_blocks and self.features[-1] < _SINES_AND_COSINES_OF_THREE_AXES:
            raise ValueError(f"features must end in at least 6 for the position in attention, not {self.features}")
        put("norm_eps", checks.positive("norm_eps", self.norm_eps))
        put("negative_slope", checks.positive("negative_slope", self.negative_slope))

    @property
    def multiple(self) -> Triple:
        """What the sides ``(z, y, x)`` of a patch must be multiples of."""
        return checks.total_stride(self.strides)


class ResUnetAttention(nn.Module):
    """The network; ``res_unet_attention`` builds it with weights."""

    def __init__(self, settings: ResUnetAttentionSettings) -> None:
        super().__init__()
        self.settings = settings
        style = Style(settings.norm_eps, settings.negative_slope)
        features = settings.features
        self.stem = ConvolutionNorm(Step(settings.in_channels, features[0], _CUBE, settings.strides[0]), style)
        channels = features[0]
        encoder = []
        strides = (POINT, *settings.strides[1:])  # the stem has made the first
        for width, stride, count in zip(features, strides, settings.blocks, strict=True):
            encoder.append(_blocks(Step(channels, width, _CUBE, stride), style, count))
            channels = width
        self.encoder = nn.ModuleList(encoder)
        upsampling, decoder = [], []
        for count, stage in zip(settings.decoder_blocks, reversed(range(len(features) - 1)), strict=True):
            width, stride = features[stage], settings.strides[stage + 1]
            upsampling.append(nn.ConvTranspose3d(features[stage + 1], width, stride, stride))
            decoder.append(_blocks(Step(width, width, _CUBE), style, count))
        self.upsampling, self.decoder = nn.ModuleList(upsampling), nn.ModuleList(decoder)
        self.head = _head(features[0], settings)
        # Last, so that its weights are drawn last: without attention, a seed gives all others the same weights.
        self.attention = nn.ModuleList(
            AttentionBlock(features[-1], settings.heads, settings.feed_forward)
            for _ in range(settings.attention_blocks)
        )

    def forward(self, batch: Tensor) -> Tensor:
        """Logits ``(n, classes, z, y, x)``."""
        checks.fitting(batch.shape, self.settings.in_channels, self.settings.multiple)
        volume = self.stem(batch)
        skips: list[Tensor] = []
        for stage in self.encoder:
            volume = stage(volume)
            skips.append(volume)
        skips.pop()
        if self.settings.attention_blocks:
            volume = self._attended(volume)
        for upsample, stage in zip(self.upsampling, self.decoder, strict=True):
            volume = stage(upsample(volume) + skips.pop())
        logits: Tensor = self.head(volume)
        return logits

    def _attended(self, volume: Tensor) -> Tensor:
        """The bottom's features with what attention has found added to them."""
        tokens = volume.flatten(2).transpose(1, 2)
        position = positions(volume).to(volume.dtype)
        for block in self.attention:
            tokens = block(tokens, position)
        return tokens.transpose(1, 2).reshape(volume.shape)


def res_unet_attention(settings: ResUnetAttentionSettings, *, seed: int = 0) -> ResUnetAttention:
    """Residual 3D U-Net with self-attention at its bottom, on the CPU, its weights drawn from ``seed``.

    Source: Nikulin 2023; what the paper leaves open is listed in the module.
    """
    return initialised(lambda: ResUnetAttention(settings), seed=seed, negative_slope=settings.negative_slope)


def preset(scale: str, *, in_channels: int = 2, classes: int = 3, attention: bool = True) -> ResUnetAttentionSettings:
    """Settings of scale "small" (two processor cores) or "paper" (GPUs), with attention or without.

    Raises
    ------
    ValueError
        There is no such scale.
    """
    if scale not in ("small", "paper"):
        raise ValueError(f"scale must be one of small, paper, not {scale!r}")
    small = scale == "small"
    return ResUnetAttentionSettings(
        in_channels=in_channels,
        classes=classes,
        features=(16, 32, 64) if small else (32, 64, 128, 256),
        strides=((1, 2, 2), _HALF, _HALF) if small else (POINT, _HALF, _HALF, _HALF),
        blocks=(0, 1, 1) if small else (1, 2, 2, 2),
        decoder_blocks=(1, 1) if small else (2, 2, 1),
        attention_blocks=int(attention),
        heads=4 if small else 8,
        feed_forward=2 if small else 4,
    )


def positions(volume: Tensor) -> Tensor:
    """Where each token of a volume ``(n, c, z, y, x)`` lies: sines and cosines, float32 ``(z * y * x, c)``.

    Channels: sin z, cos z, sin y, cos y, sin x, cos x, a sixth each; what is left over is 0. After Vaswani 2017,
    section 3.5, with wavelengths for grids, not texts: 2 pi to 200 pi tokens.
    """
    channels, sides = volume.shape[1], volume.shape[2:]
    count = channels // _SINES_AND_COSINES_OF_THREE_AXES
    steps = torch.arange(count, dtype=torch.float32, device=volume.device)
    rates = _LONGEST ** (-steps / max(count - 1, 1))
    parts: list[Tensor] = []
    for axis, side in enumerate(sides):
        angles = torch.arange(side, dtype=torch.float32, device=volume.device)[:, None] * rates
        shape = [side if each == axis else 1 for each in range(3)]
        for wave in (torch.sin(angles), torch.cos(angles)):
            parts.append(wave.reshape(*shape, count).expand(*sides, count))
    left_over = channels - count * _SINES_AND_COSINES_OF_THREE_AXES
    parts.append(torch.zeros(*sides, left_over, device=volume.device))
    return torch.cat(parts, dim=-1).flatten(0, 2)


def _head(channels: int, settings: ResUnetAttentionSettings) -> nn.Module:
    """From the finest stage to logits on the patch's grid."""
    stride = settings.strides[0]
    if stride == POINT:
        return nn.Conv3d(channels, settings.classes, 1)
    return nn.ConvTranspose3d(channels, settings.classes, stride, stride)


def _blocks(step: Step, style: Style, count: int) -> nn.Sequential:
    """``count`` residual blocks, of which only the first changes channels and grid."""
    after = Step(step.channels_out, step.channels_out, step.kernel)
    return nn.Sequential(*(ResidualBlock(step if index == 0 else after, style) for index in range(count)))
