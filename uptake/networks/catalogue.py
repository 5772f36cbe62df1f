"""Networks by name, from settings as JSON has them: what a bundle's metadata says is what gets built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields

import torch
from torch import nn

from uptake.networks.lesion_unet import LesionUnet, LesionUnetSettings, lesion_unet
from uptake.networks.res_unet_attention import ResUnetAttention, ResUnetAttentionSettings, res_unet_attention

Settings = LesionUnetSettings | ResUnetAttentionSettings

NETWORKS: Mapping[str, type[Settings]] = {
    "lesion_unet": LesionUnetSettings,
    "res_unet_attention": ResUnetAttentionSettings,
}


def settings_of(name: str, plain: Mapping[str, object]) -> Settings:
    """Checked settings of the network ``name`` from what JSON holds.

    Raises
    ------
    ValueError
        No such network, or a setting that it does not have, lacks or cannot take; it is named.
    """
    kind = NETWORKS.get(name)
    if kind is None:
        raise ValueError(f"there is no network {name!r}, but {', '.join(NETWORKS)}")
    unknown = sorted(set(plain) - {each.name for each in fields(kind)})
    if unknown:
        raise ValueError(f"{name} has no setting {', '.join(unknown)}")
    try:
        return kind(**plain)  # type: ignore[arg-type]  # the settings check themselves
    except TypeError as error:
        raise ValueError(f"{name} lacks a setting: {error}") from error


def plain_settings(settings: Settings) -> dict[str, object]:
    """The settings as JSON holds them; ``settings_of`` reads them back."""
    return {name: _plain(value) for name, value in asdict(settings).items()}


def network(settings: Settings, *, seed: int = 0) -> nn.Module:
    """The network of these settings, in evaluation mode on the CPU, its weights drawn from ``seed``."""
    if isinstance(settings, LesionUnetSettings):
        return lesion_unet(settings, seed=seed).eval()
    return res_unet_attention(settings, seed=seed).eval()


def outline(settings: Settings) -> nn.Module:
    """The network of these settings, in evaluation mode, with the names and shapes of its weights but no weights.

    For counting, for holding weights against it, and for taking them in at once:
    ``outline(settings).load_state_dict(weights, assign=True)``.
    """
    with torch.device("meta"):
        if isinstance(settings, LesionUnetSettings):
            return LesionUnet(settings).eval()
        return ResUnetAttention(settings).eval()


def _plain(value: object) -> object:
    """Tuples as lists, all the way down."""
    return [_plain(each) for each in value] if isinstance(value, tuple) else value
