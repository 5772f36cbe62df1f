"""Factors of real and reference headers against known truth."""

import csv
import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import Dataset, dcmread
from pydicom.dataelem import DataElement

from uptake.acquisition import SuvConversion
from uptake.dicom.pet_header.radiopharmaceutical import read_acquisition
from uptake.errors import SuvRefused
from uptake.suv.conversion import convert

pytestmark = pytest.mark.data

HEADERS = (
    "SIEMENS", "GE_MEDICAL_AND_BQML", "PHILIPS_CNTS_AND_SUV", "RADIOPHARM_DATETIME_UNDEFINED",
    "CPS_AND_BQML_AC_DT_-_S_DT",
)  # fmt: skip
OBJECTS = ("0_0", "1_0", "2_0", "2_1", "2_4", "3_0", "3_1", "3_2", "4_1", "4_2")
OF_INJECTION = (
    "RadionuclideTotalDose", "RadionuclideHalfLife", "RadiopharmaceuticalStartTime", "RadiopharmaceuticalStartDateTime",
)  # fmt: skip


def header_of(naturalised: dict) -> Dataset:
    """A DICOM header from the flat JSON of the test set, its injection and private group put back in place."""
    header, injection = Dataset(), Dataset()
    for keyword, value in naturalised.items():
        if keyword == "PhilipsPETPrivateGroup":
            for key, element in (("SUVScaleFactor", 0x1000), ("ActivityConcentrationScaleFactor", 0x1009)):
                if key in value:
                    header.add(DataElement((0x7053, element), "DS", value[key]))
            continue
        text = value if isinstance(value, list) else str(value).strip()
        setattr(injection if keyword in OF_INJECTION else header, keyword, text)
    header.RadiopharmaceuticalInformationSequence = [injection]
    return header


def read_headers(paths) -> list[Dataset]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="pydicom")  # over-long values, which have nothing to do with SUV
        return [dcmread(path, stop_before_pixels=True) for path in paths]


def conversion_of(folder: Path) -> SuvConversion:
    return convert(read_acquisition(read_headers(sorted(folder.iterdir())), series_label="PT"))


@pytest.mark.parametrize("name", HEADERS)
def test_factors_of_vendors_headers(data_folder, name):
    folder = data_folder / "suv_headers"
    instances = json.loads((folder / f"{name}-instances.json").read_text())
    expected = json.loads((folder / "expected.json").read_text())["suvbw_factor"][name]
    found = convert(read_acquisition([header_of(each) for each in instances], series_label=name))
    assert found.factor == pytest.approx(expected, abs=1e-6)
    assert found.factors == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("name", OBJECTS)
def test_digital_reference_objects(data_folder, name):
    folder = data_folder / "suv_dro" / f"DRO_{name}"
    with (data_folder / "suv_dro" / "expected.csv").open() as table:
        expected = next(row for row in csv.DictReader(table) if row["id"] == f"DRO_{name}")
    slices = sorted((dcmread(path) for path in (folder / "PT").iterdir()), key=lambda ds: ds.ImagePositionPatient[2])
    found = convert(read_acquisition(slices, series_label=name))
    slopes = np.array([float(ds.RescaleSlope) for ds in slices])
    rescaled = np.stack([ds.pixel_array for ds in slices]) * slopes[:, None, None]
    suv = rescaled * found.factors[:, None, None]
    stored_unit = (slopes * found.factors).max()
    inside = suv[sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "mask" / "DRO_mask.nii.gz"))) > 0]
    assert inside.min() == pytest.approx(float(expected["suvbw_min"]), abs=stored_unit)
    assert np.median(inside) == pytest.approx(float(expected["suvbw_median"]), abs=stored_unit)
    assert inside.max() == pytest.approx(float(expected["suvbw_max"]), abs=stored_unit)


def test_whole_body_ge_exam(data_folder):
    found = conversion_of(data_folder / "sts_raw" / "STS_001" / "image")
    assert found.factors.shape == (267,)
    assert found.factors == pytest.approx(2.42903e-4, rel=2e-6)


def test_the_same_exam_already_in_suv(data_folder):
    found = conversion_of(data_folder / "sts" / "STS_001" / "PET" / "image")
    assert np.all(found.factors == 1.0)
    assert "BW" in found.branch


def test_ge_exam_with_shifted_private_dates(data_folder):
    found = conversion_of(data_folder / "acrin_042" / "PT_AC")
    assert found.factors == pytest.approx(4.2111e-4, rel=1e-5)
    assert "23.0 days" in " ".join(found.warnings)


def test_uncalibrated_series_is_refused(data_folder):
    with pytest.raises(SuvRefused, match="PROPCNTS"):
        conversion_of(data_folder / "acrin_042" / "PT_NAC")


def edge_case(data_folder, name):
    return convert(read_acquisition(read_headers([data_folder / "edge_cases" / name]), series_label="PT"))


def test_injection_time_equal_to_series_time_is_refused(data_folder):
    with pytest.raises(SuvRefused, match="coincide"):
        edge_case(data_folder, "acrin_flt_breast_028_siemens1094.dcm")


def test_blank_manufacturer_and_no_height(data_folder):
    found = edge_case(data_folder, "acrin_flt_breast_029_siemens1094.dcm")
    # Injected at 14:17:00 and decay-corrected to 15:23:16.921: 3976.921 s, 1.519750 times less activity.
    assert found.factor == pytest.approx(69734.4 / (178340011.59668 / 2 ** (3976.921 / 6586.2)), rel=1e-9)
    assert found.factor == pytest.approx(5.94249e-4, rel=1e-5)
    assert found.sul_factor is None


def test_ge_single_slice(data_folder):
    found = edge_case(data_folder, "fodicom_GH184_ge_bqml_jpegll.dcm")
    # Injected at 09:32:00, scanned at 11:00:36: 5316 s.
    assert found.factor == pytest.approx(90000.0 / (474592928.0 / 2 ** (5316.0 / 6588.0)), rel=1e-9)
    assert found.factor == pytest.approx(3.31764e-4, rel=1e-5)
    assert "PatientSex is O" in found.sul_note


def test_proportional_counts_without_weight_are_refused(data_folder):
    with pytest.raises(SuvRefused, match="PROPCPS"):
        edge_case(data_folder, "fodicom_GH610_ge_propcps_modlut.dcm")


def test_raw_and_already_converted_exam_agree_voxel_by_voxel(data_folder):
    raw_headers = read_headers(sorted((data_folder / "sts_raw" / "STS_001" / "image").iterdir()))
    found = convert(read_acquisition(raw_headers, series_label="raw"))
    factors = {round(float(ds.ImagePositionPatient[2]), 1): (ds.filename, factor)
               for ds, factor in zip(raw_headers, found.factors, strict=True)}  # fmt: skip
    cropped = sorted((data_folder / "sts" / "STS_001" / "PET" / "image").iterdir())[::10]
    for ready in read_headers(cropped):
        path, factor = factors[round(float(ready.ImagePositionPatient[2]), 1)]
        [raw, suv] = (dcmread(each) for each in (path, ready.filename))
        left, top = (
            round((float(suv.ImagePositionPatient[axis]) - float(raw.ImagePositionPatient[axis])) / float(spacing))
            for axis, spacing in ((0, raw.PixelSpacing[1]), (1, raw.PixelSpacing[0]))
        )
        crop = raw.pixel_array[top : top + suv.Rows, left : left + suv.Columns] * float(raw.RescaleSlope) * factor
        assert np.abs(crop - suv.pixel_array * float(suv.RescaleSlope)).max() < 8e-4
