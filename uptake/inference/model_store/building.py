"""Building the network that a bundle names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uptake.inference.model_store.bundle import NetworkSpecification

if TYPE_CHECKING:
    from torch import nn


def build_network(specification: NetworkSpecification) -> nn.Module:
    """Build any network of ``uptake.networks``, in evaluation mode on the CPU.

    Raises
    ------
    ValueError
        If there is no such network, or a setting is unknown, lacking or impossible.
    """
    from uptake.networks.catalogue import network, settings_of

    return network(settings_of(specification.name, specification.settings))
