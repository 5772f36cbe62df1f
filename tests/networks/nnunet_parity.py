"""Two small networks as nnU-Net v2 would plan them, with weights that anyone can draw again.

``nnunet_parity.json`` was recorded from dynamic_network_architectures 0.4.4, the nnU-Net authors' package, by
``python -m tests.networks.nnunet_parity``: what its parameters are called, their shapes, and some of its logits.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from uptake.networks.lesion_unet import LesionUnetSettings

RECORD = Path(__file__).with_suffix(".json")
# Anisotropic kernels and strides, a stage that changes channels without a stride and one with a stride alone: every
# kind of shortcut.
_COMMON: dict[str, Any] = {
    "in_channels": 2,
    "classes": 3,
    "features": (4, 6, 8, 8),
    "strides": ((1, 1, 1), (1, 2, 2), (1, 1, 1), (2, 2, 2)),
    "kernels": ((1, 3, 3), (3, 3, 3), (3, 3, 3), (3, 3, 3)),
}
SETTINGS = {
    "plain": LesionUnetSettings(**_COMMON, convolutions=(2, 1, 2, 2), decoder_convolutions=(1, 2, 2)),
    "residual": LesionUnetSettings(**_COMMON, convolutions=(1, 2, 1, 2), decoder_convolutions=(1, 1, 2), residual=True),
}


def drawn(shapes: dict[str, list[int]]) -> dict[str, Tensor]:
    """Weights by nnU-Net's names, drawn in the order of the names."""
    random = np.random.default_rng(7)
    return {name: torch.from_numpy(random.normal(0.0, 0.3, shapes[name]).astype(np.float32)) for name in sorted(shapes)}


def batch() -> Tensor:
    """Two cases of ``(2, 4, 8, 12)``."""
    return torch.from_numpy(np.random.default_rng(8).normal(size=(2, 2, 4, 8, 12)).astype(np.float32))


def their_network(settings: LesionUnetSettings) -> nn.Module:
    """The same network of dynamic_network_architectures, built as nnU-Net builds it from its plans."""
    from dynamic_network_architectures.architectures import unet

    build = unet.ResidualEncoderUNet if settings.residual else unet.PlainConvUNet
    counts = "n_blocks_per_stage" if settings.residual else "n_conv_per_stage"
    network: nn.Module = build(
        input_channels=settings.in_channels,
        n_stages=len(settings.features),
        features_per_stage=list(settings.features),
        conv_op=nn.Conv3d,
        kernel_sizes=[list(each) for each in settings.kernels],
        strides=[list(each) for each in settings.strides],
        **{counts: list(settings.convolutions)},
        num_classes=settings.classes,
        n_conv_per_stage_decoder=list(settings.decoder_convolutions),
        conv_bias=True,
        norm_op=nn.InstanceNorm3d,
        norm_op_kwargs={"eps": 1e-5, "affine": True},
        nonlin=nn.LeakyReLU,
        nonlin_kwargs={"inplace": True},
        deep_supervision=False,
    )
    return network.eval()


def their_shapes(network: nn.Module) -> dict[str, list[int]]:
    """Shapes of its parameters, each once, by the name that names the layer."""
    return {
        name: list(each.shape)
        for name, each in network.state_dict().items()
        if "all_modules" not in name and not name.startswith("decoder.encoder")
    }


def _record() -> None:
    recorded = {}
    for kind, settings in SETTINGS.items():
        network = their_network(settings)
        shapes = their_shapes(network)
        # The other names are the same tensors again, so that these are all.
        network.load_state_dict(drawn(shapes), strict=False)
        with torch.inference_mode():
            logits = network(batch())
        picked = [round(float(each), 6) for each in logits.flatten()[::37]]
        recorded[kind] = {"shapes": shapes, "logits": picked}
    RECORD.write_text(json.dumps(recorded) + "\n")


if __name__ == "__main__":
    _record()
