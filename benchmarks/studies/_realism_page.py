"""The page that says how digital exams compare with real ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.studies._realism_measures import Measures
from benchmarks.studies._realism_pictures import TISSUES
from uptake.phantom.plan import GENERATOR_VERSION

_HEAD = """# Digital patients beside real ones

Written by `python -m benchmarks.studies.realism` (generator version {version}); do not edit. Real: `acrin_042` (TCIA
ACRIN-NSCLC-FDG-PET 042, GE Discovery ST, PET and CT from neck to kidneys; CC BY 3.0 as far as known) and `STS_001`
(TCIA Soft-tissue-Sarcoma, doi 10.7937/K9/TCIA.2015.7GO2GSKS, GE, PET only; CC BY 3.0), both of older scanners.
Digital: the first exams of {count} FDG patients ({names}), each on its scanner's own
grids, as first planned and before any check. Two real exams are few: a real value within the digital span shows that
the generator can make such exams, not that its mix is that of a clinic.

The same spheres everywhere: liver and lung 30 mm, muscle 20 mm (24 in STS_001), marrow 16 mm (14 in STS_001; a
vertebral body), blood pool 14 mm (descending aorta; mediastinum in STS_001), fat 12 mm. Two spheres are averaged where
two were placed. Real ones were placed by eye, digital ones at the deepest voxel of the tissue, away from lesions.
"""
_NOISE = """
Noise of the liver: squares of {patch:g} mm in up to 12 slices above each other, each less its plane. The width is the
full width at half maximum of the autocorrelation, in the plane and along z; the mean frequency weights the power
spectrum.
"""
_FIGURES = """
![Maximum intensity projections, coronal](figures/digital-mips.png)

PET and CT in three planes, real above and digital below, are left in `build/studies/real-above-digital.png`: slices of
the real exam are not ours to publish.

![Noise power spectra of the liver](figures/digital-noise.png)

![Histograms of CT numbers by tissue](figures/digital-ct.png)
"""
Value = Callable[[Measures], float | None]


def page(exams: Sequence[Measures], names: str, patch_mm: float, critique: str) -> str:
    """Markdown with what the digital exams span and whether the real values lie in it."""
    real = [exam for exam in exams if exam.scanner == "real"]
    digital = [exam for exam in exams if exam.scanner != "real"]
    head = _HEAD.format(version=GENERATOR_VERSION, count=len(digital), names=names)
    covered, rows = _rows(real, digital)
    summary = (
        "Every real value lies within the digital span."
        if not covered
        else f"**Not covered by the digital span: {'; '.join(covered)}.**"
    )
    return "\n".join(
        (
            head,
            "## Values\n",
            summary + "\n",
            *rows,
            _NOISE.format(patch=patch_mm),
            "## The digital exams one by one\n",
            *_each(exams),
            "\n## Pictures",
            _FIGURES,
            critique,
        )
    )


def _rows(real: Sequence[Measures], digital: Sequence[Measures]) -> tuple[list[str], list[str]]:
    """What is not covered, and the table."""
    wanted: list[tuple[str, str, Value]] = []
    for tissue in TISSUES:
        wanted.append((f"{tissue}, SUV mean", ".2f", _of("suv", tissue)))
        wanted.append((f"{tissue}, SUV CV (%)", ".0f", _of("variation", tissue, 100)))
    wanted.append(("liver noise, width in the plane (mm)", ".1f", _of_noise("width_mm")))
    wanted.append(("liver noise, width along z (mm)", ".1f", _of_noise("axial_width_mm")))
    wanted.append(("liver noise, mean frequency (1/mm)", ".3f", _of_noise("mean_frequency_per_mm")))
    for tissue in TISSUES:
        wanted.append((f"{tissue}, HU mean", ".0f", _of("hu", tissue)))
        wanted.append((f"{tissue}, HU SD", ".0f", _of("hu_sd", tissue)))
    rows = [
        "| quantity | " + " | ".join(exam.name for exam in real) + " | digital min | median | max | covered |",
        "|---" * (len(real) + 5) + "|",
    ]
    outside = []
    for name, form, value in wanted:
        span = np.array([found for exam in digital if (found := value(exam)) is not None])
        seen = [value(exam) for exam in real]
        low, high = float(span.min()), float(span.max())
        missed = [
            f"{exam.name} {found:{form}}"
            for exam, found in zip(real, seen, strict=True)
            if found is not None and not low <= found <= high
        ]
        if missed:
            outside.append(f"{name} ({', '.join(missed)}; digital {low:{form}} to {high:{form}})")
        cells = [f"{found:{form}}" if found is not None else "" for found in seen]
        numbers = (f"{each:{form}}" for each in (low, float(np.median(span)), high))
        rows.append(f"| {name} | {' | '.join(cells)} | {' | '.join(numbers)} | {'**no**' if missed else 'yes'} |")
    return outside, rows


def _of(field: str, tissue: str, factor: float = 1.0) -> Value:
    def value(exam: Measures) -> float | None:
        found: float | None = getattr(exam, field).get(tissue)
        return None if found is None else found * factor

    return value


def _of_noise(field: str) -> Value:
    def value(exam: Measures) -> float | None:
        return None if exam.noise is None else float(getattr(exam.noise, field))

    return value


def _each(exams: Sequence[Measures]) -> list[str]:
    rows = ["| exam | scanner | voxel (mm) | liver SUV | liver CV (%) | width (mm) | mean frequency (1/mm) |"]
    rows.append("|---" * 7 + "|")
    for exam in exams:
        voxel = " x ".join(f"{each:.2f}" for each in exam.spacing_mm)
        width = f"{exam.noise.width_mm:.1f} | {exam.noise.mean_frequency_per_mm:.3f}" if exam.noise else " | "
        liver = f"{exam.suv['liver']:.2f} | {100 * exam.variation['liver']:.0f}"
        rows.append(f"| {exam.name} | {exam.scanner} | {voxel} | {liver} | {width} |")
    return rows
