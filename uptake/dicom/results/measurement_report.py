"""Writes an exam's findings as a DICOM structured report: TID 1500 with one TID 1411 group per lesion, and totals."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from highdicom import sr
from pydicom import Dataset
from pydicom.sr.coding import Code

from uptake import __version__
from uptake.dicom.results.codes import code, own_scheme, site_code
from uptake.dicom.results.image_library import image_library
from uptake.dicom.results.lesion_coding import lesion_coding, report_algorithm, weights_notes
from uptake.dicom.results.output_instance import (
    MANUFACTURER,
    MODEL_NAME,
    SERIAL_NUMBER,
    DicomInstanceContext,
    complete_instance,
    instance_keywords,
    nameless,
)
from uptake.dicom.results.source_headers import SourceHeaders
from uptake.dicom.results.uids import new_uid
from uptake.fold_agreement import FOLDS_NOTE
from uptake.measurement import ClassTotals, Findings, LesionMeasurement, Totals, split_notes
from uptake.notice import RESEARCH_USE

NO_LESIONS = "No region of elevated uptake was found."
NO_LESIONS_BY_NETWORK = "The network found no lesion."
_SIGNIFICANT_DIGITS = 9


@dataclass(frozen=True, slots=True)
class ReportReferences:
    """Objects of the same run that the report points to; None where there is none.

    Parameters
    ----------
    segmentation
        As ``build_segmentation`` gave it: segment ``n`` is lesion ``n``.
    real_world_value_map
        The map from stored values to SUV that the measurements rest on.
    """

    segmentation: Dataset | None = None
    real_world_value_map: Dataset | None = None


def build_measurement_report(
    source: SourceHeaders,
    findings: Findings,
    references: ReportReferences,
    context: DicomInstanceContext,
    *,
    notes: Sequence[str] = (),
) -> Dataset:
    """Per lesion SUVmax, SUVmean, SUVpeak, SULpeak, MTV, volume, TLG and folds' agreement; then totals, also by class.

    SUVpeak and SULpeak are those of the 1 cm3 sphere. The report says that it is for research use, lists the caveats
    of the findings, and is a valid document that says so when nothing was found.

    Parameters
    ----------
    source
        Headers of the PET series.
    findings
        What was measured.
    references
        The segmentation and SUV map of the same run.
    context
        Time and exam number of the run.
    notes
        More sentences for the reader of the report, such as how SUV was computed; without patient data.

    Raises
    ------
    ValueError
        If there are lesions but no segmentation for the groups to refer to.

    References
    ----------
    DICOM PS3.16 TID 1500, 1411, 1419, 1501, 1600; PS3.3 A.35.3 (Comprehensive SR).
    """
    if findings.lesions and references.segmentation is None:
        raise ValueError("a lesion's measurements need the segmentation they refer to")
    groups = [
        _lesion_group(number, lesion, findings, source, references) for number, lesion in enumerate(findings.lesions, 1)
    ]
    content = sr.MeasurementReport(
        observation_context=_observer(),
        procedure_reported=code("pet_procedure"),
        imaging_measurements=[*groups, *_totals_groups(findings)],
        title=code("pet_measurement_report"),
    )
    referenced = [item for item in (references.segmentation, references.real_world_value_map) if item is not None]
    instance = sr.ComprehensiveSR(
        evidence=[*nameless(source), *referenced],
        content=content[0],
        is_complete=True,
        **instance_keywords("measurement report", context),
    )
    # Added last, because highdicom copies and searches all that it is given.
    items = instance.ContentSequence
    items.insert(len(items) - 1, image_library(source))
    items.append(
        _comments((RESEARCH_USE, *weights_notes(findings.weights), *_remarks(findings), *findings.caveats, *notes))
    )
    if any(lesion.agreement for lesion in findings.lesions):
        instance.CodingSchemeIdentificationSequence = [own_scheme()]
    return complete_instance(instance, source, context)


def _observer() -> sr.ObservationContext:
    device = sr.DeviceObserverIdentifyingAttributes(
        # The same software version is the same observer in every report.
        uid=f"2.25.{uuid.uuid5(uuid.NAMESPACE_DNS, f'{MODEL_NAME} {__version__}').int}",
        name=f"{MODEL_NAME} {__version__}",
        manufacturer_name=MANUFACTURER,
        model_name=MODEL_NAME,
        serial_number=SERIAL_NUMBER,
    )
    observer = sr.ObserverContext(observer_type=Code("121007", "DCM", "Device"), observer_identifying_attributes=device)
    return sr.ObservationContext(observer_device_context=observer)


def _lesion_group(
    number: int,
    lesion: LesionMeasurement,
    findings: Findings,
    source: SourceHeaders,
    references: ReportReferences,
) -> sr.VolumetricROIMeasurementsAndQualitativeEvaluations:
    segmentation = references.segmentation
    if segmentation is None:
        raise ValueError("a lesion's measurements need the segmentation they refer to")
    value_map = references.real_world_value_map
    coding = lesion_coding(findings.class_of(lesion))
    site = site_code(lesion.site) or coding.site
    return sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid=lesion.tracking_uid, identifier=lesion.tracking_id),
        referenced_segment=sr.ReferencedSegment(
            # highdicom's from_segmentation fails on a segmentation with one segment.
            sop_class_uid=segmentation.SOPClassUID,
            sop_instance_uid=segmentation.SOPInstanceUID,
            segment_number=number,
            source_series=sr.SourceSeriesForSegmentation(source.series.series_uid),
        ),
        referenced_real_world_value_map=None if value_map is None else sr.RealWorldValueMap(value_map.SOPInstanceUID),
        finding_category=coding.category,
        finding_type=coding.type,
        finding_sites=None if site is None else [sr.FindingSite(site)],
        algorithm_id=report_algorithm(findings),
        measurements=_lesion_measurements(lesion),
        qualitative_evaluations=_evaluations(lesion),
    )


def _evaluations(lesion: LesionMeasurement) -> list[sr.QualitativeEvaluation] | None:
    """Whether the folds differ on the class; None where there are not several."""
    if lesion.agreement is None:
        return None
    return [sr.QualitativeEvaluation(name=code("folds_split"), value=code("yes" if lesion.agreement.split else "no"))]


def _lesion_measurements(lesion: LesionMeasurement) -> list[sr.Measurement]:
    measured = [
        _suv("maximum", lesion.suv_max),
        _suv("mean", lesion.suv_mean),
        _suv("standard_deviation", lesion.suv_sd),
        _suv("peak", lesion.suv_peak),
    ]
    if lesion.sul_peak is not None:
        measured.append(_sul_peak(lesion.sul_peak))
    return [
        *measured,
        _number("metabolic_volume", lesion.mtv_ml, "unit_ml"),
        _number("volume", lesion.mtv_ml, "unit_ml", method="method_voxel_sum"),
        _number("tlg", lesion.tlg_g, "unit_g"),
        *_fold_measurements(lesion),
    ]


def _fold_measurements(lesion: LesionMeasurement) -> list[sr.Measurement]:
    agreement = lesion.agreement
    if agreement is None:
        return []
    return [
        _number("fold_confidence", 100 * agreement.confidence, "unit_percent"),
        _number("folds_found", agreement.found_by, "unit_none"),
    ]


def _totals_groups(findings: Findings) -> list[sr.MeasurementsAndQualitativeEvaluations]:
    """All regions together, then each class, found or not."""
    every = sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid=new_uid(), identifier="All regions"),
        algorithm_id=report_algorithm(findings),
        measurements=_totals(findings.totals),
    )
    return [every, *(_class_group(each, findings) for each in findings.by_class)]


def _class_group(known: ClassTotals, findings: Findings) -> sr.MeasurementsAndQualitativeEvaluations:
    coding = lesion_coding(known.lesion_class)
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(
            uid=new_uid(), identifier=f"All regions of class {known.lesion_class.name}"
        ),
        finding_category=coding.category,
        finding_type=coding.type,
        finding_sites=None if coding.site is None else [sr.FindingSite(coding.site)],
        algorithm_id=report_algorithm(findings),
        measurements=_totals(known.totals),
    )


def _totals(totals: Totals) -> list[sr.Measurement]:
    measured = [
        _number("number_of_lesions", totals.lesions, "unit_none"),
        _number("metabolic_volume", totals.mtv_ml, "unit_ml", derivation="total"),
        _number("tlg", totals.tlg_g, "unit_g", derivation="total"),
    ]
    if totals.suv_max is not None:
        measured.append(_suv("maximum", totals.suv_max))
    if totals.suv_peak is not None:
        measured.append(_suv("peak", totals.suv_peak))
    if totals.sul_peak is not None:
        measured.append(_sul_peak(totals.sul_peak))
    return measured


def _suv(derivation: str, value: float) -> sr.Measurement:
    return _number("suv_bw", value, "unit_suv_bw", derivation=derivation, method="method_suv_bw")


def _sul_peak(value: float) -> sr.Measurement:
    return _number("sul", value, "unit_sul", derivation="peak", method="method_sul")


def _number(name: str, value: float, unit: str, *, derivation: str = "", method: str = "") -> sr.Measurement:
    return sr.Measurement(
        name=code(name),
        # The digits that a DS of 16 characters surely holds.
        value=float(f"{value:.{_SIGNIFICANT_DIGITS}g}"),
        unit=code(unit),
        derivation=code(derivation) if derivation else None,
        method=code(method) if method else None,
    )


def _remarks(findings: Findings) -> tuple[str, ...]:
    """What the coded content cannot say: that there is nothing, how folds differ, and sites without a code."""
    if not findings.lesions:
        return (NO_LESIONS if findings.weights is None else NO_LESIONS_BY_NETWORK,)
    uncoded = [lesion for lesion in findings.lesions if lesion.site and site_code(lesion.site) is None]
    sites = (f"{lesion.tracking_id}: {lesion.site}" for lesion in uncoded)
    several = any(lesion.agreement for lesion in findings.lesions)
    return (*_burden(findings), *((FOLDS_NOTE,) if several else ()), *split_notes(findings), *sites)


def _burden(findings: Findings) -> tuple[str, ...]:
    """The burden by class in words, for readers that do not show groups without an image."""
    if not findings.by_class:
        return ()
    named = [("Total tumour burden (TTB)", findings.totals)]
    named += [(each.lesion_class.title, each.totals) for each in findings.by_class]
    return tuple(f"{name}: MTV {totals.mtv_ml:.2f} ml, TLG {totals.tlg_g:.1f} g." for name, totals in named)


def _comments(texts: Sequence[str]) -> sr.ContainerContentItem:
    container = sr.ContainerContentItem(
        name=code("qualitative_evaluations"), relationship_type=sr.RelationshipTypeValues.CONTAINS
    )
    container.ContentSequence = sr.ContentSequence(
        [
            sr.TextContentItem(name=code("comment"), value=text, relationship_type=sr.RelationshipTypeValues.CONTAINS)
            for text in texts
        ]
    )
    return container
