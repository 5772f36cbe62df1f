"""One exam of a digital patient: seconds and peak memory on two cores, and how both grow with the voxels.

An exam is its PET painted, blurred and counted, its CT, and both written as DICOM; planning, measuring and the truth
files are printed beside it. Each run is a process of its own; imports and loading of compiled loops do not count.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from benchmarks._process import CORES, bind_to_two_cores, peak_mib

if TYPE_CHECKING:
    from uptake.phantom.plan import PatientPlan

# System, scanner, and the PET spacings in mm: the first is the aim's, at which the CT has the scanner's own spacing.
EXAMS = (("response", "neutral-whole-body", (4.0, 5.0, 6.5)), ("head-neck", "neutral-head-neck", (2.5, 3.2, 4.0)))
AIM_S, AIM_MIB = 10.0, 2048.0
SEED = 1
EXAM_STEPS = ("PET painted and blurred", "PET counted", "CT", "PET written", "CT written")
BESIDE = ("plan", "measured", "truth written")
T = TypeVar("T")


def planned(system: str, scanner_name: str, spacing_mm: float) -> PatientPlan:
    """A patient with one exam; its CT's spacing grows with the PET's."""
    from uptake.phantom.disease.design import design_patient
    from uptake.phantom.physics.scanners import scanner

    patient = design_patient(system, SEED)
    known = scanner(scanner_name)
    z, y, x = (each * spacing_mm / known.pet_spacing_mm[0] for each in known.ct_spacing_mm)
    changed = replace(known, pet_spacing_mm=(spacing_mm,) * 3, ct_spacing_mm=(z, y, x))
    return replace(patient, exams=(replace(patient.exams[0], scanner=changed),))


def make_exam(plan: Callable[[], PatientPlan], folder: Path) -> dict[str, float]:
    """Seconds by step, of processor time for the exam (``cpu``), and how many million voxels are painted."""
    from uptake.dicom.exam_writer.ct_series import write_ct_series
    from uptake.dicom.exam_writer.pet_series import write_pet_series
    from uptake.dicom.exams.exam_reader import read_exams
    from uptake.phantom.checking.measured import measure_exam
    from uptake.phantom.dicom_terms import dicom_terms
    from uptake.phantom.rendering.ct import render_ct
    from uptake.phantom.rendering.grids import fine_geometry
    from uptake.phantom.rendering.pet import counted, render_pet
    from uptake.phantom.truth.document import TruthExam
    from uptake.phantom.truth.files import write_truth

    took = {"cpu": 0.0}

    def timed(name: str, work: Callable[[], T]) -> T:
        start, start_cpu = perf_counter(), process_time()
        result = work()
        took[name] = perf_counter() - start
        if name in EXAM_STEPS:
            took["cpu"] += process_time() - start_cpu
        return result

    patient = timed("plan", plan)
    (exam,) = patient.exams
    header, injection, protocol = dicom_terms(patient, exam)
    pet = timed("PET painted and blurred", lambda: render_pet(exam))
    suv = timed("PET counted", lambda: counted(pet, exam, np.random.default_rng(1)))
    pt, ct = folder / "PT", folder / "CT"
    timed("PET written", lambda: write_pet_series(suv, header, injection, protocol, pt, description="PET"))
    hu = timed("CT", lambda: render_ct(exam, np.random.default_rng(2)))
    timed("CT written", lambda: write_ct_series(hu, header, protocol, ct, description="CT"))
    grids = (fine_geometry(exam, suv.geometry), suv.geometry, hu.geometry)
    took["voxels"] = sum(float(np.prod(grid.shape)) for grid in grids) / 1e6
    measured = timed("measured", lambda: measure_exam(pet.noise_free, pet.lesions, pet.structures, exam))
    (read,) = read_exams(pt)
    truth = TruthExam(exam, measured, pet.structures, pet.lesions, read.pet, pet.volumes_ml)
    timed("truth written", lambda: write_truth(folder, patient, [truth]))
    return took


def run_exam(system: str, scanner_name: str, spacing_mm: float) -> None:
    """Work of a child process: everything once on a coarse grid, then the exam."""
    bind_to_two_cores()
    with tempfile.TemporaryDirectory() as name:
        make_exam(lambda: planned(system, scanner_name, 12.0), Path(name) / "first")
        took = make_exam(lambda: planned(system, scanner_name, spacing_mm), Path(name) / "exam")
    took["exam"] = sum(took[step] for step in EXAM_STEPS)
    took["peak"] = peak_mib()
    print(json.dumps(took))


def measure(system: str, scanner_name: str, spacing_mm: float) -> dict[str, float]:
    """Run one exam in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.phantom", system, scanner_name, str(spacing_mm)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    values: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return values


def main() -> None:
    """Print seconds, memory and growth."""
    if len(sys.argv) == 4:
        run_exam(sys.argv[1], sys.argv[2], float(sys.argv[3]))
        return
    for system, scanner_name, spacings in EXAMS:
        got = [measure(system, scanner_name, spacing) for spacing in spacings]
        first = got[0]
        print(f"{system} at {spacings[0]} mm ({scanner_name}), {CORES} cores:")
        print(f"  one exam {first['exam']:.1f} s (aim {AIM_S:.0f}), peak {first['peak']:.0f} MiB (aim {AIM_MIB:.0f})")
        for step in EXAM_STEPS:
            print(f"    {step:24}{first[step]:6.2f} s")
        print("  beside it: " + ", ".join(f"{step} {first[step]:.2f} s" for step in BESIDE))
        print_growth(spacings, got)


def print_growth(spacings: Sequence[float], got: Sequence[dict[str, float]]) -> None:
    """Print how an exam's time and memory grow; processor time, which other work on the machine disturbs least."""
    for spacing, each in zip(spacings, got, strict=True):
        print(f"    {spacing:4.1f} mm:{each['voxels']:7.1f} M voxels{each['exam']:7.2f} s, of processors"
              f"{each['cpu']:6.2f} s,{each['peak']:6.0f} MiB")  # fmt: skip
    first, last = got[0], got[-1]
    print(f"  {first['voxels'] / last['voxels']:.1f} x the voxels take {first['cpu'] / last['cpu']:.1f} x the time")
    rate, constant = np.polyfit([each["voxels"] for each in got], [each["cpu"] for each in got], 1)
    worst = max(abs(constant + rate * each["voxels"] - each["cpu"]) / each["cpu"] for each in got)
    print(f"  {constant:.2f} s + {1e3 * rate:.0f} ns per voxel of processor time, off by at most {100 * worst:.0f} %")


if __name__ == "__main__":
    main()
