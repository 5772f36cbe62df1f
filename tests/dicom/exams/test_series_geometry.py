from dataclasses import replace

import numpy as np
import pytest

from tests.dicom.series_factory import SeriesPlan, ct_plan, make_headers, save, stored, uid, write_series
from uptake.dicom.exams import series_geometry
from uptake.dicom.exams.exam_reader import read_exams
from uptake.dicom.exams.pixel_reader import read_pet_pixels
from uptake.errors import SeriesRefused, UnreadableFile, UnsafeInput

_ORIENTATIONS = {
    "head first supine": (1, 0, 0, 0, 1, 0),
    "head first prone": (-1, 0, 0, 0, -1, 0),
    "feet first supine": (-1, 0, 0, 0, 1, 0),
    "feet first prone": (1, 0, 0, 0, -1, 0),
    "decubitus": (0, -1, 0, 1, 0, 0),
    "coronal": (1, 0, 0, 0, 0, -1),
    "sagittal": (0, 1, 0, 0, 0, -1),
    "oblique": (0.8, 0.6, 0, -0.6, 0.8, 0),
}


def _shift(index: int, millimetres: float):
    """An edit that moves one slice along z."""

    def edit(dataset, at):
        if at == index:
            x, y, z = dataset.ImagePositionPatient
            dataset.ImagePositionPatient = [x, y, float(z) + millimetres]

    return edit


def _put(keyword, value, *, at=None):
    """An edit that sets a value in one slice, or in all."""

    def edit(dataset, index):
        if at is None or index == at:
            setattr(dataset, keyword, value)

    return edit


@pytest.mark.parametrize("orientation", _ORIENTATIONS.values(), ids=_ORIENTATIONS.keys())
def test_every_voxel_lies_where_the_header_puts_it(tmp_path, orientation):
    plan = SeriesPlan(orientation=orientation)
    write_series(tmp_path, plan, names="{0}")

    (exam,) = read_exams(tmp_path)

    voxels = read_pet_pixels(exam.pet)
    for z, y, x in ((0, 0, 0), (2, 3, 1), (4, 5, 7)):
        # PS3.3 C.7.6.2.1.1: position = IPP + column index * row cosine * column spacing + row index * ...
        header = make_headers(plan)[z]
        row, column = np.array(orientation[:3]), np.array(orientation[3:])
        expected = np.array(header.ImagePositionPatient) + x * 5.0 * row + y * 4.0 * column
        index = exam.pet.geometry.index(expected)
        assert np.allclose(index, np.round(index), atol=1e-4)
        at = tuple(np.round(index).astype(int))
        assert voxels[at] == stored(plan)[z, y, x] * 0.5
    assert exam.pet.geometry.spacing_mm == pytest.approx((3.0, 4.0, 5.0))


def test_slices_are_sorted_by_position_not_by_name(tmp_path):
    plan = SeriesPlan(slices=12)
    order = np.random.default_rng(3).permutation(12)
    for name, index in enumerate(order):
        save(make_headers(plan)[index], tmp_path / f"{name}")

    (exam,) = read_exams(tmp_path)

    assert [plane.sop_instance_uid for plane in exam.pet.planes] == [uid(f"series/{index}") for index in range(12)]
    assert np.array_equal(read_pet_pixels(exam.pet), stored(plan) * 0.5)


def test_a_tenth_of_a_millimetre_is_no_gap(tmp_path):
    write_series(tmp_path, SeriesPlan(slices=9), edit=_shift(4, 0.09))

    (exam,) = read_exams(tmp_path)

    assert exam.pet.geometry.spacing_mm[0] == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (_shift(4, 0.4), "unevenly spaced"),
        (_shift(8, 3.0), r"1 slice\(s\) of 3.00 mm missing between 121.00 and 127.00 mm"),
        (_shift(8, 1.3), "unevenly spaced"),
        (_shift(4, 3.0), "duplicate slices"),
        (_put("PixelSpacing", None, at=1), r"PixelSpacing \(0028,0030\): missing"),
        (_put("PixelSpacing", ["4", "6"], at=1), r"PixelSpacing \(0028,0030\): differs"),
        (_put("PixelSpacing", ["0", "0"]), "PixelSpacing"),
        (_put("ImagePositionPatient", None, at=1), r"ImagePositionPatient \(0020,0032\): missing"),
        (_put("ImageOrientationPatient", None), r"ImageOrientationPatient \(0020,0037\): missing"),
        (_put("ImageOrientationPatient", [1, 0, 0, 0.2, 0.9, 0]), "right angles"),
        (_put("ImageOrientationPatient", [1, 0, 0, 0, 0, 1], at=1), r"ImageOrientationPatient .* differs"),
        (_put("RescaleSlope", None, at=2), r"RescaleSlope \(0028,1053\): missing or unusable in 1 of 9"),
        (_put("RescaleSlope", "0"), r"RescaleSlope \(0028,1053\)"),
        (_put("RescaleIntercept", None), r"RescaleIntercept \(0028,1052\)"),
    ],
)
@pytest.mark.filterwarnings("ignore:Invalid value for VR DS")
def test_an_irregular_series_is_refused_by_name(tmp_path, edit, message):
    write_series(tmp_path, SeriesPlan(slices=9), edit=edit)

    with pytest.raises(SeriesRefused, match=message) as refused:
        read_exams(tmp_path)

    assert refused.value.series.startswith("PT series 3 'PET AC'")
    assert refused.value.remedy


def test_a_missing_slice_is_refused_with_its_place(tmp_path):
    paths = write_series(tmp_path, SeriesPlan(slices=9))
    paths[3].unlink()
    paths[4].unlink()

    with pytest.raises(SeriesRefused, match=r"2 slice\(s\) of 3.00 mm missing between 106.00 and 115.00 mm"):
        read_exams(tmp_path)


def test_copies_of_a_file_are_dropped(tmp_path):
    write_series(tmp_path / "a", SeriesPlan())
    write_series(tmp_path / "b", SeriesPlan())

    (exam,) = read_exams(tmp_path)

    assert len(exam.pet.planes) == 5
    assert any("5 file(s) are copies" in warning for warning in exam.warnings)


@pytest.mark.parametrize(
    ("attribute", "values", "message"),
    [
        ("AcquisitionTime", ("103000", "104000"), "a dynamic series"),
        ("TriggerTime", ("0", "250"), "a gated series"),
        ("InstanceNumber", ("1", "2"), "duplicate slices"),
    ],
)
def test_several_images_at_one_position_are_named_for_what_they_are(tmp_path, attribute, values, message):
    for value in values:

        def edit(dataset, index, value=value):
            dataset.SOPInstanceUID = uid(f"{value}/{index}")
            setattr(dataset, attribute, value)

        write_series(tmp_path / value, SeriesPlan(), edit=edit)

    with pytest.raises(SeriesRefused, match=message):
        read_exams(tmp_path)


def test_a_tilted_gantry_leaves_the_ct_out_but_not_the_pet(tmp_path):
    def tilt(dataset, index):
        x, y, z = dataset.ImagePositionPatient
        dataset.ImagePositionPatient = [x, float(y) + 0.5 * index, z]

    write_series(tmp_path / "pt", SeriesPlan())
    write_series(tmp_path / "ct", ct_plan(), edit=tilt)

    (exam,) = read_exams(tmp_path)

    assert exam.ct is None
    assert any("gantry tilt of 14.0 degrees" in warning for warning in exam.warnings)
    assert any("measured without one" in warning for warning in exam.warnings)


def test_a_single_slice_takes_its_depth_from_the_header(tmp_path):
    write_series(tmp_path, SeriesPlan(slices=1))

    (exam,) = read_exams(tmp_path)

    assert exam.pet.geometry.spacing_mm[0] == 3.0
    assert any("single slice" in warning for warning in exam.warnings)

    write_series(tmp_path, SeriesPlan(slices=1), edit=_put("SliceThickness", None))
    with pytest.raises(SeriesRefused, match="SliceThickness"):
        read_exams(tmp_path)


def test_a_volume_beyond_the_bound_is_refused_before_it_is_allocated(tmp_path, monkeypatch):
    write_series(tmp_path, SeriesPlan())
    monkeypatch.setattr(series_geometry, "MAXIMUM_VOLUME_BYTES", 5 * 6 * 8 * 4 - 1)

    with pytest.raises(UnsafeInput, match="5 x 6 x 8 voxels"):
        read_exams(tmp_path)


def test_a_header_that_announces_huge_images_is_unsafe(tmp_path):
    def inflate(dataset, _):
        dataset.Rows = dataset.Columns = 65535

    write_series(tmp_path, SeriesPlan(), edit=inflate)

    with pytest.raises(UnsafeInput):
        read_exams(tmp_path)


def test_mixed_image_sizes_are_refused(tmp_path):
    write_series(tmp_path / "a", SeriesPlan())
    tall = replace(SeriesPlan(rows=7, origin_mm=(-20.0, -15.0, 115.0)), name="other")
    write_series(tmp_path / "b", tall, edit=_put("SeriesInstanceUID", uid("series")))

    with pytest.raises(SeriesRefused, match="6 x 8, 7 x 8"):
        read_exams(tmp_path)


@pytest.mark.parametrize("keep", [0.6, 0.95])
def test_a_truncated_file_is_named_without_its_path(tmp_path, keep):
    paths = write_series(tmp_path / "Doe_Jo", SeriesPlan(rows=40, columns=40))
    whole = paths[2].read_bytes()
    paths[2].write_bytes(whole[: int(len(whole) * keep)])

    with pytest.raises(UnreadableFile, match=r"1 of 5 files end too early \(file 3") as refused:
        read_exams(tmp_path)

    assert "Doe" not in str(refused.value)


def test_slices_that_the_header_announces_and_that_are_not_there_are_a_warning(tmp_path):
    write_series(tmp_path, SeriesPlan(), edit=_put("NumberOfSlices", 8))

    (exam,) = read_exams(tmp_path)

    assert any("announces 8" in warning for warning in exam.warnings)
