"""The five shipped head-and-neck networks over one exam, against MONAI's SlidingWindowInferer; and a training step.

Both sides have the same networks, voxels, tiles, Gaussian weights and two cores, and average probabilities of tiles and
folds, as Nikulin 2023 does. The exam is the first external digital patient, whom no network was trained on.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from benchmarks._networks import INT8, Pairs, noise, on_engine, pair_by_pair, seconds, use_two_cores
from uptake.dicom.exams.exam_reader import read_exams
from uptake.exam_preparation import prepare
from uptake.inference.bundle_engines import predictors as bundle_predictors
from uptake.inference.engines.table import ENGINES
from uptake.inference.exam_labels import window_of
from uptake.inference.model_store import Bundle, build_network, load_bundle, load_network
from uptake.inference.network_input import network_input
from uptake.inference.predictor import Predictor, tiles_at_once
from uptake.inference.sliding_window import SlidingWindowSettings, predict_slabs
from uptake.inference.tiling import tile_starts
from uptake.networks.size import flops, parameters
from uptake.phantom.cohort.making import folder_name, make_one
from uptake.phantom.cohort.survival import Hazard
from uptake.phantom.designing import Wish
from uptake.training.kept_memory import keep_memory
from uptake.training.loss import dice_cross_entropy
from uptake.training.recipe import TrainingRecipe, find_recipe

BUNDLE = Path("models/head_neck_mtv")
PATIENT = Wish("head-neck", 900200000, "external")
FLOAT32 = ("torch", "onnxruntime", "openvino")
FLOAT32_AIM, INT8_AIM, EQUAL_AIM, INT8_DICE_AIM = 1.5, 2.3, 0.9999, 0.99
PAIRS, STEPS = 3, 5
_SD_OF_FWHM = 1.0 / np.sqrt(8.0 * np.log(2.0))
Array = NDArray[np.float32]


def main() -> int:
    """Print agreement, ratios and the time of a training step; exit 1 where an aim is missed."""
    use_two_cores()
    bundle = load_bundle(BUNDLE)
    networks = [load_network(bundle, fold, build_network) for fold in bundle.folds]
    patch = bundle.tiling.patch
    volume = exam_input(bundle)
    settings = window_of(bundle.tiling)
    tiles = len(tile_starts(volume.shape[1:], patch, settings.overlap))
    work = flops(networks[0], (1, len(volume), *patch)) / 1e9
    print(f"{len(networks)} folds of {parameters(networks[0]) / 1e6:.2f} M numbers, {work:.1f} GFLOP a tile of "
          f"{'x'.join(map(str, patch))}, {tiles} tiles each, medians of {PAIRS} pairs", flush=True)  # fmt: skip
    reached = print_engines(bundle, networks, volume, settings)
    print_training(find_recipe("head_neck_mtv", "small", Path("models")), networks[0])
    return 0 if reached else 1


def exam_input(bundle: Bundle) -> Array:
    """The patient as the networks see it (channels, z, y, x)."""
    with tempfile.TemporaryDirectory() as folder:
        make_one(PATIENT, Hazard(), Path(folder))
        prepared = prepare(next(iter(read_exams(Path(folder) / folder_name(PATIENT)))))
        channels = {"PT": prepared.suv} | ({"CT": prepared.ct} if prepared.ct is not None else {})
        return network_input(channels, bundle.inputs, bundle.preprocessing).array


def monai(networks: Sequence[nn.Module], volume: Array, settings: SlidingWindowSettings) -> Callable[[], Array]:
    """MONAI's inferer, fold after fold; gives mean probabilities (classes, z, y, x)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # holoscan's about the stack size
        from monai.inferers import SlidingWindowInferer
    inferer = SlidingWindowInferer(
        settings.patch, sw_batch_size=2, overlap=settings.overlap, mode="gaussian", sigma_scale=_SD_OF_FWHM
    )
    tensor = torch.from_numpy(volume)[None]

    def run() -> Array:
        with torch.inference_mode():
            folds = [inferer(tensor, lambda tiles, each=each: each(tiles).softmax(dim=1)) for each in networks]
            mean: Array = torch.stack(folds).mean(dim=0)[0].numpy()
        return mean

    return run


def uptake(predictors: Sequence[Predictor], volume: Array, settings: SlidingWindowSettings) -> Callable[[], Array]:
    """Uptake's tiles and folds; gives mean probabilities (classes, z, y, x)."""
    return lambda: np.concatenate([s.probabilities for s in predict_slabs(volume, None, predictors, settings)], axis=1)


def print_engines(bundle: Bundle, networks: Sequence[nn.Module], volume: Array, window: SlidingWindowSettings) -> bool:
    """Print each engine against MONAI; whether the aims are reached."""
    theirs = monai(networks, volume, window)
    expected = theirs()
    ratios: dict[str, float] = {}
    equal: dict[str, float] = {}
    dice: dict[str, float] = {}
    for name in (*FLOAT32, INT8):
        present, why = ENGINES[name].available()
        if name == INT8 and present and not bundle.graphs:
            present, why = False, f"{bundle.name} has no INT8 graphs"
        if not present:
            print(f"  {name} is left out: {why}")
            continue
        with tempfile.TemporaryDirectory() as folder:
            predictors = on_engines(name, bundle, networks, Path(folder))
            settings = SlidingWindowSettings(
                window.patch,
                window.overlap,
                fwhm=window.fwhm,
                crop="none",
                skip_empty=False,
                batch=tiles_at_once(predictors),
            )
            ours = uptake(predictors, volume, settings)
            found = ours()
            labels, wanted = found.argmax(axis=0), expected.argmax(axis=0)
            equal[name] = float((labels == wanted).mean())
            dice[name] = (
                2.0 * float(((labels == wanted) & (wanted > 0)).sum()) / float((labels > 0).sum() + (wanted > 0).sum())
            )
            pairs = pair_by_pair(theirs, ours, PAIRS)
        ratios[name] = pairs.ratio
        print_engine(name, pairs, float(np.abs(found - expected).max()), equal[name])
    best = max((name for name in ratios if name != INT8), key=lambda name: ratios[name])
    int8 = ratios.get(INT8, 0.0)
    print(f"  best float32 engine {best}: {ratios[best]:.2f}x (aim {FLOAT32_AIM}x), same class in {equal[best]:.4%} "
          f"(aim {EQUAL_AIM:.2%}); INT8 {int8:.2f}x (aim {INT8_AIM}x), "
          f"Dice {dice.get(INT8, 0.0):.4f} of the lesions by class (aim {INT8_DICE_AIM})")  # fmt: skip
    as_fast = ratios[best] >= FLOAT32_AIM and int8 >= INT8_AIM
    return as_fast and equal[best] >= EQUAL_AIM and dice.get(INT8, 0.0) >= INT8_DICE_AIM


def on_engines(name: str, bundle: Bundle, networks: Sequence[nn.Module], folder: Path) -> Sequence[Predictor]:
    """Every fold on an engine; in INT8 the bundle's own graphs."""
    if name == INT8:
        return bundle_predictors(bundle, INT8, print, cache=folder).predictors
    homes = [folder / str(number) for number in range(len(networks))]
    for home in homes:
        home.mkdir()
    return [on_engine(name, each, bundle.tiling.patch, home) for each, home in zip(networks, homes, strict=True)]


def print_engine(name: str, pairs: Pairs, difference: float, equal: float) -> None:
    """One engine's line."""
    theirs_s, ours_s = (float(np.median(each)) for each in (pairs.theirs_s, pairs.ours_s))
    print(f"  {name:14}{pairs.ratio:5.2f}x (pairs {min(pairs.ratios):.2f} to {max(pairs.ratios):.2f}): {ours_s:.2f} s; "
          f"MONAI {theirs_s:.2f} s; probabilities within {difference:.1e}, same class in {equal:.4%}",
          flush=True)  # fmt: skip


def print_training(recipe: TrainingRecipe, module: nn.Module) -> None:
    """Print the time of a step in float32, in bfloat16, and with memory kept as in ``uptake train``; best of a few."""
    batch = recipe.fitting.batch
    images = torch.from_numpy(noise((batch, len(recipe.channels), *recipe.tiling.patch)))
    labels = torch.from_numpy(np.random.default_rng(0).integers(0, 3, (batch, 1, *recipe.tiling.patch)))
    module.train()

    def best_s(bfloat16: bool) -> float:
        def step() -> None:
            with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
                logits = module(images)
            dice_cross_entropy(logits.float(), labels, (1.0, 1.0)).backward()  # type: ignore[no-untyped-call]

        step()
        return min(seconds(step) for _ in range(STEPS))

    plain, fast = best_s(False), best_s(True)
    kept = f"{best_s(True):.2f} s" if keep_memory() else "not possible"
    print(f"a training step of {batch} patches: {plain:.2f} s in float32, {fast:.2f} s in bfloat16 "
          f"({plain / fast:.1f}x), {kept} with memory kept")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
