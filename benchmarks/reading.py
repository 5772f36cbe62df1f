"""Reading a 400-slice PET/CT exam into SUV and HU, against MONAI Deploy's loader, selector and volume operators.

Both sides read the same files in processes of their own, in turn; the median of the pairs' ratios counts. The time is
that of the work without imports; the memory is the process's peak, imports included (their share stands beside it).
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks._process import peak_mib

PAIRS = 5
FASTER, SMALLER = 3.0, 2.0
SLICES = 400


def make_exam(folder: Path) -> None:
    """Write the exam: PET 400 x 200 x 200 and CT 400 x 512 x 512, noise over a cylinder."""
    from benchmarks._whole_body import write_benchmark_exam
    from uptake.geometry import ImageGeometry
    from uptake.volume import CtVolume, SuvVolume

    random = np.random.default_rng(0)
    suv = (1 + random.random((SLICES, 200, 200), np.float32)) * 2
    pet = SuvVolume(suv, ImageGeometry(suv.shape, (2.5, 3.0, 3.0), (-298.5, -298.5, 0.0)))
    hu = random.integers(-1000, 1000, (SLICES, 512, 512), np.int16).astype(np.float32)
    ct = CtVolume(hu, ImageGeometry(hu.shape, (2.5, 1.2, 1.2), (-306.6, -306.6, 0.0)))
    write_benchmark_exam(pet, ct, "uptake reading benchmark", folder)


def read_with_uptake(folder: Path) -> tuple[float, float, float]:
    """Seconds, mean SUV, mean HU."""
    from uptake.dicom.exams.exam_reader import read_exams
    from uptake.exam_preparation import prepare

    report_imports()
    start = time.perf_counter()
    (exam,) = read_exams(folder)
    prepared = prepare(exam)
    elapsed_s = time.perf_counter() - start
    if prepared.ct is None:
        raise RuntimeError("the CT was not found")
    return elapsed_s, float(prepared.suv.array.mean()), float(prepared.ct.array.mean())


def read_with_monai_deploy(folder: Path) -> tuple[float, float, float]:
    """Seconds, mean SUV, mean HU; the PET's voxels become SUV by one multiplication, its factor being given."""
    import logging

    import operators  # noqa: F401  the CUDA runtime library

    logging.disable(logging.CRITICAL)
    from monai.deploy.core import Application
    from monai.deploy.operators import (
        DICOMDataLoaderOperator,
        DICOMSeriesSelectorOperator,
        DICOMSeriesToVolumeOperator,
    )

    app = Application(["benchmark"])
    loader = DICOMDataLoaderOperator(app, name="loader")
    selector = DICOMSeriesSelectorOperator(app, name="selector")
    to_volume = DICOMSeriesToVolumeOperator(app, name="volume")
    report_imports()
    start = time.perf_counter()
    studies = loader.load_data_to_studies(folder)
    volumes = {}
    for modality in ("PT", "CT"):
        rules = {"selections": [{"name": modality, "conditions": {"Modality": modality}}]}
        volumes[modality] = to_volume.convert_to_image(selector.filter(rules, studies)).asnumpy()
    suv = volumes["PT"].astype(np.float32) * np.float32(70_000 / (3e8 * 0.5 ** (3600 / 6586.2)))
    elapsed_s = time.perf_counter() - start
    return elapsed_s, float(suv.mean()), float(volumes["CT"].mean())


def report_imports() -> None:
    """Leave the memory that the imports took, for the last line of this process."""
    global _imports_mib
    _imports_mib = peak_mib()


_imports_mib = 0.0
SIDES = {"uptake": read_with_uptake, "monai-deploy": read_with_monai_deploy}


def run_side(side: str, folder: Path) -> None:
    """Work of a child process; a child of a small parent, since Linux hands a parent's peak memory on."""
    if side == "make":
        make_exam(folder)
        print("{}")
        return
    elapsed_s, suv, hu = SIDES[side](folder)
    print(json.dumps({"s": elapsed_s, "suv": suv, "hu": hu, "imports": _imports_mib, "peak": peak_mib()}))


def measure(side: str, folder: Path) -> dict[str, float]:
    """Run one side in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.reading", side, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    values: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return values


def main() -> int:
    """Print the ratios; exit 1 where they miss their aims or the two sides disagree."""
    if len(sys.argv) == 3:
        run_side(sys.argv[1], Path(sys.argv[2]))
        return 0
    faster, smaller = [], []
    print(f"{'':14}{'time s':>9}{'peak MiB':>10}{'imports MiB':>13}{'mean SUV':>10}{'mean HU':>9}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measure("make", folder)
        for _ in range(PAIRS):
            pair = {side: measure(side, folder) for side in SIDES}
            for side, got in pair.items():
                print(
                    f"{side:14}{got['s']:9.2f}{got['peak']:10.0f}{got['imports']:13.0f}{got['suv']:10.4f}{got['hu']:9.3f}"
                )
            ours, theirs = pair["uptake"], pair["monai-deploy"]
            if abs(ours["suv"] - theirs["suv"]) > 1e-3 or abs(ours["hu"] - theirs["hu"]) > 1e-2:
                print("the two sides read different values")
                return 1
            faster.append(theirs["s"] / ours["s"])
            smaller.append(theirs["peak"] / ours["peak"])
    time_ratio, memory_ratio = statistics.median(faster), statistics.median(smaller)
    print(f"median of {PAIRS} pairs: {time_ratio:.1f}x faster (aim {FASTER:.0f}x), "
          f"{1 / memory_ratio:.2f} of the peak memory (aim {1 / SMALLER:.2f})")  # fmt: skip
    return 0 if time_ratio >= FASTER and memory_ratio >= SMALLER else 1


if __name__ == "__main__":
    sys.exit(main())
