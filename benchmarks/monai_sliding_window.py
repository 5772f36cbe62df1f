"""Tiles of a volume through two U-Nets, engine by engine, against MONAI's SlidingWindowInferer on torch.

Both sides have the same network, volume, tiles, Gaussian weights and two cores; no crop and no skipping. Each engine
has pairs of its own with MONAI, in turn. Whether INT8 labels are right is not asked here: its ranges are of noise.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks._networks import (
    CHANNELS,
    INT8,
    Pairs,
    matrix_peak_gflops,
    noise,
    on_engine,
    pair_by_pair,
    seconds,
    unet,
    use_two_cores,
)
from uptake.inference.engines.table import ENGINES
from uptake.inference.predictor import Predictor, tiles_at_once
from uptake.inference.sliding_window import SlidingWindowSettings, predict_slabs
from uptake.inference.tiling import NNUNET_FWHM, Index, tile_starts
from uptake.networks.lesion_unet import LesionUnet
from uptake.networks.size import flops, parameters

PATCH: Index = (32, 128, 128)
OVERLAP = 0.5
FLOAT32 = ("torch", "onnxruntime", "openvino")
INT8_AIM, LOGITS_AIM = 2.3, 1e-4
Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Case:
    """A network, a volume of few tiles, how many pairs, and how much faster the best float32 engine shall be."""

    name: str
    network: Callable[[], LesionUnet]
    shape: Index
    pairs: int
    aim: float


CASES = (
    Case("plain U-Net, 16 to 160 features", lambda: unet((16, 32, 64, 128, 160)), (48, 128, 192), 5, 1.5),
    Case(
        "residual U-Net, 32 to 320 features",
        lambda: unet((32, 64, 128, 256, 320), residual=True, blocks=(1, 2, 2, 2, 2)),
        (32, 128, 192),
        3,
        1.1,
    ),
)


def monai(network: LesionUnet, volume: Array, batch: int) -> Callable[[], Array]:
    """MONAI's inferer on a volume; gives logits (classes, z, y, x)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # holoscan's about the stack size
        from monai.inferers import SlidingWindowInferer
    inferer = SlidingWindowInferer(PATCH, sw_batch_size=batch, overlap=OVERLAP, mode="gaussian", sigma_scale=0.125)
    tensor = torch.from_numpy(volume)[None]

    def run() -> Array:
        with torch.inference_mode():
            logits: Array = inferer(tensor, network)[0].numpy()
        return logits

    return run


def uptake(predictor: Predictor, volume: Array) -> Callable[[], Array]:
    """Uptake's tiles of the same volume; gives logits (classes, z, y, x)."""
    settings = SlidingWindowSettings(
        PATCH,
        OVERLAP,
        fwhm=NNUNET_FWHM,
        crop="none",
        skip_empty=False,
        batch=tiles_at_once([predictor]),  # as an exam is labelled; MONAI has whichever batch is faster
        averaging="logits",
        slabs="logits",
    )
    return lambda: np.concatenate([s.probabilities for s in predict_slabs(volume, None, [predictor], settings)], axis=1)


def main() -> int:
    """Print agreement, ratios and use of the processor; exit 1 where an aim is missed."""
    use_two_cores()
    peak = matrix_peak_gflops()
    print(f"two cores, float32 matrix products {peak:.0f} GFLOP/s")
    reached = [run_case(case, peak) for case in CASES]
    return 0 if all(reached) else 1


def run_case(case: Case, peak: float) -> bool:
    """Print one network's figures; whether its aims are reached."""
    network, volume = case.network(), noise((CHANNELS, *case.shape))
    tiles = len(tile_starts(case.shape, PATCH, OVERLAP))
    work = tiles * flops(network, (1, CHANNELS, *PATCH)) / 1e9
    print(f"{case.name}: {parameters(network) / 1e6:.1f} M numbers, {work / tiles:.0f} GFLOP a tile of "
          f"{'x'.join(map(str, PATCH))}, {tiles} tiles, medians of {case.pairs} pairs", flush=True)  # fmt: skip
    theirs, batch = faster_monai(network, volume)
    expected = theirs()
    ratios: dict[str, float] = {}
    differences: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in (*FLOAT32, INT8):
            present, why = ENGINES[name].available()
            if not present:
                print(f"  {name} is left out: {why}")
                continue
            ours = uptake(on_engine(name, network, PATCH, Path(folder)), volume)
            differences[name] = float(np.abs(ours() - expected).max())
            pairs = pair_by_pair(theirs, ours, case.pairs)
            ratios[name] = pairs.ratio
            print_engine(name, pairs, differences[name], work / peak)
    return judged(case, batch, ratios, differences)


def faster_monai(network: LesionUnet, volume: Array) -> tuple[Callable[[], Array], int]:
    """MONAI with one or two tiles at once, whichever is faster here."""
    runs = {batch: monai(network, volume, batch) for batch in (1, 2)}
    for run in runs.values():
        run()
    batch = min(runs, key=lambda each: min(seconds(runs[each]) for _ in range(2)))
    return runs[batch], batch


def print_engine(name: str, pairs: Pairs, difference: float, at_peak_s: float) -> None:
    """One engine's line; ``at_peak_s`` is the time that the work would take at the speed of matrix products."""
    theirs_s, ours_s = (float(np.median(each)) for each in (pairs.theirs_s, pairs.ours_s))
    print(f"  {name:14}{pairs.ratio:5.2f}x (pairs {min(pairs.ratios):.2f} to {max(pairs.ratios):.2f}): {ours_s:.2f} s, "
          f"{at_peak_s / ours_s:.0%} of the matrix peak; MONAI {theirs_s:.2f} s, {at_peak_s / theirs_s:.0%}; "
          f"logits within {difference:.1e}", flush=True)  # fmt: skip


def judged(case: Case, batch: int, ratios: dict[str, float], differences: dict[str, float]) -> bool:
    """Print the aims of one network and whether all are reached."""
    best = max((name for name in ratios if name != INT8), key=lambda name: ratios[name])
    int8 = ratios.get(INT8, 0.0)
    print(f"  MONAI's faster batch is {batch}; best float32 engine {best}: {ratios[best]:.2f}x (aim {case.aim}x), "
          f"logits within {differences[best]:.0e} (torch {differences['torch']:.0e}; aim {LOGITS_AIM:.0e}); "
          f"INT8 {int8:.2f}x (aim {INT8_AIM}x)")  # fmt: skip
    equal = max(differences[best], differences["torch"]) <= LOGITS_AIM
    return ratios[best] >= case.aim and int8 >= INT8_AIM and equal


if __name__ == "__main__":
    sys.exit(main())
