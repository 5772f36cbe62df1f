"""What labelling an exam with a network costs, and how time and memory grow with the patient, at four sizes.

The patient grows from head to foot. From PET and CT to labels on the PET's grid: body found, volumes resampled and
normalised, tiles over the body, the answer resampled back. Each size is a process of its own, its network ready before
the time is taken. With a CUDA GPU also whole-body seconds and TFLOP/s of a full-size network, engine by engine.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks._networks import matrix_peak_gflops, on_engine, seconds, unet, use_two_cores
from benchmarks._process import peak_mib
from benchmarks._whole_body import SPACING_MM, whole_body
from uptake.geometry import ImageGeometry
from uptake.inference.engines.source import Source, source_of
from uptake.inference.engines.table import ENGINES
from uptake.inference.exam_labels import label_exam
from uptake.inference.model_store import (
    Bundle,
    InputChannel,
    NetworkSpecification,
    Normalisation,
    Preprocessing,
    Tiling,
    TrainingData,
    label_class,
)
from uptake.inference.sliding_window import SlidingWindowSettings, predict_slabs
from uptake.inference.tiling import Index
from uptake.networks.lesion_unet import LesionUnet, lesion_unet, preset
from uptake.networks.size import flops
from uptake.regions.body_mask import body_mask
from uptake.volume import CtVolume, SuvVolume

SLICES = (100, 200, 300, 400)
FEATURES = (8, 16, 32, 64)
PATCH: Index = (32, 64, 64)
GRID_MM = (4.0, 4.0, 4.0)
REPEATS = 3
WORST_AIM = 0.1
GPU_PATCH: Index = (128, 128, 128)
_MIB = 2.0**20


def main() -> int:
    """Print time and memory at each size and the lines through them; exit 1 where the time is not linear."""
    if len(sys.argv) == 4:
        engine, folder, slices = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
        make(engine, folder) if slices == 0 else run_exam(engine, folder, slices)
        return 0
    engine = "openvino" if ENGINES["openvino"].available()[0] else "torch"
    print(f"labels of a PET/CT of 200 x 200 voxels a slice, U-Net of {FEATURES[0]} to {FEATURES[-1]} features, "
          f"patches of {'x'.join(map(str, PATCH))}, {engine}, the best of {REPEATS} runs", flush=True)  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measure(engine, folder, 0)
        got = [measure(engine, folder, slices) for slices in SLICES]
    linear = print_growth(got)
    if torch.cuda.is_available():
        print_gpu()
    return 0 if linear else 1


def measure(engine: str, folder: Path, slices: int) -> dict[str, float]:
    """One size in a process of its own; with 0 slices, what all sizes read is made."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.network_cost", engine, str(folder), str(slices)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    values: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return values


def make(engine: str, folder: Path) -> None:
    """Leave the longest patient and the network's graph; in a process of its own, as exporting takes memory."""
    np.save(folder / "suv.npy", whole_body((SLICES[-1], 200, 200))[0])
    on_engine(engine, unet(FEATURES), PATCH, folder)
    print("{}")


def run_exam(engine: str, folder: Path, slices: int) -> None:
    """Work of a child process."""
    use_two_cores()
    network = unet(FEATURES)
    predictor = on_engine(engine, network, PATCH, folder)
    suv = np.array(np.load(folder / "suv.npy", mmap_mode="r")[:slices])
    geometry = ImageGeometry((slices, 200, 200), SPACING_MM, (0.0, 0.0, 0.0))
    pet = SuvVolume(suv, geometry)
    ct = CtVolume(np.where(suv > 0, 0, -1000).astype(np.float32), geometry)
    channels: dict[str, SuvVolume | CtVolume] = {"PT": pet, "CT": ct}
    bundle, runs, tiles = bundle_of(network), [], 0

    def count(done: int, total: int) -> None:
        nonlocal tiles
        tiles = total

    for _ in range(REPEATS):
        start, start_cpu = perf_counter(), process_time()
        label_exam(bundle, (predictor,), channels, progress=count)
        runs.append((perf_counter() - start, process_time() - start_cpu))
    peak = peak_mib()
    body = int(np.count_nonzero(body_mask(pet)))
    best_s, cpu_s = (min(each) for each in zip(*runs, strict=True))
    told = {"slices": slices, "s": best_s, "cpu": cpu_s, "tiles": tiles, "body": body, "voxels": suv.size, "peak": peak}
    print(json.dumps(told))


def bundle_of(network: LesionUnet) -> Bundle:
    """A bundle that has no weights, its network being made here."""
    return Bundle(
        name="benchmark",
        version="1.0.0",
        task="none",
        description="For a benchmark.",
        authors="Uptake",
        copyright="Uptake",
        inputs=(
            InputChannel("PET", "PT", "g/ml", Normalisation("fixed", mean=1.0, sd=2.0)),
            InputChannel("CT", "CT", "HU", Normalisation("fixed", (-1000.0, 1000.0), 0.0, 500.0)),
        ),
        preprocessing=Preprocessing(GRID_MM),
        tiling=Tiling(PATCH),
        classes=(
            label_class(0, "background"),
            label_class(1, "primary_tumour"),
            label_class(2, "lymph_node_metastasis"),
        ),
        network=NetworkSpecification("lesion_unet", asdict(network.settings)),
        training=TrainingData("Seeded weights, never trained.", digital_patients_only=True, exams=0),
    )


def print_growth(got: Sequence[dict[str, float]]) -> bool:
    """Print each size, and the lines of time against the body and of memory against the grid."""
    for each in got:
        body = each["body"]
        print(f"  {each['slices']:4.0f} slices, body {body / 1e6:5.2f} M voxels: {each['s']:6.2f} s (of processors "
              f"{each['cpu']:6.2f} s), {each['tiles']:4.0f} tiles, {1e9 * each['s'] / body:5.0f} ns a body voxel, "
              f"peak {each['peak']:5.0f} MiB")  # fmt: skip
    bodies, times = [each["body"] for each in got], [each["s"] for each in got]
    rate, constant = np.polyfit(bodies, times, 1)
    worst = max(abs(constant + rate * body - time) / time for body, time in zip(bodies, times, strict=True))
    print(f"  {constant:.2f} s + {1e9 * rate:.0f} ns a voxel of the body, off by at most {worst:.0%} "
          f"(aim {WORST_AIM:.0%})")  # fmt: skip
    slope, held = np.polyfit([each["voxels"] for each in got], [each["peak"] * _MIB for each in got], 1)
    shrunk = float(np.prod(SPACING_MM)) / float(np.prod(GRID_MM))
    print(f"  {held / _MIB:.0f} MiB + {slope:.1f} bytes a PET voxel, of which PET and CT 8, the network's input "
          f"{8 * shrunk:.0f}, labels 1, and bodies on both grids {1 + shrunk:.1f}")  # fmt: skip
    return bool(worst <= WORST_AIM)


def print_gpu() -> None:
    """Print a full-size network over a whole body on each engine that is here for the GPU."""
    network = lesion_unet(preset("paper", in_channels=2, classes=3), seed=1).eval()
    suv = whole_body()[0]
    volume, body = np.stack([suv, suv]), suv > 0
    peak = matrix_peak_gflops(torch.bfloat16, "cuda", side=8192) / 1e3
    print(f"{torch.cuda.get_device_name()}: bfloat16 matrix products {peak:.0f} TFLOP/s; a whole body of "
          f"{'x'.join(map(str, suv.shape))} voxels, patches of {'x'.join(map(str, GPU_PATCH))}")  # fmt: skip
    work = flops(network, (1, 2, *GPU_PATCH)) / 1e12
    with tempfile.TemporaryDirectory() as folder:
        source = source_of(network, GPU_PATCH, Path(folder))
        for name in ("torch", "tensorrt"):
            present, why = ENGINES[name].available()
            if not present:
                print(f"  {name} is left out: {why}")
                continue
            for variant in ENGINES[name].variants():
                if "CPU" not in variant:
                    print_gpu_engine(name, variant, source, (volume, body), (work, peak))


def print_gpu_engine(
    name: str,
    variant: str,
    source: Source,
    exam: tuple[NDArray[np.float32], NDArray[np.bool_]],
    work_and_peak: tuple[float, float],
) -> None:
    """One engine's line; the work is of one tile in TFLOP, the peak in TFLOP/s."""
    predictor = ENGINES[name].build(source, variant, print)
    settings = SlidingWindowSettings(GPU_PATCH, crop="rows", batch=2)
    tiles = 0

    def count(done: int, total: int) -> None:
        nonlocal tiles
        tiles = total

    def run() -> None:
        for _ in predict_slabs(*exam, [predictor], settings, count):
            pass

    run()
    took = min(seconds(run) for _ in range(REPEATS))
    work, peak = work_and_peak
    rate = tiles * work / took
    print(f"  {name} ({variant}): {took:.2f} s, {tiles} tiles, {rate:.0f} TFLOP/s, {rate / peak:.0%} of the peak")


if __name__ == "__main__":
    sys.exit(main())
