import dataclasses

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid

from tests.dicom.object_checks import measurements_by_dcmqi, validity_errors
from tests.dicom.report_objects import (
    CAVEAT,
    CONTEXT,
    boxes,
    classed,
    enhanced_series_of,
    findings_of,
    real_series,
    series_of,
)
from tests.dicom.series_factory import SeriesPlan
from tests.lesion_classes import NODE, PRIMARY, SENTENCE
from uptake.dicom.annotations.measurement_report_reader import read_measurement_report
from uptake.dicom.results.measurement_report import (
    NO_LESIONS,
    NO_LESIONS_BY_NETWORK,
    ReportReferences,
    build_measurement_report,
)
from uptake.dicom.results.output_instance import save_dataset
from uptake.dicom.results.segmentation import build_segmentation
from uptake.dicom.results.source_headers import load_source_headers
from uptake.fold_agreement import FoldAgreement
from uptake.notice import RESEARCH_USE


def written(series, findings, path, **options):
    source = load_source_headers(series)
    segmentation = build_segmentation(source, findings, CONTEXT)
    report = build_measurement_report(source, findings, ReportReferences(segmentation), CONTEXT, **options)
    save_dataset(report, path)
    return segmentation


def wanted_numbers(lesion):
    numbers = {
        ("126401", "56851009", "g/ml{SUVbw}"): lesion.suv_max,
        ("126401", "373098007", "g/ml{SUVbw}"): lesion.suv_mean,
        ("126401", "386136009", "g/ml{SUVbw}"): lesion.suv_sd,
        ("126401", "126031", "g/ml{SUVbw}"): lesion.suv_peak,
        ("126032", "", "ml"): lesion.mtv_ml,
        ("118565006", "", "ml"): lesion.mtv_ml,
        ("126033", "", "g"): lesion.tlg_g,
    }
    if lesion.sul_peak is not None:
        numbers[("126405", "126031", "g/ml{SUVlbm(Janma)}")] = lesion.sul_peak
    return numbers


def check_by_dcmqi(path, folder, findings, segmentation):
    *groups, totals = measurements_by_dcmqi(path, folder)["Measurements"]
    assert totals["TrackingIdentifier"] == "All regions"
    assert len(groups) == len(findings.lesions)
    for number, (group, lesion) in enumerate(zip(groups, findings.lesions, strict=True), 1):
        assert (group["TrackingIdentifier"], group["TrackingUniqueIdentifier"]) == (
            lesion.tracking_id,
            lesion.tracking_uid,
        )
        assert (group["ReferencedSegment"], group["segmentationSOPInstanceUID"]) == (
            number,
            segmentation.SOPInstanceUID,
        )
        assert group["Finding"]["CodeValue"] == "52988006"
        read = {
            (
                item["quantity"]["CodeValue"],
                item.get("derivationModifier", {}).get("CodeValue", ""),
                item["units"]["CodeValue"],
            ): float(item["value"])
            for item in group["measurementItems"]
        }
        assert read == pytest.approx(wanted_numbers(lesion), rel=1e-8)


@pytest.mark.parametrize("lesions", [1, 3])
def test_dcmqi_reads_the_same_numbers(tmp_path, lesions):
    series = series_of(tmp_path / "in", SeriesPlan(slices=9))
    findings = findings_of(series.geometry, boxes(series.geometry, lesions))
    segmentation = written(series, findings, tmp_path / "sr.dcm")
    assert validity_errors(tmp_path / "sr.dcm") == []
    check_by_dcmqi(tmp_path / "sr.dcm", tmp_path / "dcmqi", findings, segmentation)


def test_our_reader_gets_numbers_sites_and_totals(tmp_path):
    series = enhanced_series_of(tmp_path / "in", SeriesPlan(slices=9))
    findings = findings_of(series.geometry, boxes(series.geometry, 2))
    segmentation = written(series, findings, tmp_path / "sr.dcm")
    assert validity_errors(tmp_path / "sr.dcm") == []
    first, second, totals = read_measurement_report(tmp_path / "sr.dcm")
    for group, lesion in zip((first, second), findings.lesions, strict=True):
        read = {
            (m.name.value, m.derivation.value if m.derivation else "", m.unit.value): m.value
            for m in group.measurements
        }
        assert read == pytest.approx(wanted_numbers(lesion), rel=1e-8)
    assert first.segment == (segmentation.SOPInstanceUID, 1)
    assert [site.meaning for site in first.finding_sites] == ["Bone"]
    assert second.finding_sites == ()
    assert totals.tracking_id == "All regions"
    read = {m.name.value: m.value for m in totals.measurements if m.name.value not in ("126401", "126405")}
    assert read == pytest.approx(
        {"246206008": 2, "126032": findings.totals.mtv_ml, "126033": findings.totals.tlg_g}, rel=1e-8
    )


def comments(path):
    *_, evaluations = dcmread(path).ContentSequence
    assert evaluations.ConceptNameCodeSequence[0].CodeMeaning == "Qualitative Evaluations"
    return [item.TextValue for item in evaluations.ContentSequence]


def test_nothing_found_is_a_valid_report_that_says_so(tmp_path):
    series = series_of(tmp_path / "in", SeriesPlan(slices=4))
    nothing = findings_of(series.geometry, np.zeros(series.geometry.shape))
    assert written(series, nothing, tmp_path / "sr.dcm") is None
    assert validity_errors(tmp_path / "sr.dcm") == []
    assert NO_LESIONS in comments(tmp_path / "sr.dcm")
    (totals,) = read_measurement_report(tmp_path / "sr.dcm")
    assert [m.value for m in totals.measurements] == [0, 0, 0]
    assert "Measurements" in measurements_by_dcmqi(tmp_path / "sr.dcm", tmp_path / "dcmqi")


def test_it_says_what_it_is_not_sure_of_in_any_script(tmp_path):
    series = series_of(tmp_path / "in", SeriesPlan(slices=4))
    findings = findings_of(series.geometry, boxes(series.geometry, 1))
    written(series, findings, tmp_path / "sr.dcm", notes=("Фактор 4.2e-4",))
    assert comments(tmp_path / "sr.dcm") == [RESEARCH_USE, CAVEAT, "Фактор 4.2e-4"]
    assert validity_errors(tmp_path / "sr.dcm") == []


def test_classes_are_findings_with_totals_of_their_own(tmp_path):
    series = series_of(tmp_path / "in", SeriesPlan(slices=6))
    findings = classed(findings_of(series.geometry, boxes(series.geometry, 2)), PRIMARY, NODE)
    written(series, findings, tmp_path / "sr.dcm")
    assert validity_errors(tmp_path / "sr.dcm") == []
    first, second, every, primary, node = read_measurement_report(tmp_path / "sr.dcm")
    assert [group.finding.value for group in (first, second)] == ["372087000", "14799000"]
    assert [site.meaning for site in first.finding_sites] == ["Bone"]  # the lesion's own site is worth more
    assert [site.meaning for site in second.finding_sites] == ["Lymph Node"]
    assert every.finding is None
    for group, known in ((primary, findings.by_class[0]), (node, findings.by_class[1])):
        assert group.tracking_id == f"All regions of class {known.lesion_class.name}"
        assert group.finding.value == known.lesion_class.type.value
        read = {m.name.value: m.value for m in group.measurements if m.name.value != "126401"}
        assert read == {"246206008": 1, "126032": known.totals.mtv_ml, "126033": known.totals.tlg_g}
    assert "Measurements" in measurements_by_dcmqi(tmp_path / "sr.dcm", tmp_path / "dcmqi")


def test_the_weights_are_named_with_every_group_and_their_hashes_once(tmp_path):
    series = series_of(tmp_path / "in", SeriesPlan(slices=6))
    findings = classed(findings_of(series.geometry, boxes(series.geometry, 2)), PRIMARY, NODE)
    written(series, findings, tmp_path / "sr.dcm")
    text = dcmread(tmp_path / "sr.dcm").to_json()
    assert text.count(f'"{SENTENCE}"') == 5
    assert [note for note in comments(tmp_path / "sr.dcm") if "3b" * 32 in note and SENTENCE in note]
    assert text.count("3b" * 32) == 1


def test_the_burden_is_said_in_words(tmp_path):
    series = series_of(tmp_path / "in", SeriesPlan(slices=6))
    findings = classed(findings_of(series.geometry, boxes(series.geometry, 2)), PRIMARY, NODE)
    written(series, findings, tmp_path / "sr.dcm")
    total_ml = 2 * 8 * 0.06  # two boxes of eight voxels of 3 x 4 x 5 mm
    said = [each for each in comments(tmp_path / "sr.dcm") if "MTV" in each]
    assert said[0].startswith(f"Total tumour burden (TTB): MTV {total_ml:.2f} ml, TLG ")
    assert said[1:] == [
        "Primary tumour: MTV 1.50 ml, TLG 2.5 g.",
        "Lymph node metastasis: MTV 3.00 ml, TLG 5.0 g.",
    ]


def test_agreement_of_folds_is_measured_and_a_split_is_told(tmp_path):
    series = series_of(tmp_path / "in", SeriesPlan(slices=6))
    findings = classed(findings_of(series.geometry, boxes(series.geometry, 2)), PRIMARY, NODE)
    sure = FoldAgreement(5, 5, 0.96, (("primary_tumour", 5),))
    unsure = FoldAgreement(5, 4, 0.7125, (("primary_tumour", 3), ("lymph_node_metastasis", 1)))
    lesions = tuple(
        dataclasses.replace(lesion, agreement=each)
        for lesion, each in zip(findings.lesions, (sure, unsure), strict=True)
    )
    written(series, dataclasses.replace(findings, lesions=lesions), tmp_path / "sr.dcm")
    assert validity_errors(tmp_path / "sr.dcm") == []
    groups = read_measurement_report(tmp_path / "sr.dcm")[:2]
    read = [{m.name.value: (m.value, m.unit.value) for m in group.measurements} for group in groups]
    assert [each["FOLD_CONFIDENCE"] for each in read] == [(96.0, "%"), (71.25, "%")]
    assert [each["FOLDS_FOUND"] for each in read] == [(5.0, "1"), (4.0, "1")]
    text = dcmread(tmp_path / "sr.dcm").to_json()
    assert (text.count("373066001"), text.count("373067005")) == (1, 1)  # yes and no
    assert (
        "Lesion 2: the folds differ on its class (Primary tumour 3, Lymph node metastasis 1); a reader must decide."
        in (comments(tmp_path / "sr.dcm"))
    )
    assert "Measurements" in measurements_by_dcmqi(tmp_path / "sr.dcm", tmp_path / "dcmqi")


def test_a_network_that_found_nothing_says_so(tmp_path):
    series = series_of(tmp_path / "in", SeriesPlan(slices=4))
    nothing = classed(findings_of(series.geometry, np.zeros(series.geometry.shape)), PRIMARY)
    written(series, nothing, tmp_path / "sr.dcm")
    assert validity_errors(tmp_path / "sr.dcm") == []
    assert NO_LESIONS_BY_NETWORK in comments(tmp_path / "sr.dcm")


def test_a_site_without_a_code_is_kept_as_text(tmp_path):
    series = series_of(tmp_path / "in", SeriesPlan(slices=4))
    findings = findings_of(series.geometry, boxes(series.geometry, 1))
    lesion = dataclasses.replace(findings.lesions[0], site="left third rib")
    written(series, dataclasses.replace(findings, lesions=(lesion,)), tmp_path / "sr.dcm")
    assert "Lesion 1: left third rib" in comments(tmp_path / "sr.dcm")
    assert read_measurement_report(tmp_path / "sr.dcm")[0].finding_sites == ()


def test_the_suv_map_of_the_run_is_referenced(tmp_path):
    series = series_of(tmp_path / "in", SeriesPlan(slices=4))
    source = load_source_headers(series)
    findings = findings_of(series.geometry, boxes(series.geometry, 1))
    segmentation = build_segmentation(source, findings, CONTEXT)
    value_map = Dataset()  # any dataset with the four identifiers serves as a map
    value_map.SOPClassUID, value_map.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.67", generate_uid()
    value_map.StudyInstanceUID, value_map.SeriesInstanceUID = series.study_uid, generate_uid()
    report = build_measurement_report(source, findings, ReportReferences(segmentation, value_map), CONTEXT)
    save_dataset(report, tmp_path / "sr.dcm")
    assert validity_errors(tmp_path / "sr.dcm") == []
    *_, measurements, _comments = dcmread(tmp_path / "sr.dcm").ContentSequence
    named = {
        item.ConceptNameCodeSequence[0].CodeValue: item for item in measurements.ContentSequence[0].ContentSequence
    }
    assert named["126100"].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == value_map.SOPInstanceUID


def test_lesions_without_a_segmentation_are_an_error(tmp_path):
    series = series_of(tmp_path / "in", SeriesPlan(slices=4))
    findings = findings_of(series.geometry, boxes(series.geometry, 1))
    with pytest.raises(ValueError, match="segmentation they refer to"):
        build_measurement_report(load_source_headers(series), findings, ReportReferences(), CONTEXT)


@pytest.mark.data
@pytest.mark.parametrize("folder", ["acrin_042/PT_AC", "sts/STS_001/PET/image", "sts_raw/STS_001/image"])
def test_real_headers(data_folder, tmp_path, folder):
    series = real_series(data_folder / folder)
    findings = findings_of(series.geometry, boxes(series.geometry, 3, size=4))
    segmentation = written(series, findings, tmp_path / "sr.dcm")
    assert validity_errors(tmp_path / "sr.dcm") == []
    check_by_dcmqi(tmp_path / "sr.dcm", tmp_path / "dcmqi", findings, segmentation)
