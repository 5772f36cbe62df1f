"""nnU-Net's tensors as a ``lesion_unet``'s: every one accounted for, each once, on axes (z, y, x)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from uptake.inference.nnunet_import.axis_order import AxisOrder
from uptake.inference.nnunet_import.refusal import COPY_AGAIN, refused, words
from uptake.networks.catalogue import outline
from uptake.networks.lesion_unet import LesionUnetSettings, name_in_nnunet

# What torch puts before names: of several processes (DDP), and of a compiled module.
_WRAPPERS = ("module.", "_orig_mod.")


def network_weights(
    checkpoint: Mapping[str, Tensor], settings: LesionUnetSettings, order: AxisOrder, fold: str
) -> dict[str, Tensor]:
    """Weights by the names of ``lesion_unet``.

    Parameters
    ----------
    checkpoint
        Tensors by nnU-Net's names, most of them under several.
    settings
        Of the network, in the plans' order of axes.
    order
        The plans'.
    fold
        For errors.

    Returns
    -------
    dict
        float32; tensors that need no change are still the checkpoint's own.

    Raises
    ------
    BundleRefused
        If a tensor is missing, left over, of another shape or type, not finite, or differs from its own alias.
    """
    once = _once(checkpoint, fold)
    wanted = {name: each.shape for name, each in outline(settings).state_dict().items()}
    theirs = {name_in_nnunet(name): name for name in wanted}
    missing, left_over = sorted(theirs.keys() - once.keys()), sorted(once.keys() - theirs.keys())
    if missing or left_over:
        what = f"lacks {missing[0]}" if missing else f"has {words(left_over[0])}, which its plans have no layer for"
        raise refused(f"{fold} {what}.", "Check that plans.json is the one it was trained with.")
    return {ours: order.volumes(_number(once[name], wanted[ours], name, fold)) for name, ours in theirs.items()}


def _once(checkpoint: Mapping[str, Tensor], fold: str) -> dict[str, Tensor]:
    """Each tensor once, by the name that ``name_in_nnunet`` gives."""
    once: dict[str, Tensor] = {}
    for name, tensor in checkpoint.items():
        layer = _layer(name)
        known = once.setdefault(layer, tensor)
        if known is not tensor and not _same(known, tensor):
            raise refused(f"{fold} has two different tensors for {words(layer)}.", COPY_AGAIN)
    return once


def _layer(name: str) -> str:
    """The name without wrappers and aliases: a decoder knows its encoder, and a layer lists its parts again."""
    while name.startswith(_WRAPPERS):
        name = name.partition(".")[2]
    name = name.removeprefix("decoder.") if name.startswith("decoder.encoder.") else name
    return name.replace(".all_modules.0.", ".conv.").replace(".all_modules.1.", ".norm.")


def _same(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    return (one.data_ptr() == other.data_ptr() and one.stride() == other.stride()) or torch.equal(one, other)


def _number(tensor: Tensor, shape: torch.Size, name: str, fold: str) -> Tensor:
    """The tensor as float32, checked."""
    if tensor.shape != shape:
        found, wanted = (" x ".join(map(str, each)) for each in (tensor.shape, shape))
        raise refused(f"{fold}: {name} is {found}, but by plans.json it is {wanted}.", COPY_AGAIN)
    if tensor.layout is not torch.strided or not tensor.is_floating_point():
        raise refused(f"{fold}: {name} is of type {tensor.dtype}, not of floating point.", COPY_AGAIN)
    number = tensor.detach().to(torch.float32)
    if not bool(torch.isfinite(number).all()):
        raise refused(f"{fold}: {name} holds a value that is not a finite number.", COPY_AGAIN)
    return number
