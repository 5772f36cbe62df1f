"""The table of contents: from DICOM folders to DICOM results, one direction, no step reaches back.

::

    DICOM folder(s)
      └─ read_exams           -> Exam[]           headers only
           └─ prepare         -> PreparedExam     SUV on the PET grid, HU on the CT grid, provenance
                └─ make_plan     -> FindingPlan   the task by tracer and body part, and its network, for all exams
                     └─ find_lesions  -> FoundRegions  by threshold, or by the plan's network
                          └─ measure_lesions -> Findings
                               └─ write_…  -> DICOM SEG, SR, RWVM, RTSTRUCT, key image, PDF, figures, results.json

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
from uptake.finding_plan import FindingPlan, make_plan
from uptake.found_regions import FoundRegions
from uptake.measurement import Findings
from uptake.regions.planning_regions import nearest_regions, planning_caveats, planning_volumes_ml
from uptake.regions.segment import PHYSIOLOGICAL_CAVEAT, segment
from uptake.result_files import (
    write_figures,
    write_measurement_reports,
    write_real_world_value_maps,
    write_reports,
    write_results,
    write_segmentations,
    write_structure_sets,
)
from uptake.settings import RunSettings
from uptake.task_selection import require_task

Progress = Callable[[str, int, int], None]
Say = Callable[[str], None]
MODELS = Path("models")


def find_lesions(
    prepared: PreparedExam, plan: FindingPlan, progress: Callable[[int, int], None] | None = None
) -> FoundRegions:
    """Find lesions with the plan's network, or without one regions of elevated uptake with the chosen method."""
    if plan.network is not None:
        found = plan.network.find(prepared, progress, for_planning=plan.structure_set)
        return replace(found, caveats=(*found.caveats, *plan.caveats(prepared)), task=plan.task)
    settings = plan.settings.segmentation
    labels = segment(prepared.suv, settings, sul_factor=prepared.conversion.sul_factor)
    on_ct = nearest_regions(labels, prepared.ct.geometry) if plan.structure_set and prepared.ct is not None else None
    caveats = (PHYSIOLOGICAL_CAVEAT, *plan.caveats(prepared))
    return FoundRegions(labels, settings.method, caveats, planning=on_ct, task=plan.task)


def measure_lesions(prepared: PreparedExam, regions: FoundRegions) -> Findings:
    """Measure every region on the original SUV grid."""
    findings = measure(prepared.suv, regions, sul_factor=prepared.conversion.sul_factor, tracking_uid_maker=new_uid)
    planning_ml = planning_volumes_ml(regions.labels, regions.planning) if regions.planning is not None else {}
    lesions = tuple(
        replace(each, agreement=regions.agreement_on(each.label), planning_volume_ml=planning_ml.get(each.label))
        for each in findings.lesions
    )
    caveats = findings.caveats if lesions else (NO_SEGMENTATION, *(regions.caveats if regions.weights else ()))
    if regions.planning is not None and prepared.ct is not None:
        caveats += planning_caveats(regions.labels, regions.planning, prepared.ct.geometry)
    return replace(
        findings,
        lesions=lesions,
        caveats=caveats,
        planning=regions.planning,
        task=regions.task,
    )


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
    require_task(settings, models)
    exams = read_exams(folders[0], extra=tuple(folders[1:]))
    total = 2 + 3 * len(exams) + 3
    prepared = []
    for number, exam in enumerate(exams, start=1):
        tell(f"exam {number}: reading voxels", number, total)
        prepared.append(prepare(exam))
    tell("choosing the task", 1 + len(exams), total)
    chosen = make_plan(prepared, settings, models, say or (lambda text: None))
    results = []
    for number, each in enumerate(prepared, start=1):
        done = 2 + len(exams) + 2 * (number - 1)
        tell(f"exam {number}: finding lesions", done, total)
        regions = find_lesions(each, chosen, _share(tell, number, done, total))
        tell(f"exam {number}: measuring", done + 1, total)
        results.append(ExamResult(number, each, measure_lesions(each, regions)))
    tell("writing DICOM objects", total - 3, total)
    segmentations = write_segmentations(results, staging)
    value_maps = write_real_world_value_maps(results, staging)
    write_measurement_reports(results, segmentations, value_maps, staging)
    write_structure_sets(results, staging)
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
