from dataclasses import replace

import numpy as np
import pytest

from tests.dicom.object_checks import same_voxels, segments_by_dcmqi, validity_errors
from tests.dicom.report_objects import CONTEXT, boxes, enhanced_series_of, series_of
from tests.dicom.series_factory import SeriesPlan
from uptake.dicom.annotations.segmentation_reader import read_segmentation
from uptake.dicom.results.label_segmentation import LabelSegment, LabelSeries, build_label_segmentation
from uptake.dicom.results.output_instance import save_dataset
from uptake.dicom.results.source_headers import load_source_headers
from uptake.volume import LabelMap

SERIES = LabelSeries("patient 1/organs", 8002, "DIGITAL PATIENT truth: organs", "TRUTH_ORGANS", "Test maker", "1")
SEGMENTS = (
    LabelSegment(1, "liver", "anatomy", "10200004", "Liver", description="An organ."),
    LabelSegment(2, "kidney left", "anatomy", "64033007", "Kidney", "left"),
    LabelSegment(3, "L1", "lesion", "65349008", "External iliac lymph node", "right"),
    LabelSegment(4, "fat", "tissue", "55603005", "Fat"),
    LabelSegment(5, "table", "object", "86407004", "Table"),
)


def written(series, labels, path, segments=SEGMENTS, made=SERIES):
    label_map = LabelMap(labels.astype(np.uint16), series.geometry)
    instance = build_label_segmentation(load_source_headers(series), label_map, segments, made, CONTEXT)
    save_dataset(instance, path)
    return instance


def test_other_readers_get_the_same_voxels(tmp_path):
    series = series_of(tmp_path / "in", SeriesPlan(slices=9))
    labels = boxes(series.geometry, 5)
    written(series, labels, tmp_path / "seg.dcm")
    assert validity_errors(tmp_path / "seg.dcm") == []
    extracted = segments_by_dcmqi(tmp_path / "seg.dcm", tmp_path / "dcmqi")
    assert sorted(extracted) == [1, 2, 3, 4, 5]
    assert all(same_voxels(image, labels == number, series.geometry) for number, image in extracted.items())


def test_segments_are_coded_with_their_side(tmp_path):
    series = series_of(tmp_path / "in", SeriesPlan(slices=9))
    liver, kidney, lesion, fat, table = written(series, boxes(series.geometry, 5), tmp_path / "a").SegmentSequence

    def coded(item):
        return item.SegmentedPropertyCategoryCodeSequence[0].CodeValue, item.SegmentedPropertyTypeCodeSequence[0]

    assert (coded(liver)[0], coded(liver)[1].CodeValue) == ("91723000", "10200004")
    assert "SegmentedPropertyTypeModifierCodeSequence" not in coded(liver)[1]
    assert coded(kidney)[1].SegmentedPropertyTypeModifierCodeSequence[0].CodeMeaning == "Left"
    assert (coded(fat)[0], coded(table)[0]) == ("85756007", "260787004")
    assert (coded(lesion)[0], coded(lesion)[1].CodeValue) == ("49755003", "52988006")
    region = lesion.AnatomicRegionSequence[0]
    assert region.CodeMeaning == "External iliac lymph node"
    assert region.AnatomicRegionModifierSequence[0].CodeMeaning == "Right"
    algorithm = lesion.SegmentationAlgorithmIdentificationSequence[0]
    assert (lesion.SegmentAlgorithmType, algorithm.AlgorithmName) == ("AUTOMATIC", "Test maker")
    assert (lesion.SegmentLabel, liver.SegmentDescription) == ("L1", "An organ.")


def test_the_same_arguments_give_the_same_bytes(tmp_path):
    series = series_of(tmp_path / "in", SeriesPlan(slices=4))
    labels = boxes(series.geometry, 5)
    for name in "ab":
        written(series, labels, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    first = written(series, labels, tmp_path / "a")
    other = written(series, labels, tmp_path / "c", made=replace(SERIES, identity="patient 2/organs"))
    assert first.SOPInstanceUID != other.SOPInstanceUID
    assert first.SeriesInstanceUID != other.SeriesInstanceUID
    assert first.SegmentSequence[0].TrackingUID != other.SegmentSequence[0].TrackingUID


def test_labels_without_a_voxel_or_a_segment_are_left_out(tmp_path):
    series = series_of(tmp_path / "in", SeriesPlan(slices=6))
    labels = np.zeros(series.geometry.shape, np.uint16)
    labels[0, 0, 0], labels[1:3, 1, 1], labels[4, 4, 4] = 2, 5, 77
    segmentation = written(series, labels, tmp_path / "seg.dcm")
    assert [item.SegmentLabel for item in segmentation.SegmentSequence] == ["kidney left", "table"]
    assert segmentation.NumberOfFrames == 3
    first, second = read_segmentation(tmp_path / "seg.dcm").segments
    assert (first.frames.sum(), second.frames.sum()) == (1, 2)
    nothing = LabelMap(np.full(series.geometry.shape, 77, np.uint16), series.geometry)
    assert build_label_segmentation(load_source_headers(series), nothing, SEGMENTS, SERIES, CONTEXT) is None


def test_an_enhanced_source_is_referenced_by_frame(tmp_path):
    series = enhanced_series_of(tmp_path / "in", SeriesPlan(slices=6))
    labels = np.zeros(series.geometry.shape, np.uint16)
    labels[1, 2, 3] = 1
    segmentation = written(series, labels, tmp_path / "seg.dcm")
    assert validity_errors(tmp_path / "seg.dcm") == []
    frame = segmentation.PerFrameFunctionalGroupsSequence[0]
    assert frame.DerivationImageSequence[0].SourceImageSequence[0].ReferencedFrameNumber == 5


def test_it_belongs_to_the_study_as_a_series_of_its_own(tmp_path):
    series = series_of(tmp_path / "in", SeriesPlan(slices=4))
    segmentation = written(series, boxes(series.geometry, 1), tmp_path / "seg.dcm")
    assert segmentation.StudyInstanceUID == series.study_uid
    assert segmentation.FrameOfReferenceUID == series.frame_of_reference_uid
    assert (segmentation.SeriesNumber, segmentation.SeriesDescription) == (8002, "DIGITAL PATIENT truth: organs")


def test_another_grid_or_a_label_named_twice_is_an_error(tmp_path):
    series = series_of(tmp_path / "in", SeriesPlan(slices=4))
    source = load_source_headers(series)
    elsewhere = replace(series.geometry, origin_mm=(0.0, 0.0, 0.0))
    labels = boxes(series.geometry, 1)
    with pytest.raises(ValueError, match="not on the series' grid"):
        build_label_segmentation(source, LabelMap(labels.copy(), elsewhere), SEGMENTS, SERIES, CONTEXT)
    with pytest.raises(ValueError, match="same label"):
        build_label_segmentation(source, LabelMap(labels, series.geometry), SEGMENTS[:1] * 2, SERIES, CONTEXT)
