"""What the benchmarks of networks share: networks with seeded weights, engines they run on, times pair by pair."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks._process import CORES, bind_to_two_cores
from uptake.inference.engines import torch_engine
from uptake.inference.engines.source import QuantisedGraph, source_of
from uptake.inference.engines.table import ENGINES
from uptake.inference.int8_graphs import RECIPES, int8_graph
from uptake.inference.predictor import Predictor
from uptake.inference.tiling import Index
from uptake.networks.lesion_unet import LesionUnet, LesionUnetSettings, lesion_unet

CHANNELS, CLASSES = 2, 3
INT8 = "openvino-int8"
_CALIBRATION_PATCHES = 2
_GIGA = 1e9


def use_two_cores() -> None:
    """Bind this process to two cores and torch to two threads."""
    bind_to_two_cores()
    torch.set_num_threads(CORES)


def unet(features: tuple[int, ...], *, residual: bool = False, blocks: tuple[int, ...] | None = None) -> LesionUnet:
    """nnU-Net's network of two channels and three classes, every axis halved from stage to stage, weights seeded."""
    deeper = len(features) - 1
    settings = LesionUnetSettings(
        in_channels=CHANNELS,
        classes=CLASSES,
        features=features,
        strides=((1, 1, 1), *((2, 2, 2),) * deeper),
        convolutions=blocks or (2,) * len(features),
        decoder_convolutions=(1 if residual else 2,) * deeper,
        kernels=((3, 3, 3),) * len(features),
        residual=residual,
    )
    network = lesion_unet(settings, seed=1).eval()
    with torch.no_grad():
        for module in network.modules():  # fresh residual branches end in 0, and an engine may leave them out
            if isinstance(module, torch.nn.InstanceNorm3d):
                module.weight.fill_(1.0)
    return network


def noise(shape: Sequence[int], seed: int = 0) -> NDArray[np.float32]:
    """Standard normal values."""
    return np.random.default_rng(seed).standard_normal(tuple(shape), dtype=np.float32)


def on_engine(name: str, network: torch.nn.Module, patch: Index, folder: Path) -> Predictor:
    """A network on an engine's processor variant; in INT8 calibrated on noise, all convolutions quantised.

    Its ONNX file is written to ``folder`` once.
    """
    source = source_of(network, patch, folder)
    source.exported = source.onnx.exists()
    if name == INT8:
        patches = [noise((1, CHANNELS, *patch), seed) for seed in range(1, 1 + _CALIBRATION_PATCHES)]
        graph = int8_graph(source.graph(), patches, RECIPES[0])
        source.quantised = QuantisedGraph(lambda: graph, same_class=1.0, error=0.0, least_dice=1.0)
    variant = torch_engine.CPU if name == "torch" else ENGINES[name].variants()[0]
    return ENGINES[name].build(source, variant, print)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Seconds of a peer and of ours, taken in turn."""

    theirs_s: tuple[float, ...]
    ours_s: tuple[float, ...]

    @property
    def ratios(self) -> list[float]:
        """How many times faster ours was, pair by pair."""
        return [theirs / ours for theirs, ours in zip(self.theirs_s, self.ours_s, strict=True)]

    @property
    def ratio(self) -> float:
        """Median of the ratios."""
        return statistics.median(self.ratios)


def pair_by_pair(theirs: Callable[[], object], ours: Callable[[], object], pairs: int) -> Pairs:
    """Time two calls in turn; both must have been called before."""
    both = [(seconds(theirs), seconds(ours)) for _ in range(pairs)]
    return Pairs(tuple(a for a, _ in both), tuple(b for _, b in both))


def seconds(work: Callable[[], object]) -> float:
    """Of one call."""
    start = perf_counter()
    work()
    return perf_counter() - start


def matrix_peak_gflops(dtype: torch.dtype = torch.float32, device: str = "cpu", side: int = 2048) -> float:
    """The most that square matrix products reach: what no convolution of the same precision can be expected to beat."""
    a, b = (torch.randn(side, side).to(device=device, dtype=dtype) for _ in range(2))

    def product() -> None:
        torch.mm(a, b)
        if device != "cpu":
            torch.cuda.synchronize()

    product()
    return 2 * side**3 / min(seconds(product) for _ in range(5)) / _GIGA
