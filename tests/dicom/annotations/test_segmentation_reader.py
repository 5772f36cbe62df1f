from pathlib import Path

import highdicom as hd
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import RLELossless

from tests.dicom.object_checks import same_voxels, segments_by_dcmqi
from tests.dicom.report_objects import CONTEXT, series_of
from tests.dicom.series_factory import SeriesPlan
from uptake.dicom.annotations.segmentation_reader import read_segmentation
from uptake.dicom.results.codes import code
from uptake.dicom.results.output_instance import instance_keywords, nameless, save_dataset
from uptake.dicom.results.source_headers import load_source_headers
from uptake.errors import SeriesRefused, UnreadableFile, UnsafeInput
from uptake.geometry import ImageGeometry

PLAN = SeriesPlan(slices=6)


def by_highdicom(folder: Path, pixels, kind, segments=1, **options):
    series = series_of(folder / "in", PLAN)
    described = [
        hd.seg.SegmentDescription(n, f"S{n}", code("morphologically_abnormal"), code("lesion"), "MANUAL")
        for n in range(1, segments + 1)
    ]
    source = nameless(load_source_headers(series))
    made = hd.seg.Segmentation(source, pixels, kind, described, **instance_keywords("segmentation", CONTEXT), **options)
    save_dataset(made, folder / "seg.dcm")
    return read_segmentation(folder / "seg.dcm"), series.geometry


def label_array():
    labels = np.zeros((6, 6, 8), dtype=np.uint8)
    labels[1, 2:4, 3:5], labels[2, 2, 3], labels[5, 0, 0] = 1, 2, 2
    return labels


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP", "FRACTIONAL"])
def test_every_kind_gives_the_same_label_map(tmp_path, kind):
    read, geometry = by_highdicom(tmp_path, label_array(), kind, segments=2)
    assert np.array_equal(read.label_map(geometry).array, label_array())
    assert [segment.label for segment in read.segments] == ["S1", "S2"]
    assert read.segments[0].type.meaning == "Lesion"


def test_fractions_count_from_a_half(tmp_path):
    fractions = np.zeros((6, 6, 8), dtype=np.float32)
    fractions[2, 3, 3:6] = 0.49, 0.51, 1.0
    read, _ = by_highdicom(tmp_path, fractions, "FRACTIONAL", transfer_syntax_uid=RLELossless)
    assert read.segments[0].frames.sum() == 2


def test_overlapping_segments_stay_whole_but_give_no_label_map(tmp_path):
    both = np.zeros((6, 6, 8, 2), dtype=np.uint8)
    both[1:4, 2:4, 3:5, 0] = 1
    both[3:5, 3:5, 4:6, 1] = 1
    read, _ = by_highdicom(tmp_path, both, "BINARY", segments=2)
    assert [int(read.mask(segment).sum()) for segment in read.segments] == [12, 8]
    with pytest.raises(SeriesRefused, match="segments overlap"):
        read.label_map()


def test_a_single_frame_lies_where_it_should(tmp_path):
    labels = np.zeros((6, 6, 8), dtype=np.uint8)
    labels[4, 1, 1] = 1
    read, geometry = by_highdicom(tmp_path, labels, "BINARY")
    assert read.geometry.shape == (1, 6, 8)
    assert np.array_equal(read.label_map(geometry).array, labels)


def test_labels_go_to_a_grid_that_runs_the_other_way(tmp_path):
    read, geometry = by_highdicom(tmp_path, label_array(), "BINARY", segments=2)
    turned = ImageGeometry(
        shape=(6, 6, 8),
        spacing_mm=geometry.spacing_mm,
        origin_mm=tuple(geometry.position_mm((5, 5, 0))),
        axes=((0.0, 0.0, -1.0), (0.0, -1.0, 0.0), (1.0, 0.0, 0.0)),
    )
    assert np.array_equal(read.label_map(turned).array, label_array()[::-1, ::-1])


@pytest.mark.parametrize(("shift", "said"), [(1.5, "do not coincide"), (6.0, "reaches beyond")])
def test_another_grid_is_refused(tmp_path, shift, said):
    read, geometry = by_highdicom(tmp_path, label_array(), "BINARY", segments=2)
    x, y, z = geometry.origin_mm
    with pytest.raises(SeriesRefused, match=said):
        read.label_map(ImageGeometry(geometry.shape, geometry.spacing_mm, (x, y, z + shift)))


def edited(folder: Path, edit):
    by_highdicom(folder, label_array(), "BINARY", segments=2)
    dataset = dcmread(folder / "seg.dcm")
    edit(dataset)
    dataset.save_as(folder / "edited.dcm")
    return folder / "edited.dcm"


def test_frames_without_a_spacing_tell_it_by_their_positions(tmp_path):
    def strip(dataset):
        measures = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
        del measures.SpacingBetweenSlices
        measures.SliceThickness = 9

    read = read_segmentation(edited(tmp_path, strip))
    assert read.geometry.spacing_mm == (3, 4, 5)
    assert read.geometry.shape[0] == 5


def test_frames_off_the_stack_are_refused(tmp_path):
    def move(dataset):
        dataset.PerFrameFunctionalGroupsSequence[0].PlanePositionSequence[0].ImagePositionPatient = [30, -15, 103]

    with pytest.raises(SeriesRefused, match="not stacked"):
        read_segmentation(edited(tmp_path, move))

    def between(dataset):
        dataset.PerFrameFunctionalGroupsSequence[0].PlanePositionSequence[0].ImagePositionPatient = [-20, -15, 104.5]

    with pytest.raises(SeriesRefused, match="unevenly spaced"):
        read_segmentation(edited(tmp_path / "b", between))


def test_a_size_that_is_only_announced_is_not_allocated(tmp_path):
    def lie(dataset):
        dataset.Rows = dataset.Columns = 60000

    with pytest.raises(UnsafeInput, match="announces"):
        read_segmentation(edited(tmp_path, lie))


def test_truncated_pixels_and_other_files_are_refused(tmp_path):
    def cut(dataset):
        dataset.PixelData = dataset.PixelData[:2]

    with pytest.raises(UnreadableFile, match="SEG: a file could not be read as a segmentation"):
        read_segmentation(edited(tmp_path, cut))
    with pytest.raises(UnreadableFile):
        read_segmentation(series_of(tmp_path / "pt", PLAN).planes[0].path)


OTHERS = {
    "dcmqi_sr_example/seg.dcm": {1: 795},
    "iowa2dicom_testing/SEG/tumor.dcm": {1: 1126, 2: 127},
    "dcmjs_qin_headneck_024/tumor_User1_Manual_Trial1.dcm": {1: 54, 2: 212},
    "highdicom/seg_image_ct_binary.dcm": {1: 638},
    "highdicom/seg_image_ct_binary_fractional.dcm": {1: 638},
    "highdicom/seg_image_ct_binary_overlap.dcm": {1: 64, 2: 16},
    "highdicom/seg_image_ct_true_fractional.dcm": {1: 638},
}


@pytest.mark.data
@pytest.mark.parametrize("name", OTHERS)
def test_segmentations_of_other_writers(data_folder, name):
    read = read_segmentation(data_folder / "reference_objects" / name)
    assert {segment.number: int(segment.frames.sum()) for segment in read.segments} == OTHERS[name]


@pytest.mark.data
def test_dcmqis_own_reader_sees_the_same_voxels(data_folder, tmp_path):
    path = data_folder / "reference_objects/dcmqi_sr_example/seg.dcm"
    read = read_segmentation(path)
    (image,) = segments_by_dcmqi(path, tmp_path / "dcmqi").values()
    assert same_voxels(image, read.mask(read.segments[0]), read.geometry)
    volume_ml = read.segments[0].frames.sum() * read.geometry.voxel_volume_ml
    assert volume_ml == pytest.approx(33.5824, rel=1e-4)  # as dcmqi's report of it says
