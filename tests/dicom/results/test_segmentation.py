import dataclasses

import numpy as np
import pytest
from pydicom import dcmread

from tests.dicom.object_checks import same_voxels, segments_by_dcmqi, validity_errors
from tests.dicom.report_objects import (
    CONTEXT,
    boxes,
    classed,
    enhanced_series_of,
    findings_of,
    real_series,
    series_of,
)
from tests.dicom.series_factory import SeriesPlan
from tests.lesion_classes import NODE, PRIMARY, SENTENCE, WEIGHTS
from uptake.dicom.annotations.segmentation_reader import read_segmentation
from uptake.dicom.results.output_instance import save_dataset
from uptake.dicom.results.segmentation import build_segmentation
from uptake.dicom.results.source_headers import load_source_headers

TILT = (float(np.cos(0.3)), 0.0, float(-np.sin(0.3)), 0.0, 1.0, 0.0)
GRIDS = {
    "head first supine": SeriesPlan(slices=9),
    "feet first": SeriesPlan(slices=9, orientation=(-1.0, 0.0, 0.0, 0.0, 1.0, 0.0)),
    "prone": SeriesPlan(slices=9, orientation=(-1.0, 0.0, 0.0, 0.0, -1.0, 0.0)),
    "oblique": SeriesPlan(slices=9, orientation=TILT),
    "coronal": SeriesPlan(slices=9, orientation=(1.0, 0.0, 0.0, 0.0, 0.0, -1.0)),
}


def written(series, findings, path):
    source = load_source_headers(series)
    segmentation = build_segmentation(source, findings, CONTEXT)
    save_dataset(segmentation, path)
    return segmentation


@pytest.mark.parametrize("grid", GRIDS)
def test_other_readers_get_the_same_voxels(tmp_path, grid):
    series = series_of(tmp_path / "in", GRIDS[grid])
    labels = boxes(series.geometry, 3)
    findings = findings_of(series.geometry, labels)
    written(series, findings, tmp_path / "seg.dcm")
    assert validity_errors(tmp_path / "seg.dcm") == []
    extracted = segments_by_dcmqi(tmp_path / "seg.dcm", tmp_path / "dcmqi")
    assert sorted(extracted) == [1, 2, 3]
    for number, image in extracted.items():
        assert same_voxels(image, labels == number, series.geometry)
    ours = read_segmentation(tmp_path / "seg.dcm").label_map(series.geometry)
    assert np.array_equal(ours.array, labels)


def test_an_enhanced_source_is_referenced_by_frame(tmp_path):
    series = enhanced_series_of(tmp_path / "in", SeriesPlan(slices=6))
    labels = np.zeros(series.geometry.shape, dtype=np.uint16)
    labels[1, 2, 3] = 1
    written(series, findings_of(series.geometry, labels), tmp_path / "seg.dcm")
    assert validity_errors(tmp_path / "seg.dcm") == []
    assert np.array_equal(read_segmentation(tmp_path / "seg.dcm").label_map(series.geometry).array, labels)
    frame = dcmread(tmp_path / "seg.dcm").PerFrameFunctionalGroupsSequence[0]
    assert frame.DerivationImageSequence[0].SourceImageSequence[0].ReferencedFrameNumber == 5  # plane 1 of 6, reversed


def test_segments_follow_the_lesions_not_the_labels(tmp_path):
    series = series_of(tmp_path / "in", SeriesPlan(slices=6))
    labels = np.zeros(series.geometry.shape, dtype=np.uint16)
    labels[0, 0, 0], labels[1:3, 1, 1], labels[4, 4, 4] = 300, 5, 9
    findings = findings_of(series.geometry, labels)
    # Hottest first, and one label that is no lesion.
    chosen = dataclasses.replace(findings, lesions=(findings.lesions[2], findings.lesions[0]))
    segmentation = written(series, chosen, tmp_path / "seg.dcm")
    assert segmentation.NumberOfFrames == 3
    first, second = read_segmentation(tmp_path / "seg.dcm").segments
    assert (first.tracking_id, first.tracking_uid, first.frames.sum()) == ("Lesion 300", "2.25.1300", 1)
    assert (second.tracking_id, second.frames.sum()) == ("Lesion 5", 2)
    assert (first.category.value, first.type.value) == ("49755003", "52988006")


def test_it_belongs_to_the_study_and_names_its_maker(tmp_path):
    series = series_of(tmp_path / "in", SeriesPlan(slices=4, patient_name="Mononym"))
    segmentation = written(series, findings_of(series.geometry, boxes(series.geometry, 1)), tmp_path / "seg.dcm")
    assert segmentation.StudyInstanceUID == series.study_uid
    assert segmentation.SeriesInstanceUID != series.series_uid
    assert segmentation.FrameOfReferenceUID == series.frame_of_reference_uid
    assert (segmentation.PatientName, segmentation.PatientID) == ("Mononym", "P-1")
    assert (segmentation.Manufacturer, segmentation.SeriesNumber) == ("Uptake project", 9001)
    assert (str(segmentation.ContentDate), str(segmentation.InstanceCreationTime)) == ("20240229", "131415.160000")
    algorithm = segmentation.SegmentSequence[0].SegmentationAlgorithmIdentificationSequence[0]
    assert algorithm.AlgorithmName == "fixed-4.0"


def test_segments_carry_their_class_and_the_weights(tmp_path):
    series = series_of(tmp_path / "in", SeriesPlan(slices=6))
    findings = classed(findings_of(series.geometry, boxes(series.geometry, 3)), PRIMARY, NODE)
    segmentation = written(series, findings, tmp_path / "seg.dcm")
    assert validity_errors(tmp_path / "seg.dcm") == []
    segments = read_segmentation(tmp_path / "seg.dcm").segments
    assert [each.type.value for each in segments] == ["372087000", "14799000", "372087000"]
    assert {each.category.value for each in segments} == {"49755003"}
    first, second, _ = segmentation.SegmentSequence
    assert (first.SegmentLabel, second.SegmentLabel) == ("Lesion 1: Primary tumour", "Lesion 2: Lymph node metastasis")
    assert "AnatomicRegionSequence" not in first
    assert second.AnatomicRegionSequence[0].CodeValue == "59441001"
    algorithm = first.SegmentationAlgorithmIdentificationSequence[0]
    assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == (SENTENCE, "1.2.3")
    assert algorithm.AlgorithmFamilyCodeSequence[0].CodeMeaning == "Artificial Intelligence"
    assert "0a" * 32 in algorithm.AlgorithmParameters
    assert SENTENCE in first.SegmentDescription
    assert len(segments_by_dcmqi(tmp_path / "seg.dcm", tmp_path / "dcmqi")) == 3


def test_weights_with_a_long_name_still_make_a_valid_object(tmp_path):
    series = series_of(tmp_path / "in", SeriesPlan(slices=4))
    findings = classed(findings_of(series.geometry, boxes(series.geometry, 1)), PRIMARY)
    weights = dataclasses.replace(WEIGHTS, bundle="n" * 64, digital_patients_only=False, trained_on="data " * 40)
    segmentation = written(series, dataclasses.replace(findings, weights=weights), tmp_path / "seg.dcm")
    assert validity_errors(tmp_path / "seg.dcm") == []
    algorithm = segmentation.SegmentSequence[0].SegmentationAlgorithmIdentificationSequence[0]
    assert algorithm.AlgorithmName == "n" * 64
    assert weights.sentence in algorithm.AlgorithmParameters


@pytest.mark.parametrize("slices", [1, 2])
def test_few_slices(tmp_path, slices):
    series = series_of(tmp_path / "in", SeriesPlan(slices=slices))
    labels = np.zeros(series.geometry.shape, dtype=np.uint16)
    labels[-1, 1, 1:3] = 1
    written(series, findings_of(series.geometry, labels), tmp_path / "seg.dcm")
    assert validity_errors(tmp_path / "seg.dcm") == []
    assert np.array_equal(read_segmentation(tmp_path / "seg.dcm").label_map(series.geometry).array, labels)


def test_no_lesion_gives_no_segmentation(tmp_path):
    series = series_of(tmp_path / "in", SeriesPlan(slices=4))
    nothing = findings_of(series.geometry, np.zeros(series.geometry.shape, dtype=np.uint16))
    assert build_segmentation(load_source_headers(series), nothing, CONTEXT) is None


def test_a_label_map_of_another_grid_or_without_the_lesion_is_an_error(tmp_path):
    series = series_of(tmp_path / "in", SeriesPlan(slices=4))
    source = load_source_headers(series)
    elsewhere = dataclasses.replace(series.geometry, origin_mm=(0.0, 0.0, 0.0))
    with pytest.raises(ValueError, match="not on the series' grid"):
        build_segmentation(source, findings_of(elsewhere, boxes(elsewhere, 1)), CONTEXT)
    findings = findings_of(series.geometry, boxes(series.geometry, 1))
    lesion = dataclasses.replace(findings.lesions[0], label=77)
    with pytest.raises(ValueError, match="no voxel"):
        build_segmentation(source, dataclasses.replace(findings, lesions=(lesion,)), CONTEXT)


@pytest.mark.data
@pytest.mark.parametrize("folder", ["acrin_042/PT_AC", "sts/STS_001/PET/image", "sts_raw/STS_001/image"])
def test_real_headers(data_folder, tmp_path, folder):
    series = real_series(data_folder / folder)
    labels = boxes(series.geometry, 3, size=4)
    written(series, findings_of(series.geometry, labels), tmp_path / "seg.dcm")
    assert validity_errors(tmp_path / "seg.dcm") == []
    extracted = segments_by_dcmqi(tmp_path / "seg.dcm", tmp_path / "dcmqi")
    assert all(same_voxels(image, labels == number, series.geometry) for number, image in extracted.items())
    assert len(extracted) == 3
