"""nnU-Net's U-Nets: what Moreau 2022 segmented metastases with, and what public nnU-Net v2 weights fit into.

Plain, as in Isensee 2021 (doi:10.1038/s41592-020-01008-z; ``PlainConvUNet``), or with a residual encoder, as in Isensee
2024 (arXiv:2404.09556; ``ResidualEncoderUNet``). Layer by layer that of dynamic_network_architectures 0.4.4:

- convolution with bias, instance norm with scale and shift (eps 1e-5), leaky ReLU (0.01), no dropout;
- the first convolution of a stage has its stride; a residual encoder begins with one stem convolution;
- upsampling by a transposed convolution whose kernel is its stride, joined to the skip (upsampled channels first);
- one 1 x 1 x 1 head per decoder stage. Only the last one is used, but all are there, so that any checkpoint fits.

Names in the state dict (``s`` stage, ``k`` convolution or block, decoder stages from the bottom up)::

    stem.{convolution,norm}.{weight,bias}                              residual only
    encoder.s.k.{convolution,norm}.{weight,bias}                       plain
    encoder.s.k.{first,second}.{convolution,norm}.{weight,bias}        residual
    encoder.s.k.shortcut.i.{convolution,norm}.{weight,bias}            residual; i is 1 after a pooling, else 0; no
                                                                       convolution bias
    upsampling.s.{weight,bias}
    decoder.s.k.{convolution,norm}.{weight,bias}
    heads.s.{weight,bias}

Ours to choose: with ``deep_supervision`` a list of logits (finest first) comes out in training mode only; in
evaluation mode it is always one tensor. The presets' sizes: "paper" is what nnU-Net plans for patches of 128 voxels a
side (Moreau gives no sizes), "small" is what two processor cores can train.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from uptake.networks import checks
from uptake.networks.blocks import POINT, ConvolutionNorm, ResidualBlock, Step, Style, initialised
from uptake.networks.checks import Triple

_HALF: Triple = (2, 2, 2)
_CUBE: Triple = (3, 3, 3)
_SIZES = {
    # (features, convolutions per stage, residual blocks per stage)
    "small": ((8, 16, 32, 64, 128), (2, 2, 2, 2, 2), (1, 1, 2, 2, 2)),
    "paper": ((32, 64, 128, 256, 320, 320), (2, 2, 2, 2, 2, 2), (1, 3, 4, 6, 6, 6)),
}
_NAMES = (
    (r"stem\.(.+)", r"encoder.stem.convs.0.\1"),
    (r"encoder\.(\d+)\.(\d+)\.((?:convolution|norm)\..+)", r"encoder.stages.\1.0.convs.\2.\3"),
    (r"encoder\.(\d+)\.(\d+)\.first\.(.+)", r"encoder.stages.\1.blocks.\2.conv1.\3"),
    (r"encoder\.(\d+)\.(\d+)\.second\.(.+)", r"encoder.stages.\1.blocks.\2.conv2.\3"),
    (r"encoder\.(\d+)\.(\d+)\.shortcut\.(.+)", r"encoder.stages.\1.blocks.\2.skip.\3"),
    (r"upsampling\.(.+)", r"decoder.transpconvs.\1"),
    (r"decoder\.(\d+)\.(\d+)\.(.+)", r"decoder.stages.\1.convs.\2.\3"),
    (r"heads\.(.+)", r"decoder.seg_layers.\1"),
)


@dataclass(frozen=True, slots=True)
class LesionUnetSettings:
    """Size of a ``lesion_unet``. Lists, as JSON has them, become tuples.

    Parameters
    ----------
    in_channels
        Images in, such as 2 (PET, CT), or 4 (with the registered baseline PET and its lesions).
    classes
        Logits out, background included.
    features
        Channels of each stage, finest first.
    strides
        ``(z, y, x)`` of each stage; the first may differ from 1 only where the network's result is coarser.
    convolutions
        Of each encoder stage; residual blocks of two where ``residual``.
    decoder_convolutions
        Of each decoder stage, from the bottom up: one fewer than there are stages.
    kernels
        ``(z, y, x)`` of each stage, odd.
    residual
        Residual encoder instead of the plain one.
    deep_supervision
        In training mode, logits of every decoder stage.
    norm_eps, negative_slope
        Of the instance norm and of the leaky ReLU.

    Raises
    ------
    ValueError
        A field that does not fit; it is named.
    """

    in_channels: int
    classes: int
    features: tuple[int, ...]
    strides: tuple[Triple, ...]
    convolutions: tuple[int, ...]
    decoder_convolutions: tuple[int, ...]
    kernels: tuple[Triple, ...]
    residual: bool = False
    deep_supervision: bool = False
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
        if self.strides[0] != POINT:
            raise ValueError(f"strides must begin with (1, 1, 1), so that every voxel gets logits; not {self.strides}")
        put("convolutions", checks.whole_numbers("convolutions", self.convolutions, count=stages, least=1))
        decoder = checks.whole_numbers("decoder_convolutions", self.decoder_convolutions, count=stages - 1, least=1)
        put("decoder_convolutions", decoder)
        put("kernels", checks.odd_triples("kernels", self.kernels, count=stages))
        checks.true_or_false("residual", self.residual)
        checks.true_or_false("deep_supervision", self.deep_supervision)
        put("norm_eps", checks.positive("norm_eps", self.norm_eps))
        put("negative_slope", checks.positive("negative_slope", self.negative_slope))

    @property
    def multiple(self) -> Triple:
        """What the sides ``(z, y, x)`` of a patch must be multiples of."""
        return checks.total_stride(self.strides)


class LesionUnet(nn.Module):
    """The network; ``lesion_unet`` builds it with weights."""

    def __init__(self, settings: LesionUnetSettings) -> None:
        super().__init__()
        self.settings = settings
        style = Style(settings.norm_eps, settings.negative_slope)
        features, kernels = settings.features, settings.kernels
        stem = Step(settings.in_channels, features[0], kernels[0])
        self.stem = ConvolutionNorm(stem, style) if settings.residual else nn.Identity()
        kind = ResidualBlock if settings.residual else ConvolutionNorm
        channels = features[0] if settings.residual else settings.in_channels
        encoder = []
        for stage, count in enumerate(settings.convolutions):
            step = Step(channels, features[stage], kernels[stage], settings.strides[stage])
            encoder.append(_stacked(kind, step, style, count))
            channels = features[stage]
        self.encoder = nn.ModuleList(encoder)
        upsampling, decoder, heads = [], [], []
        for count, stage in zip(settings.decoder_convolutions, reversed(range(len(features) - 1)), strict=True):
            width, stride = features[stage], settings.strides[stage + 1]
            upsampling.append(nn.ConvTranspose3d(features[stage + 1], width, stride, stride))
            decoder.append(_stacked(ConvolutionNorm, Step(2 * width, width, kernels[stage]), style, count))
            heads.append(nn.Conv3d(width, settings.classes, 1))
        self.upsampling, self.decoder = nn.ModuleList(upsampling), nn.ModuleList(decoder)
        self.heads = nn.ModuleList(heads)

    def forward(self, batch: Tensor) -> Tensor | list[Tensor]:
        """Logits ``(n, classes, z, y, x)``; in training mode with deep supervision a list of them, finest first."""
        checks.fitting(batch.shape, self.settings.in_channels, self.settings.multiple)
        volume = self.stem(batch)
        skips: list[Tensor] = []
        for stage in self.encoder:
            volume = stage(volume)
            skips.append(volume)
        skips.pop()
        supervised = self.settings.deep_supervision and self.training
        logits: list[Tensor] = []
        for index, (upsample, stage) in enumerate(zip(self.upsampling, self.decoder, strict=True)):
            # Popped, so that a skip is freed as soon as it has been joined: the finest are most of the memory.
            volume = stage(torch.cat((upsample(volume), skips.pop()), dim=1))
            if supervised or not skips:
                logits.append(self.heads[index](volume))
        return logits[::-1] if supervised else logits[0]


def lesion_unet(settings: LesionUnetSettings, *, seed: int = 0) -> LesionUnet:
    """nnU-Net's U-Net on the CPU, its weights drawn from ``seed``.

    Sources: Isensee 2021 and 2024, see the module.
    """
    return initialised(lambda: LesionUnet(settings), seed=seed, negative_slope=settings.negative_slope)


def preset(scale: str, *, in_channels: int, classes: int, residual: bool = False) -> LesionUnetSettings:
    """Settings of scale "small" (two processor cores) or "paper" (nnU-Net's plan for patches of 128 voxels a side).

    The residual "paper" has the block counts of nnU-Net's ResEnc presets (Isensee 2024).

    Raises
    ------
    ValueError
        There is no such scale.
    """
    if scale not in _SIZES:
        raise ValueError(f"scale must be one of {', '.join(_SIZES)}, not {scale!r}")
    features, convolutions, blocks = _SIZES[scale]
    deeper = len(features) - 1
    return LesionUnetSettings(
        in_channels=in_channels,
        classes=classes,
        features=features,
        strides=(POINT, *(_HALF,) * deeper),
        convolutions=blocks if residual else convolutions,
        decoder_convolutions=(1 if residual else 2,) * deeper,
        kernels=(_CUBE,) * len(features),
        residual=residual,
    )


def name_in_nnunet(name: str) -> str:
    """What nnU-Net v2 calls the parameter ``name`` of a ``lesion_unet``.

    Its checkpoints hold most parameters under several names (``...all_modules.0...`` and ``decoder.encoder...`` are the
    same tensors again); this is the one that begins with ``encoder.`` or ``decoder.`` and names the layer.

    Raises
    ------
    ValueError
        No parameter of a ``lesion_unet`` is called so.
    """
    for ours, theirs in _NAMES:
        if (found := re.fullmatch(ours, name)) is not None:
            return found.expand(theirs).replace("convolution", "conv")
    raise ValueError(f"no parameter of lesion_unet is called {name!r}")


def _stacked(kind: type[ConvolutionNorm] | type[ResidualBlock], step: Step, style: Style, count: int) -> nn.Sequential:
    """``count`` layers of a kind, of which only the first changes channels and grid."""
    after = Step(step.channels_out, step.channels_out, step.kernel)
    return nn.Sequential(kind(step, style), *(kind(after, style) for _ in range(count - 1)))
