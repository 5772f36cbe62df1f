"""Against nnU-Net v2's own predictor: the same checkpoint and exam, end to end, labels compared; and what each step is.

The network is the small one of ``tests/inference/nnunet_model`` (trained on digital patients), the exam a digital whole
body of 200 x 200 x 350 voxels. No mirroring, one fold, two cores, runs in turn.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks._nnunet_runs import STUDIES, TRAINED, Labels, Run, Way, lay_out, run_nnunet, run_uptake

PAIRS = 2
AIMS = {"openvino": (3.0, 0.995), "openvino-int8": (6.0, 0.99)}
MEMORY_AIM, VOLUME_AIM = 0.5, 0.02
CALIBRATION_SEEDS, HELD_OUT_SEEDS = (100_000, 100_001, 100_002), (100_006, 100_007)
SPACING_MM = (4.0, 4.0, 4.0)
Mask = NDArray[np.bool_]
_NEAR = np.ones((3, 3, 3), dtype=bool)


def make_bundle(models: Path) -> tuple[str, ...]:
    """Import the checkpoint and quantise it on exams that the benchmark does not use; the engines to run it on."""
    from benchmarks.studies._nnunet_patients import digital_exam
    from uptake.errors import InferenceRefused
    from uptake.inference.model_store import Bundle
    from uptake.inference.network_input import Channels, NetworkInput, network_input
    from uptake.inference.nnunet_import import ImportOptions, import_nnunet
    from uptake.inference.quantisation import QuantisationSettings, quantise
    from uptake.volume import CtVolume, SuvVolume

    def case(bundle: Bundle, seed: int) -> NetworkInput:
        exam = digital_exam(STUDIES, seed, SPACING_MM)
        channels: Channels = {"PT": SuvVolume(exam.suv, exam.geometry), "CT": CtVolume(exam.hu, exam.geometry)}
        return network_input(channels, bundle.inputs, bundle.preprocessing)

    bundle = import_nnunet(TRAINED, models, ImportOptions(name="nnunet_small", digital_patients_only=True))
    calibration = [case(bundle, seed) for seed in CALIBRATION_SEEDS]
    held_out = [case(bundle, seed) for seed in HELD_OUT_SEEDS]
    try:
        quantise(bundle, calibration, held_out, QuantisationSettings(digital_patients_only=True), print)
    except InferenceRefused as error:
        print(f"INT8 MISSES its aim, and is not run: {error}")
        return ("openvino",)
    return tuple(AIMS)


def main() -> None:
    """Print agreement, ratios and shares."""
    from benchmarks.studies._nnunet_patients import whole_body_exam
    from uptake.regions.body_mask import body_mask
    from uptake.volume import SuvVolume

    exam = whole_body_exam(STUDIES)
    lay_out(exam)
    body = body_mask(SuvVolume(exam.suv, exam.geometry))
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder)
        engines = make_bundle(models)
        for engine in engines:
            run_uptake(models, Way(engine))  # the choice of engine is made here, before anything is timed
        runs: dict[str, list[Run]] = {"nnU-Net": [], **{engine: [] for engine in engines}}
        for _ in range(PAIRS):
            runs["nnU-Net"].append(run_nnunet())
            for engine in engines:
                runs[engine].append(run_uptake(models, Way(engine)))
        z, y, x = exam.suv.shape
        print(f"digital whole body, {x} x {y} x {z} voxels of {exam.spacing_mm} mm (z, y, x); medians of {PAIRS}")
        for name, several in runs.items():
            print_run(name, several)
        for engine in engines:
            faster, dice = AIMS[engine]
            print_ratios(engine, runs, faster)
            print_agreement(runs["nnU-Net"][0].labels * body, runs[engine][0].labels, exam.spacing_mm, dice)
        beyond = np.count_nonzero(runs["nnU-Net"][0].labels[~body])
        print(f"  nnU-Net also labels {beyond} voxels outside the body, which is background to Uptake: not compared")
        print_shares(models, runs)


def seconds(several: list[Run]) -> float:
    """Median of end to end."""
    return statistics.median(run.seconds["end to end"] for run in several)


def print_run(name: str, several: list[Run]) -> None:
    """One line of steps."""
    first = several[0]
    steps = ", ".join(f"{step} {value:.1f} s" for step, value in first.seconds.items() if step != "end to end")
    print(f"  {name:14} {seconds(several):6.1f} s, {first.tiles} tiles ({steps}); peak {first.peak_mib:.0f} MiB, "
          f"{first.before_mib:.0f} before the exam was begun")  # fmt: skip


def print_ratios(engine: str, runs: dict[str, list[Run]], aim: float) -> None:
    """Time and memory against nnU-Net, pair by pair."""
    pairs = list(zip(runs["nnU-Net"], runs[engine], strict=True))
    times = [theirs.seconds["end to end"] / ours.seconds["end to end"] for theirs, ours in pairs]
    memory = statistics.median(ours.peak_mib / theirs.peak_mib for theirs, ours in pairs)
    each = ", ".join(f"{ratio:.1f}" for ratio in times)
    print(f"{engine}: {statistics.median(times):.1f}x faster (aim {aim:g}x; pairs {each}), "
          f"{memory:.2f} of the peak memory (aim {MEMORY_AIM})")  # fmt: skip


def print_agreement(theirs: Labels, ours: Labels, spacing_mm: tuple[float, ...], aim: float) -> None:
    """Dice of each class, lesions on either side, and their volumes."""
    for value in sorted(set(np.unique(theirs)) - {0}):
        a, b = theirs == value, ours == value
        dice = 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))
        total = np.count_nonzero(b) / np.count_nonzero(a) - 1
        print(
            f"  class {value}: Dice {dice:.4f} (aim {aim}); volume {100 * total:+.2f} % (aim {100 * VOLUME_AIM:.0f} %)"
        )
        print_lesions(a, b, float(np.prod(spacing_mm)) / 1000)


def print_lesions(theirs: Mask, ours: Mask, voxel_ml: float) -> None:
    """Each region on either side: is it on the other, and how does its volume differ."""
    a, count_a = ndimage.label(theirs, _NEAR)
    b, count_b = ndimage.label(ours, _NEAR)
    sizes_a, sizes_b = np.bincount(a.ravel()), np.bincount(b.ravel())
    lost = [sizes_a[i] for i in range(1, count_a + 1) if not (ours & (a == i)).any()]
    new = [sizes_b[i] for i in range(1, count_b + 1) if not (theirs & (b == i)).any()]
    print(f"    regions {count_a} and {count_b}; theirs alone {len(lost)} (largest {max(lost, default=0)} voxels), "
          f"ours alone {len(new)} (largest {max(new, default=0)} voxels)")  # fmt: skip
    both = [(sizes_a[i], int(np.bincount(b[a == i], minlength=count_b + 1)[1:].argmax()) + 1)
            for i in range(1, count_a + 1) if (ours & (a == i)).any()]  # fmt: skip
    off = [(abs(sizes_b[j] / size - 1), size) for size, j in both]
    for least in (0.0, 0.5, 2.0):
        worst = max((each for each in off if each[1] * voxel_ml >= least), default=(0.0, 0))
        held = sum(1 for each in off if each[1] * voxel_ml >= least)
        print(f"    {held} in both of at least {least} ml: volumes differ by at most {100 * worst[0]:.1f} % "
              f"(a region of {worst[1]} voxels)")  # fmt: skip


def print_shares(models: Path, runs: dict[str, list[Run]]) -> None:
    """What engine, skipping, crop and resampling each bring; and that skipping changes no voxel."""
    ways = {
        "torch, every tile": Way("torch", "none", skip_empty=False),
        "OpenVINO, every tile": Way("openvino", "none", skip_empty=False),
        "and empty tiles skipped": Way("openvino"),
        "tiles over the body (not asked)": Way("openvino", "rows"),
    }
    got = [(name, run_uptake(models, way)) for name, way in ways.items()]
    theirs = runs["nnU-Net"][0]
    around = theirs.seconds["input"] + theirs.seconds["labels back"]
    print(f"shares: nnU-Net {theirs.seconds['end to end']:.1f} s, of which input and labels back {around:.1f} s")
    last = theirs.seconds["end to end"]
    for name, run in got:
        now = run.seconds["end to end"]
        spent = f"{now:6.1f} s ({last / now:.2f}x), {run.tiles} tiles, input {run.seconds['input']:.1f} s"
        print(f"  {name:30} {spent}")
        last = now
    same = np.array_equal(got[1][1].labels, got[2][1].labels)
    print(f"  skipping alone on the uncropped grid: labels {'bit-equal' if same else 'DIFFER'}")


if __name__ == "__main__":
    main()
