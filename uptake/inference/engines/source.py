"""A network as engines want it: itself, as an ONNX file, or as its bundle's quantised graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from uptake.inference.export import export_onnx
from uptake.inference.tiling import Index


@dataclass(frozen=True, slots=True)
class Shape:
    """A network's channels in, classes out, and patch (z, y, x)."""

    channels: int
    classes: int
    patch: Index


@dataclass(frozen=True, slots=True)
class QuantisedGraph:
    """A graph in INT8 for OpenVINO.

    Parameters
    ----------
    read
        The contents of its ``.xml`` and ``.bin``, hashes checked.
    same_class, error, least_dice
        As in ``model_store.Agreement``.
    """

    read: Callable[[], tuple[bytes, bytes]]
    same_class: float
    error: float
    least_dice: float


class Source:
    """A network, loaded or exported once, when an engine first asks for it.

    Parameters
    ----------
    load
        Gives the network in evaluation mode on the CPU.
    shape
        Its sizes.
    folder
        Where ``network.onnx`` goes; plans of engines may lie beside it.
    quantised
        Its graph in INT8, where there is one.
    exported
        Whether ``network.onnx`` is there already and is known to be this network's.
    """

    def __init__(
        self,
        load: Callable[[], nn.Module],
        shape: Shape,
        folder: Path,
        *,
        quantised: QuantisedGraph | None = None,
        exported: bool = False,
    ) -> None:
        self.shape = shape
        self.folder = folder
        self.quantised = quantised
        self._load = load
        self._module: nn.Module | None = None
        self.exported = exported

    @property
    def module(self) -> nn.Module:
        """The network itself."""
        if self._module is None:
            self._module = self._load()
        return self._module

    @property
    def onnx(self) -> Path:
        """Where the ONNX file is or will be."""
        return self.folder / "network.onnx"

    def graph(self) -> Path:
        """The ONNX file, written if it is not there."""
        if not self.exported:
            export_onnx(self.module, self.shape.channels, self.shape.patch, self.onnx)
            self.exported = True
        return self.onnx


def source_of(module: nn.Module, patch: Index, folder: Path) -> Source:
    """A source from a network of ``uptake.networks``; ValueError for any other, which has no settings."""
    settings = getattr(module, "settings", None)
    if settings is None:
        raise ValueError("the network must be of uptake.networks: it has no settings")
    return Source(lambda: module, Shape(settings.in_channels, settings.classes, patch), folder)
