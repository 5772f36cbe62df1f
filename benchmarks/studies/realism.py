"""How digital exams compare with real ones, in numbers and pictures.

``python -m benchmarks.studies.realism`` wants the real exams in ``$UPTAKE_DATA`` (or ``shared/data`` beside the
checkout), and writes ``docs/digital-patients-realism.md`` and ``docs/figures/digital-*.png``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rich.progress import track

from benchmarks.studies._realism_exams import PATCH_MM, RealismExam, data_folder, digital_exam, real_exams
from benchmarks.studies._realism_measures import Measures, measured
from benchmarks.studies._realism_page import page
from benchmarks.studies._realism_pictures import draw_ct, draw_mips, draw_noise, draw_planes

DOCS = Path(__file__).parents[2] / "docs"
# Not in docs/: slices of the real exam may not be redistributed.
PLANES = DOCS.parent / "build" / "studies" / "real-above-digital.png"
# System, seed, site: FDG systems with whole bodies; together every whole-body scanner.
COHORT = (
    *(("response", seed, "internal") for seed in range(1, 5)),
    *(("response", seed, "external") for seed in range(5, 14)),
    *(("breast-pairs", seed, "internal") for seed in range(1, 4)),
    *(("breast-pairs", seed, "external") for seed in range(4, 8)),
)
NAMES = "response, seeds 1 to 4 internal, 5 to 13 external; breast-pairs, 1 to 3 internal, 4 to 7 external"
SHOWN = (("head-neck", 1, "internal"), ("breast-pairs", 2, "internal"), ("response", 3, "internal"))
SHOWN_PSMA = ("psma", 1, "internal")
BESIDE = ("response", 6, "external")
TOP_SUV = 8.0


def main() -> int:
    """Measure, draw and write; exit 66 if the real exams are not there."""
    if not (data_folder() / "README.md").is_file():
        print(f"no real exams in {data_folder()}: set UPTAKE_DATA", file=sys.stderr)
        return 66
    PLANES.parent.mkdir(parents=True, exist_ok=True)
    real = list(real_exams())
    exams = [measured(exam) for exam in real]
    for wish in track(COHORT, description="digital exams"):
        exams.append(_measured_and_drawn(wish, real[0]))
    shown = [digital_exam(*wish, with_ct=False) for wish in (*SHOWN, SHOWN_PSMA)]
    draw_mips([*real, *shown], TOP_SUV, DOCS / "figures" / "digital-mips.png")
    draw_noise(exams, DOCS / "figures" / "digital-noise.png")
    draw_ct(exams, DOCS / "figures" / "digital-ct.png")
    critique = (Path(__file__).parent / "realism_critique.md").read_text(encoding="utf-8")
    (DOCS / "digital-patients-realism.md").write_text(page(exams, NAMES, PATCH_MM, critique), encoding="utf-8")
    return 0


def _measured_and_drawn(wish: tuple[str, int, str], real: RealismExam) -> Measures:
    """One exam at a time in memory; the one shown beside the real exam is drawn as it goes by."""
    exam = digital_exam(*wish)
    if wish == BESIDE:
        draw_planes(real, exam, PLANES)
    return measured(exam)


if __name__ == "__main__":
    sys.exit(main())
