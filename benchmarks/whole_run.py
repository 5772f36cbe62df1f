"""Where the time of a whole run goes: 400-slice PET/CT, 50 lesions; writing the SEG takes at most a fifth."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import TypeVar

import numpy as np

from benchmarks._whole_body import SPACING_MM, whole_body, write_benchmark_exam
from uptake import pipeline, result_files
from uptake.dicom.exams.exam_reader import read_exams
from uptake.exam_preparation import prepare
from uptake.exam_result import ExamResult
from uptake.finding_plan import make_plan
from uptake.geometry import ImageGeometry
from uptake.settings import RunSettings
from uptake.volume import CtVolume, SuvVolume

LARGEST_SHARE = 0.2
T = TypeVar("T")


def make_exam(folder: Path) -> None:
    """PET 400 x 200 x 200 with 50 lesions, CT 400 x 512 x 512 of water in air."""
    suv, _ = whole_body()
    origin = (-398.0, -398.0, 0.0)
    pet = SuvVolume(suv, ImageGeometry(suv.shape, SPACING_MM, origin))
    hu = np.full((400, 512, 512), -1000, np.float32)
    hu[:, 128:384, 64:448] = 0
    ct = CtVolume(hu, ImageGeometry(hu.shape, (3.0, 1.5625, 1.5625), origin))
    write_benchmark_exam(pet, ct, "uptake whole-run benchmark", folder)


def main() -> int:
    """Print each step's seconds and share; exit 1 where the SEG's share is above its aim."""
    seconds: dict[str, float] = {}

    def timed(name: str, work: Callable[[], T]) -> T:
        start = perf_counter()
        result = work()
        seconds[name] = perf_counter() - start
        return result

    settings = RunSettings()
    with tempfile.TemporaryDirectory() as name:
        folder, staging = Path(name) / "exam", Path(name) / "out"
        staging.mkdir()
        make_exam(folder)
        (exam,) = timed("read headers", lambda: read_exams(folder))
        prepared = timed("read voxels", lambda: prepare(exam))
        chosen = make_plan((prepared,), settings, Path(name), lambda text: None)
        regions = timed("find lesions", lambda: pipeline.find_lesions(prepared, chosen))
        findings = timed("measure", lambda: pipeline.measure_lesions(prepared, regions))
        results = (ExamResult(1, prepared, findings),)
        segmentations = timed("write SEG", lambda: result_files.write_segmentations(results, staging))
        maps = timed("write RWVM", lambda: result_files.write_real_world_value_maps(results, staging))
        timed("write SR", lambda: result_files.write_measurement_reports(results, segmentations, maps, staging))
        figures = timed("draw figures", lambda: result_files.write_figures(results, staging, settings))
        timed("write PDF", lambda: result_files.write_reports(results, figures, staging, settings))
        timed("write JSON", lambda: result_files.write_results(results, staging, settings))
    total_s = sum(seconds.values())
    print(f"whole run, {len(findings.lesions)} regions: {total_s:.1f} s")
    for step, spent_s in seconds.items():
        print(f"  {step:14}{spent_s:7.2f} s {spent_s / total_s:6.0%}")
    share = seconds["write SEG"] / total_s
    print(f"  the SEG takes {share:.0%} of the run (aim: at most {LARGEST_SHARE:.0%})")
    return 0 if share <= LARGEST_SHARE else 1


if __name__ == "__main__":
    sys.exit(main())
