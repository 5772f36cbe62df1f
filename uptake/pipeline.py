"""The table of contents: from DICOM folders to DICOM results, one direction, no step reaches back.

::

    DICOM folder(s)
      └─ read_exams           -> Exam[]           headers only
           └─ prepare         -> PreparedExam     SUV on the PET grid, HU on the CT grid, provenance
                └─ find_lesions  -> FoundRegions  by threshold, or by a network that load_network gave
                     └─ measure_lesions -> Findings
                          └─ write_…  -> DICOM SEG, TID 1500 SR, RWVM, PDF, key image, figures, results.json

``run`` is these steps for ``uptake run``; the MONAI Deploy graph has one operator for each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from uptake.biomarkers.measure import measure
from uptake.dicom.exams.exam_reader import read_exams
from uptake.dicom.results.segmentation import NO_SEGMENTATION
from uptake.dicom.results.uids import new_uid
from uptake.exam import PreparedExam
from uptake.exam_preparation import prepare
from uptake.exam_result import ExamResult
from uptake.found_regions import FoundRegions
from uptake.measurement import Findings
from uptake.network_lesions import LesionNetwork, load_lesion_network
from uptake.regions.segment import PHYSIOLOGICAL_CAVEAT, segment
from uptake.result_files import (
    write_figures,
    write_measurement_reports,
    write_real_world_value_maps,
    write_reports,
    write_results,
    write_segmentations,
)
from uptake.settings import RunSettings

Progress = Callable[[str, int, int], None]
Say = Callable[[str], None]
MODELS = Path("models")


def load_network(settings: RunSettings, models: Path, say: Say) -> LesionNetwork | None:
    """Load the network that the settings name, once for a run; None where they name none."""
    return load_lesion_network(settings.network, models, say) if settings.network.bundle else None


def find_lesions(
    prepared: PreparedExam,
    settings: RunSettings,
    network: LesionNetwork | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> FoundRegions:
    """Find lesions with the network, or without one regions of elevated uptake with the chosen method."""
    if network is not None:
        return network.find(prepared, progress)
    labels = segment(prepared.suv, settings.segmentation, sul_factor=prepared.conversion.sul_factor)
    return FoundRegions(labels, settings.segmentation.method, (PHYSIOLOGICAL_CAVEAT,))


def measure_lesions(prepared: PreparedExam, regions: FoundRegions) -> Findings:
    """Measure every region on the original SUV grid."""
    findings = measure(prepared.suv, regions, sul_factor=prepared.conversion.sul_factor, tracking_uid_maker=new_uid)
    caveats = (NO_SEGMENTATION, *(regions.caveats if regions.weights else ()))
    return findings if findings.lesions else replace(findings, caveats=caveats)


def run(
    folders: Sequence[Path],
    staging: Path,
    settings: RunSettings,
    progress: Progress | None = None,
    *,
    models: Path = MODELS,
    say: Say | None = None,
) -> tuple[ExamResult, ...]:
    """Run every step on the exams in ``folders`` and leave the results in ``staging``.

    Parameters
    ----------
    folders
        Input folders; all must hold the same patient.
    staging
        Where the files go.
    settings
        What the user chose.
    progress
        Called with a text, steps done and steps in all.
    models
        Folder of model bundles.
    say
        Told which engine runs the network and why, a line each.

    Raises
    ------
    UptakeError
        If the input cannot be used or the results cannot be written.
    """
    tell = progress or (lambda text, done, total: None)
    tell("reading headers", 0, 1)
    exams = read_exams(folders[0], extra=tuple(folders[1:]))
    total = 1 + 3 * len(exams) + 3
    tell("loading the network" if settings.network.bundle else "reading voxels", 1, total)
    network = load_network(settings, models, say or (lambda text: None))
    results = []
    for number, exam in enumerate(exams, start=1):
        done = 1 + 3 * (number - 1)
        tell(f"exam {number}: reading voxels", done, total)
        prepared = prepare(exam)
        tell(f"exam {number}: finding lesions", done + 1, total)
        regions = find_lesions(prepared, settings, network, _share(tell, number, done + 1, total))
        tell(f"exam {number}: measuring", done + 2, total)
        results.append(ExamResult(number, prepared, measure_lesions(prepared, regions)))
    tell("writing DICOM objects", total - 3, total)
    segmentations = write_segmentations(results, staging)
    value_maps = write_real_world_value_maps(results, staging)
    write_measurement_reports(results, segmentations, value_maps, staging)
    tell("drawing figures", total - 2, total)
    figures = write_figures(results, staging, settings)
    tell("writing the report", total - 1, total)
    write_reports(results, figures, staging, settings)
    write_results(results, staging, settings)
    tell("done", total, total)
    return tuple(results)


def _share(tell: Progress, number: int, done: int, total: int) -> Callable[[int, int], None]:
    """Tell how far a network is within an exam."""
    return lambda part, whole: tell(f"exam {number}: finding lesions, {100 * part // max(whole, 1)} %", done, total)
