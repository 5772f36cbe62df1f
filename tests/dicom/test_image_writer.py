"""image_writer: what is written is valid DICOM and reads back as the numbers that were given."""

import shutil
import subprocess
from datetime import datetime

import numpy as np
import pydicom
import pytest

from uptake.dicom.image_writer import FdgExam, write_ct_series, write_pet_series
from uptake.exam import Patient
from uptake.geometry import ImageGeometry
from uptake.volume import CtVolume, SuvVolume

GEOMETRY = ImageGeometry(shape=(4, 6, 5), spacing_mm=(3.0, 2.0, 1.5), origin_mm=(-10.0, 20.0, -300.0))


@pytest.fixture
def exam():
    return FdgExam(
        patient=Patient("ID-1", "Иванов^Пётр", "19500203", "M"),
        identity="image writer test",
        weight_kg=82.5,
        height_m=1.75,
        activity_bq=3.2e8,
        injected=datetime(2024, 2, 3, 9, 0, 0),
        scanned=datetime(2024, 2, 3, 10, 2, 30),
    )


def read(paths):
    return [pydicom.dcmread(path) for path in paths]


def rescaled(header):
    return header.pixel_array * float(header.RescaleSlope) + float(header.RescaleIntercept)


def test_pet_reads_back_as_the_suv_that_was_given(exam, tmp_path):
    suv = np.random.default_rng(1).random(GEOMETRY.shape, np.float32) * np.float32(9)
    suv[2] = 0  # an empty slice has no maximum to scale by
    headers = read(write_pet_series(SuvVolume(suv, GEOMETRY), exam, tmp_path / "PT", description="PET"))
    tracer = headers[0].RadiopharmaceuticalInformationSequence[0]
    start = datetime.strptime(headers[0].SeriesDate + headers[0].SeriesTime, "%Y%m%d%H%M%S.%f")
    injected = datetime.strptime(tracer.RadiopharmaceuticalStartDateTime, "%Y%m%d%H%M%S.%f")
    decayed = 0.5 ** ((start - injected).total_seconds() / float(tracer.RadionuclideHalfLife))
    factor = float(headers[0].PatientWeight) * 1000 / (float(tracer.RadionuclideTotalDose) * decayed)
    again = np.stack([rescaled(header) for header in headers]) * factor
    np.testing.assert_allclose(again, suv, atol=9 / 32767 / 2 * 1.01)
    assert headers[0].Units == "BQML"
    assert headers[0].DecayCorrection == "START"
    assert len({float(header.RescaleSlope) for header in headers}) == 4


def test_frame_reference_time_points_back_to_the_series_start(exam, tmp_path):
    suv = SuvVolume(np.ones(GEOMETRY.shape, np.float32), GEOMETRY)
    header = read(write_pet_series(suv, exam, tmp_path, description="PET"))[0]
    rate = np.log(2) / 6586.2
    duration = rate * exam.frame_duration_s
    mean_time_s = np.log(duration / (1 - np.exp(-duration))) / rate
    assert float(header.FrameReferenceTime) == pytest.approx(mean_time_s * 1000, rel=1e-9)
    assert header.AcquisitionTime == header.SeriesTime


def test_ct_reads_back_as_the_hounsfield_units_that_were_given(exam, tmp_path):
    hu = np.random.default_rng(2).integers(-1024, 3000, GEOMETRY.shape).astype(np.float32)
    headers = read(write_ct_series(CtVolume(hu, GEOMETRY), exam, tmp_path, description="CT"))
    np.testing.assert_array_equal(np.stack([rescaled(header) for header in headers]), hu)


@pytest.mark.parametrize("oblique", [False, True])
def test_positions_and_orientation_are_those_of_the_geometry(exam, tmp_path, oblique):
    tilt = ((0.0, -0.6, 0.8), (0.0, 0.8, 0.6), (1.0, 0.0, 0.0)) if oblique else GEOMETRY.axes
    geometry = ImageGeometry(GEOMETRY.shape, GEOMETRY.spacing_mm, GEOMETRY.origin_mm, tilt)
    ct = CtVolume(np.zeros(geometry.shape, np.float32), geometry)
    header = read(write_ct_series(ct, exam, tmp_path, description="CT"))[3]
    corner = np.array(header.ImagePositionPatient, float)
    row_direction, column_direction = np.array(header.ImageOrientationPatient, float).reshape(2, 3)
    down, across = np.array(header.PixelSpacing, float)
    last = corner + row_direction * across * (header.Columns - 1) + column_direction * down * (header.Rows - 1)
    np.testing.assert_allclose(last, geometry.position_mm((3, 5, 4)), atol=1e-6)


def test_same_identity_same_uids(exam, tmp_path):
    ct = CtVolume(np.zeros(GEOMETRY.shape, np.float32), GEOMETRY)
    first = write_ct_series(ct, exam, tmp_path / "a", description="CT")
    second = write_ct_series(ct, exam, tmp_path / "b", description="CT")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert len({header.SOPInstanceUID for header in read(first)}) == 4


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dicom3tools is not installed")
def test_dciodvfy_finds_no_error(exam, tmp_path):
    pet = SuvVolume(np.ones(GEOMETRY.shape, np.float32), GEOMETRY)
    ct = CtVolume(np.zeros(GEOMETRY.shape, np.float32), GEOMETRY)
    paths = write_pet_series(pet, exam, tmp_path / "PT", description="PET")
    paths += write_ct_series(ct, exam, tmp_path / "CT", description="CT")
    for path in paths:
        said = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False).stderr
        assert "Error" not in said, said
