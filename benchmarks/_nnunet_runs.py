"""One whole-body exam through nnU-Net or Uptake, in a process of its own: seconds, memory, labels."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._process import CORES, bind_to_two_cores, peak_mib

TRAINED = Path(__file__).parents[1] / "tests" / "inference" / "nnunet_model"
STUDIES = Path(__file__).parents[1] / "build" / "studies"
# For all alike: large pages, because a virtual machine may take seconds to hand out a gigabyte of small ones, and then
# whoever asks for most memory is timed for it.
ENVIRONMENT = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
Labels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Way:
    """How Uptake runs the exam."""

    engine: str
    crop: str = "none"
    skip_empty: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What a run took and gave.

    Parameters
    ----------
    seconds
        By step, ``end to end`` among them: from SUV and HU on the exam's grid to labels there, the network loaded.
    peak_mib
        Of the process, and what it held before the exam was begun (imports, network, the exam).
    labels
        uint8 (z, y, x) on the exam's grid.
    """

    seconds: dict[str, float]
    peak_mib: float
    before_mib: float
    tiles: int
    labels: Labels


NAMES = ("suv", "hu", "spacing_mm")


@dataclass(frozen=True, slots=True, eq=False)
class LaidOut:
    """SUV and HU (z, y, x) on one grid, from plain files: what makes digital patients is not in the child."""

    suv: NDArray[np.float32]
    hu: NDArray[np.float32]
    spacing: NDArray[np.float64]

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Of the grid, z, y, x."""
        z, y, x = self.spacing.tolist()
        return z, y, x


def lay_out(exam: Any) -> None:
    """Write a ``DigitalExam`` for the children."""
    for name in NAMES:
        np.save(STUDIES / f"whole-body-{name}.npy", np.asarray(getattr(exam, name)))


def run(arguments: list[str]) -> Run:
    """Run one child and read what it left."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks._nnunet_runs", folder, *arguments]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=os.environ | ENVIRONMENT)
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
        told = json.loads((Path(folder) / "told.json").read_text())
        labels: Labels = np.load(Path(folder) / "labels.npy")
    return Run(labels=labels, **told)


def run_nnunet() -> Run:
    """nnU-Net's own predictor."""
    return run(["nnunet"])


def run_uptake(models: Path, way: Way) -> Run:
    """The imported bundle."""
    return run(["uptake", str(models), way.engine, way.crop, str(int(way.skip_empty))])


def _nnunet(exam: LaidOut) -> tuple[dict[str, float], float, int, Labels]:
    import torch
    from nnunetv2.inference.export_prediction import convert_predicted_logits_to_segmentation_with_correct_shape
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    predictor = nnUNetPredictor(use_mirroring=False, device=torch.device("cpu"), allow_tqdm=False)
    predictor.initialize_from_trained_model_folder(str(TRAINED), (0,), "checkpoint_final.pth")
    plans, configuration = predictor.plans_manager, predictor.configuration_manager
    image = np.stack([exam.suv, exam.hu])
    tiles = 0

    def count(module: object, arguments: object, output: object) -> None:
        nonlocal tiles
        tiles += 1

    predictor.network.register_forward_hook(count)
    before, start = peak_mib(), perf_counter()
    # The steps of predict_single_npy_array, so that each can be timed.
    preprocessor = configuration.preprocessor_class(verbose=False)
    given = {"spacing": list(exam.spacing_mm)}
    data, _, properties = preprocessor.run_case_npy(image, None, given, plans, configuration, predictor.dataset_json)
    prepared = perf_counter()
    logits = predictor.predict_logits_from_preprocessed_data(torch.from_numpy(data))
    predicted = perf_counter()
    labels = convert_predicted_logits_to_segmentation_with_correct_shape(
        logits, plans, configuration, predictor.label_manager, properties, num_threads_torch=CORES
    )
    end = perf_counter()
    seconds = {"input": prepared - start, "tiles": predicted - prepared, "labels back": end - predicted}
    return seconds | {"end to end": end - start}, before, tiles, np.asarray(labels, dtype=np.uint8)


def _uptake(exam: LaidOut, models: Path, way: Way) -> tuple[dict[str, float], float, int, Labels]:
    from uptake.geometry import ImageGeometry
    from uptake.inference.bundle_engines import predictors
    from uptake.inference.exam_labels import LabelOptions, label_exam
    from uptake.inference.model_store import load_bundle
    from uptake.inference.network_input import Channels, network_input
    from uptake.volume import CtVolume, SuvVolume

    bundle = load_bundle(models / "nnunet_small")
    networks = predictors(bundle, way.engine, lambda line: print(line, file=sys.stderr)).predictors
    grid = ImageGeometry(exam.suv.shape, exam.spacing_mm, (0.0, 0.0, 0.0))
    channels: Channels = {"PT": SuvVolume(exam.suv, grid), "CT": CtVolume(exam.hu, grid)}
    options = LabelOptions(crop=way.crop, skip_empty=way.skip_empty)  # type: ignore[arg-type]
    marks: list[tuple[float, int, int]] = []
    before, start = peak_mib(), perf_counter()
    found = label_exam(
        bundle, networks, channels, options, lambda done, total: marks.append((perf_counter(), done, total))
    )
    end = perf_counter()
    peak = peak_mib()
    network_input(channels, bundle.inputs, bundle.preprocessing)  # once more, alone
    seconds = {"input": perf_counter() - end, "end to end": end - start}
    seconds["tiles and labels back"] = seconds["end to end"] - (marks[0][0] - start)
    seconds["peak"] = peak
    return seconds, before, marks[-1][2], found.labels


def main() -> None:
    """Work of a child process."""
    folder, what, *rest = sys.argv[1:]
    bind_to_two_cores()
    import torch

    torch.set_num_threads(CORES)
    exam = LaidOut(*(np.load(STUDIES / f"whole-body-{name}.npy") for name in NAMES))
    if what == "nnunet":
        seconds, before, tiles, labels = _nnunet(exam)
    else:
        seconds, before, tiles, labels = _uptake(exam, Path(rest[0]), Way(rest[1], rest[2], bool(int(rest[3]))))
    told = {"seconds": seconds, "peak_mib": seconds.pop("peak", peak_mib()), "before_mib": before, "tiles": tiles}
    np.save(Path(folder) / "labels.npy", labels)
    (Path(folder) / "told.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main()
