import numpy as np
import pytest
from pydicom import Dataset
from pydicom.uid import RTStructureSetStorage

from tests.dicom.series_factory import SeriesPlan, save, uid, write_series
from uptake.dicom.annotations.rt_structure import fill_contours, label_contours, read_contours
from uptake.dicom.exams.exam_reader import read_exams
from uptake.errors import SeriesRefused, UnreadableFile
from uptake.geometry import ImageGeometry

GRID = ImageGeometry(shape=(4, 20, 20), spacing_mm=(3.0, 4.0, 5.0), origin_mm=(0.0, 0.0, 0.0))


def _square(depth: float, low: float, high: float) -> np.ndarray:
    return np.array([[depth, low, low], [depth, low, high], [depth, high, high], [depth, high, low]])


def _circle(depth: float, radius: float, centre: float = 9.3) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    return np.stack([np.full(400, depth), centre + radius * np.sin(angle), centre + radius * np.cos(angle)], axis=1)


def test_voxels_with_their_centre_inside_are_in():
    mask = fill_contours([_circle(2, 6.0)], GRID)

    y, x = np.mgrid[:20, :20]
    assert np.array_equal(mask[2], (y - 9.3) ** 2 + (x - 9.3) ** 2 < 36)
    assert not mask[[0, 1, 3]].any()


def test_the_same_outline_the_other_way_round_gives_the_same_voxels():
    points = np.array([[1, 2.2, 3.1], [1, 15.7, 4.4], [1, 9.9, 17.5], [1, 8.0, 9.0]])

    assert np.array_equal(fill_contours([points], GRID), fill_contours([points[::-1]], GRID))


def test_inner_contours_are_holes_and_separate_ones_add_up():
    mask = fill_contours([_square(1, 2.5, 12.5), _square(1, 5.5, 8.5), _square(1, 14.5, 16.5)], GRID)

    assert mask[1].sum() == 100 - 9 + 4
    assert not mask[1, 7, 7]


def test_a_centre_on_the_outline_belongs_to_one_side_only():
    left, right = _square(0, 2, 6), _square(0, 2, 6) + np.array([0, 0, 4])

    first, second = fill_contours([left], GRID), fill_contours([right], GRID)

    assert first.sum() == second.sum() == 16
    assert not (first & second).any()
    assert first[0, 2, 2]
    assert not first[0, 6, 6]


def test_a_contour_that_is_there_twice_counts_once():
    assert fill_contours([_square(1, 2.5, 5.5), _square(1, 2.5, 5.5)], GRID).sum() == 9


def test_contours_outside_the_grid_are_cut_at_its_edge():
    mask = fill_contours([_square(1, -5.5, 3.5), _square(9, 2.5, 5.5), _square(-7, 2.5, 5.5)], GRID)

    assert mask.sum() == 16


@pytest.mark.parametrize("step", [0.5, 1.0, 2.0])
def test_contours_of_other_planes_keep_their_volume(step):
    grid = ImageGeometry(shape=(40, 20, 20), spacing_mm=(1.0, 1.0, 1.0), origin_mm=(0.0, 0.0, 0.0))
    depths = np.arange(10.0, 26.0, step)

    mask = fill_contours([_square(depth, 4.5, 9.5) for depth in depths], grid)

    assert mask.sum() / 25 == pytest.approx(16, abs=1)


def _structure_set(path, series, contours, *, frame="frame", names=("GTV",)):
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = RTStructureSetStorage, uid("structures")
    dataset.Modality, dataset.SpecificCharacterSet = "RTSTRUCT", "ISO_IR 192"
    dataset.StructureSetROISequence, dataset.ROIContourSequence = [], []
    for number, name in enumerate(names, start=1):
        region, outline = Dataset(), Dataset()
        region.ROINumber, region.ROIName, region.ReferencedFrameOfReferenceUID = number, name, uid(frame)
        outline.ReferencedROINumber, outline.ContourSequence = number, []
        for points in contours:
            item = Dataset()
            item.ContourGeometricType = "CLOSED_PLANAR"
            item.ContourData = [f"{value:.4f}" for value in series.geometry.position_mm(points).ravel()]
            item.NumberOfContourPoints = len(points)
            outline.ContourSequence.append(item)
        dataset.StructureSetROISequence.append(region)
        dataset.ROIContourSequence.append(outline)
    save(dataset, path)
    return path


@pytest.fixture
def pet(tmp_path):
    write_series(tmp_path / "pet", SeriesPlan(rows=20, columns=20, orientation=(-1, 0, 0, 0, 1, 0)))
    return read_exams(tmp_path / "pet")[0].pet


def test_contours_are_read_by_name_on_a_series_grid(tmp_path, pet):
    path = _structure_set(tmp_path / "rs", pet, [_square(1, 2.5, 5.5), _square(2, 2.5, 6.5)], names=("GTV", "GTV", ""))

    masks = read_contours(path, pet)

    assert list(masks) == ["GTV", "GTV (2)", "ROI 3"]
    assert masks["GTV"].sum(axis=(1, 2)).tolist() == [0, 9, 16, 0, 0]


def test_the_smaller_region_is_on_top():
    large, small = fill_contours([_square(1, 2.5, 9.5)], GRID), fill_contours([_square(1, 4.5, 6.5)], GRID)

    labels = label_contours({"small": small, "large": large}, GRID).array

    assert np.bincount(labels.ravel()).tolist()[1:] == [4, 45]


def test_contours_of_another_patient_position_or_plane_are_refused(tmp_path, pet):
    with pytest.raises(SeriesRefused, match="another frame of reference"):
        read_contours(_structure_set(tmp_path / "a", pet, [_square(1, 2, 5)], frame="other"), pet)

    upright = _square(1, 2.5, 5.5)[:, [1, 0, 2]]
    with pytest.raises(SeriesRefused, match="not parallel"):
        read_contours(_structure_set(tmp_path / "b", pet, [upright]), pet)


def test_other_files_are_no_structure_set(tmp_path, pet):
    with pytest.raises(UnreadableFile, match="no RT Structure Set"):
        read_contours(pet.planes[0].path, pet)
    (tmp_path / "text").write_text("x")
    with pytest.raises(UnreadableFile, match="cannot be read"):
        read_contours(tmp_path / "text", pet)
