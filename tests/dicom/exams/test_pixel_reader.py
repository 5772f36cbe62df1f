import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.pixels import apply_rescale
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from tests.dicom.series_factory import SeriesPlan, ct_plan, save, stored, write_enhanced, write_series
from uptake.dicom.exams.exam_reader import read_exams
from uptake.dicom.exams.pixel_reader import read_ct_volume, read_pet_pixels
from uptake.errors import SeriesRefused, UnreadableFile, UnsafeInput
from uptake.exam import ImageSeries, SlicePlane

_SYNTAXES = [
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
    RLELossless,
    JPEGLSLossless,
    JPEG2000Lossless,
]
_SIZE = {"rows": 36, "columns": 40}  # the JPEG 2000 encoder wants at least 32
_DCMCJPEG = Path("/usr/bin/dcmcjpeg")


@pytest.mark.parametrize("syntax", _SYNTAXES, ids=lambda syntax: syntax.keyword)
def test_every_transfer_syntax_gives_the_same_voxels(tmp_path, syntax):
    pet, tomography = SeriesPlan(syntax=syntax, **_SIZE), ct_plan(syntax=syntax, **_SIZE)
    write_series(tmp_path / "pt", pet)
    write_series(tmp_path / "ct", tomography)

    (exam,) = read_exams(tmp_path)

    voxels, hounsfield = read_pet_pixels(exam.pet), read_ct_volume(exam.ct)
    assert voxels.dtype == hounsfield.array.dtype == np.float32
    assert np.array_equal(voxels, stored(pet) * np.float32(0.5))
    assert np.array_equal(hounsfield.array, stored(tomography).astype(np.float32) - 1024)
    assert hounsfield.geometry == exam.ct.geometry


@pytest.mark.skipif(not _DCMCJPEG.exists(), reason="dcmtk is not installed")
def test_lossless_jpeg_gives_the_same_voxels(tmp_path):
    plan = SeriesPlan()

    def unsigned(dataset, _):
        dataset.PixelRepresentation = 0

    for path in write_series(tmp_path / "raw", plan, edit=unsigned):
        (tmp_path / "jpeg").mkdir(exist_ok=True)
        subprocess.run([_DCMCJPEG, path, tmp_path / "jpeg" / path.name], check=True)

    (exam,) = read_exams(tmp_path / "jpeg")

    assert np.array_equal(read_pet_pixels(exam.pet), stored(plan) * np.float32(0.5))


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, RLELossless, JPEG2000Lossless], ids=lambda s: s.keyword)
@pytest.mark.parametrize("modality", ["PT", "CT"])
def test_multi_frame_planes_are_sorted_and_rescaled(tmp_path, syntax, modality):
    pet = SeriesPlan()
    write_series(tmp_path, pet)
    plan = ct_plan(syntax=syntax, **_SIZE) if modality == "CT" else SeriesPlan(name="many", syntax=syntax, **_SIZE)
    folder = tmp_path / "enhanced"
    write_enhanced(folder, plan)

    (exam,) = read_exams(tmp_path if modality == "CT" else folder)

    series = exam.ct if modality == "CT" else exam.pet
    voxels = read_ct_volume(series).array if modality == "CT" else read_pet_pixels(series)
    assert [plane.frame for plane in series.planes] == list(range(plan.slices, 0, -1))
    assert np.array_equal(voxels, stored(plan) * np.float32(plan.slope) + np.float32(plan.intercept))


def test_each_slice_has_its_own_rescale(tmp_path):
    def rescale(dataset, index):
        dataset.RescaleSlope, dataset.RescaleIntercept = f"{0.1234567 * (index + 1):.8g}", str(index)

    write_series(tmp_path, SeriesPlan(), edit=rescale)

    (exam,) = read_exams(tmp_path)

    voxels = read_pet_pixels(exam.pet)
    for plane, values in zip(exam.pet.planes, voxels, strict=True):
        dataset = pydicom.dcmread(plane.path)
        assert np.array_equal(values, apply_rescale(dataset.pixel_array, dataset).astype(np.float32))


@pytest.mark.parametrize("signed", [0, 1])
def test_bits_outside_the_value_do_not_count(tmp_path, signed):
    values = np.array([[-2048, -1, 0, 1, 2047]], dtype=np.int16) if signed else np.array([[0, 1, 2047, 2048, 4095]])

    def twelve_bits(dataset, _):
        dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 12, 11, signed
        rubbish = (values.astype(np.int64) & 0x0FFF) | 0xA000
        dataset.PixelData = rubbish.astype("<u2").tobytes()

    write_series(tmp_path, SeriesPlan(rows=1, columns=5), edit=twelve_bits)

    (exam,) = read_exams(tmp_path)

    assert np.array_equal(read_pet_pixels(exam.pet)[0], values * np.float32(0.5))


def test_unsigned_values_above_the_signed_range_stay_positive(tmp_path):
    def unsigned(dataset, _):
        dataset.PixelRepresentation = 0
        dataset.PixelData = np.full((1, 2), 65535, dtype="<u2").tobytes()

    write_series(tmp_path, SeriesPlan(rows=1, columns=2), edit=unsigned)

    (exam,) = read_exams(tmp_path)

    assert read_pet_pixels(exam.pet).min() == 65535 * 0.5


def test_a_codestream_of_another_size_than_its_header_is_unsafe(tmp_path):
    def shrink(dataset, _):
        dataset.Rows = 5

    for syntax in (JPEG2000Lossless, JPEGLSLossless):
        folder = tmp_path / syntax
        write_series(folder, SeriesPlan(syntax=syntax, **_SIZE))
        for path in sorted(folder.iterdir()):
            dataset = pydicom.dcmread(path)
            shrink(dataset, 0)
            dataset.save_as(path)
        (exam,) = read_exams(folder)
        with pytest.raises(UnsafeInput, match="36 x 40, in its header 5 x 40"):
            read_pet_pixels(exam.pet)


def test_a_broken_codestream_is_named_by_its_slice(tmp_path):
    paths = write_series(tmp_path / "Doe_Jo", SeriesPlan(syntax=JPEGLSLossless, rows=40, columns=40))
    dataset = pydicom.dcmread(paths[3])
    dataset.PixelData = dataset.PixelData[:60] + bytes(len(dataset.PixelData) - 60)
    dataset.save_as(paths[3])
    (exam,) = read_exams(tmp_path)

    with pytest.raises(UnreadableFile, match="slice 4 of 5 cannot be decoded") as refused:
        read_pet_pixels(exam.pet)

    assert "Doe" not in str(refused.value)


def test_too_few_pixels_are_refused(tmp_path):
    def shorten(dataset, index):
        if index == 1:
            dataset.PixelData = dataset.PixelData[:-20]

    write_series(tmp_path, SeriesPlan(), edit=shorten)
    (exam,) = read_exams(tmp_path)

    with pytest.raises(UnreadableFile, match="slice 2 of 5"):
        read_pet_pixels(exam.pet)


def test_a_modality_table_is_refused(tmp_path):
    def add_table(dataset, _):
        item = pydicom.Dataset()
        item.LUTDescriptor, item.ModalityLUTType, item.LUTData = [2, 0, 16], "US", [0, 1]
        item["LUTDescriptor"].VR = item["LUTData"].VR = "US"
        dataset.ModalityLUTSequence = [item]

    write_series(tmp_path, SeriesPlan(), edit=add_table)

    with pytest.raises(SeriesRefused, match=r"ModalityLUTSequence \(0028,3000\)"):
        read_exams(tmp_path)


def test_a_series_without_the_scan_s_memory_is_read_too(tmp_path):
    plan = SeriesPlan()
    write_series(tmp_path, plan)
    (exam,) = read_exams(tmp_path)
    planes = tuple(SlicePlane(plane.path, plane.sop_instance_uid) for plane in exam.pet.planes)
    names = ("modality", "series_uid", "study_uid", "sop_class_uid", "frame_of_reference_uid", "label")
    series = ImageSeries(
        **{name: getattr(exam.pet, name) for name in names}, geometry=exam.pet.geometry, planes=planes, acquired=None
    )

    assert np.array_equal(read_pet_pixels(series), stored(plan) * np.float32(0.5))


def test_an_image_without_pixels_is_refused(tmp_path):
    def strip(dataset, index):
        if index == 2:
            del dataset.PixelData

    write_series(tmp_path, SeriesPlan(), edit=strip)

    with pytest.raises(UnreadableFile, match="1 of 5"):
        read_exams(tmp_path)


def test_lossy_pixels_are_a_warning(tmp_path):
    def lossy(dataset, _):
        dataset.LossyImageCompression = "01"

    write_series(tmp_path, SeriesPlan(), edit=lossy)

    assert any("LossyImageCompression" in warning for warning in read_exams(tmp_path)[0].warnings)


def test_float_pixels_are_refused(tmp_path):
    for index, path in enumerate(write_series(tmp_path, SeriesPlan())):
        dataset = pydicom.dcmread(path)
        values = stored(SeriesPlan())[index].astype("<f4")
        del dataset.PixelData
        dataset.FloatPixelData, dataset.BitsAllocated = values.tobytes(), 32
        save(dataset, path)
    (exam,) = read_exams(tmp_path)

    with pytest.raises(UnreadableFile, match="cannot be decoded"):
        read_pet_pixels(exam.pet)
