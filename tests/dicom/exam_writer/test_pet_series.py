"""write_pet_series: times, private attributes and labels of the headers, and what other readers make of the pixels."""

from dataclasses import replace
from datetime import datetime, timedelta
from math import exp, log
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from tests.dicom.exam_writer.written_exam import (
    HEADER,
    INJECTION,
    PET,
    SCANNED,
    protocol,
    suv_volume,
)
from uptake.dicom.exam_writer.pet_series import write_pet_series
from uptake.exam import Patient

MANNERS = [
    {"vendor": "neutral"},
    {"vendor": "ge"},
    {"vendor": "siemens"},
    {"vendor": "philips", "units": "CNTS-SUV"},
    {"vendor": "cps"},
    {"enhanced": True},
]


def headers(folder, **changes):
    paths = write_pet_series(suv_volume(), HEADER, INJECTION, protocol(**changes), folder, description="PET AC")
    return [pydicom.dcmread(path) for path in paths]


def started(header):
    return datetime.strptime(header.AcquisitionDate + header.AcquisitionTime, "%Y%m%d%H%M%S.%f")


def rate_per_s():
    return log(2) / INJECTION.half_life_s


def mean_time_s(duration_s):
    decayed = rate_per_s() * duration_s
    return log(decayed / (1 - exp(-decayed))) / rate_per_s()


@pytest.mark.parametrize("changes", MANNERS)
def test_every_header_says_that_it_is_digital(changes, tmp_path):
    for header in headers(tmp_path, **changes):
        assert header.ManufacturerModelName == "Uptake digital patient"
        assert header.SoftwareVersions.startswith("Uptake ")
        assert header.StudyDescription.startswith("DIGITAL PATIENT")
        assert header.SeriesDescription == "DIGITAL PATIENT PET AC"
        assert "not a scan of a person" in header.ImageComments
        assert header.get("QualityControlImage", "YES") == "YES"


def test_a_neutral_series_is_corrected_to_its_start_by_the_numbers_in_its_headers(tmp_path):
    slices = headers(tmp_path)
    tracer = slices[0].RadiopharmaceuticalInformationSequence[0]
    injected = datetime.strptime(tracer.RadiopharmaceuticalStartDateTime, "%Y%m%d%H%M%S.%f")
    begun = datetime.strptime(slices[0].SeriesDate + slices[0].SeriesTime, "%Y%m%d%H%M%S.%f")
    decayed = 0.5 ** ((begun - injected).total_seconds() / float(tracer.RadionuclideHalfLife))
    factor = float(slices[0].PatientWeight) * 1000 / (float(tracer.RadionuclideTotalDose) * decayed)
    suv = np.stack([each.pixel_array * float(each.RescaleSlope) for each in slices]) * factor
    np.testing.assert_allclose(suv, suv_volume().array, atol=20 / 32767 / 2 * 1.01)
    assert float(slices[0].FrameReferenceTime) == pytest.approx(mean_time_s(120.0) * 1000, rel=1e-9)
    assert {each.AcquisitionTime for each in slices} == {slices[0].SeriesTime}


@pytest.mark.parametrize(("vendor", "mean"), [("siemens", True), ("philips", True), ("ge", False), ("cps", False)])
def test_bed_positions_follow_each_other_with_their_own_times(vendor, mean, tmp_path):
    slices = headers(tmp_path, vendor=vendor, bed_mm=80.0, frame_duration_s=90.0)
    offsets_s = [(started(each) - SCANNED).total_seconds() for each in slices]
    assert offsets_s == [0.0] * 4 + [93.0] * 4 + [186.0] * 4  # 240 mm are three beds, three seconds apart
    for header, offset_s in zip(slices, offsets_s, strict=True):
        reference_s = offset_s + (mean_time_s(90.0) if mean else 0.0)
        assert float(header.FrameReferenceTime) == pytest.approx(reference_s * 1000, abs=1e-3)
        assert float(header.DecayFactor) == pytest.approx(exp(rate_per_s() * (offset_s + mean_time_s(90.0))), rel=1e-9)


def test_undecayed_voxels_are_the_frames_mean_activity(tmp_path):
    last = headers(tmp_path, decay_correction="NONE", bed_mm=80.0)[-1]
    since_injection_s = np.linspace(0, 120, 100_001) + (started(last) - INJECTION.injected).total_seconds()
    mean_bq = 3.2e8 * np.trapezoid(np.exp(-rate_per_s() * since_injection_s), dx=1 / 100_000)
    wanted = suv_volume().array[-1] * mean_bq / 82_500
    np.testing.assert_allclose(last.pixel_array * float(last.RescaleSlope), wanted, atol=wanted.max() / 32767 / 1.9)
    assert "DECY" not in last.CorrectedImage
    assert "DecayFactor" not in last


def test_ge_keeps_the_scan_time_when_the_series_is_processed_again(tmp_path):
    header = headers(tmp_path, vendor="ge", series_later_s=3600.0)[0]
    assert header.private_block(0x0009, "GEMS_PETD_01")[0x0D].value == "20240204003130.000000"
    assert header.SeriesTime == "013130.000000"
    assert header.Manufacturer == "GE MEDICAL SYSTEMS"


def test_philips_counts_have_their_private_factors(tmp_path):
    both, one = (headers(tmp_path / units, vendor="philips", units=units)[3] for units in ("CNTS-SUV", "CNTS-BQML"))
    assert both.Units == one.Units == "CNTS"
    block = both.private_block(0x7053, "Philips PET Private Group")
    counts = both.pixel_array.max() * float(both.RescaleSlope)
    assert counts * float(block[0x00].value) == pytest.approx(suv_volume().array[3].max(), rel=1e-4)
    bq = 3.2e8 * 0.5 ** (3690 / 6586.2) / 82_500  # 61.5 min after the injection
    assert float(block[0x09].value) / float(block[0x00].value) == pytest.approx(bq, rel=1e-9)
    alone = one.private_block(0x7053, "Philips PET Private Group")
    assert 0x00 not in alone
    assert float(alone[0x09].value) == float(block[0x09].value)


@pytest.mark.parametrize("vendor", ["philips", "cps"])
def test_older_headers_have_the_injections_time_of_day_alone(vendor, tmp_path):
    tracer = headers(tmp_path, vendor=vendor)[0].RadiopharmaceuticalInformationSequence[0]
    assert tracer.RadiopharmaceuticalStartTime == "233000.000000"
    assert "RadiopharmaceuticalStartDateTime" not in tracer


def test_head_first_vendors_number_their_slices_from_the_head(tmp_path):
    slices = headers(tmp_path, vendor="siemens")
    assert [each.InstanceNumber for each in slices] == list(range(12, 0, -1))
    assert [float(each.ImagePositionPatient[2]) for each in slices] == [PET.origin_mm[2] + 20 * i for i in range(12)]
    assert Path(slices[0].filename).name == "0012.dcm"


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "deflated", "rle", "jpeg-ls", "jpeg-lossless", "jpeg-2000"])
def test_other_readers_decode_the_same_values(syntax, tmp_path):
    paths = write_pet_series(
        suv_volume(), HEADER, INJECTION, protocol(transfer_syntax=syntax, units="GML"), tmp_path, description="PET"
    )
    header = pydicom.dcmread(paths[5])
    image = sitk.GetArrayFromImage(sitk.ReadImage(str(paths[5])))[0]
    given = suv_volume().array[5]
    np.testing.assert_allclose(image, given, atol=given.max() / 32767 / 1.9)
    if syntax != "jpeg-lossless":  # pydicom has no decoder for it here
        np.testing.assert_allclose(header.pixel_array * float(header.RescaleSlope), image, rtol=1e-6)


def test_long_descriptions_keep_the_word_digital(tmp_path):
    header = replace(HEADER, description="x" * 80, patient=Patient("1", "Digital^One", "", ""))
    (path, *_) = write_pet_series(suv_volume(), header, INJECTION, protocol(), tmp_path, description="DIGITAL PATIENT")
    assert pydicom.dcmread(path).StudyDescription == "DIGITAL PATIENT " + "x" * 48
    assert pydicom.dcmread(path).SeriesDescription == "DIGITAL PATIENT"


@pytest.mark.parametrize(
    "changes",
    [
        {"vendor": "acme"},
        {"units": "CNTS-SUV"},
        {"vendor": "philips", "units": "CNTS-SUV", "enhanced": True},
        {"units": "GML", "decay_correction": "NONE"},
        {"transfer_syntax": "jpeg"},
        {"frame_duration_s": 0.0},
    ],
)
def test_contradictions_are_refused(changes):
    with pytest.raises(ValueError, match=r"\w"):
        protocol(**changes)


def test_a_scan_before_its_injection_is_refused(tmp_path):
    early = replace(protocol(), scanned=INJECTION.injected - timedelta(minutes=1))
    with pytest.raises(ValueError, match="follow the injection"):
        write_pet_series(suv_volume(), HEADER, INJECTION, early, tmp_path, description="PET")
