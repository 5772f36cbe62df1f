from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from tests.dicom.pet_headers import value_mapping
from tests.dicom.report_objects import CONTEXT, series_of
from tests.dicom.series_factory import SeriesPlan
from tests.suv.acquisitions import acquisition
from uptake.acquisition import SuvConversion
from uptake.dicom.exams.exam_reader import read_exams
from uptake.dicom.pet_header.existing_value_maps import compare_existing, compare_value_maps
from uptake.dicom.pet_header.radiopharmaceutical import read_acquisition
from uptake.dicom.results.output_instance import save_dataset
from uptake.dicom.results.real_world_value_map import build_real_world_value_map
from uptake.dicom.results.source_headers import load_source_headers
from uptake.exam import Exam, Patient, SlicePlane
from uptake.suv.conversion import convert, normalisation_factors


@pytest.fixture
def study(tmp_path):
    """An exam of five slices with two rescale slopes, its conversion, and the value map we write for it."""

    def edit(ds, index):
        ds.RescaleSlope = "0.5" if index < 2 else "0.75"
        ds.PatientSex = "M"

    series = series_of(tmp_path / "pet", SeriesPlan(), edit=edit)
    headers = [dcmread(plane.path, stop_before_pixels=True) for plane in series.planes]
    acquisition = read_acquisition(headers, series_label=series.label)
    conversion = convert(acquisition)
    path = tmp_path / "map.dcm"
    value_map = build_real_world_value_map(load_source_headers(series), acquisition, conversion, CONTEXT)
    exam = Exam(Patient("", "", "", ""), series, acquisition, None, (), real_world_value_maps=(path,))
    return exam, conversion, value_map


def compare(study, *mappings) -> tuple[str, ...]:
    """What the study's map is told when all slices are given these mappings; as it is without any."""
    exam, conversion, value_map = study
    items = value_map.ReferencedImageRealWorldValueMappingSequence
    if mappings:
        items[0].ReferencedImageSequence += items[1].ReferencedImageSequence
        items[0].RealWorldValueMappingSequence = list(mappings)
        del items[1]
    save_dataset(value_map, exam.real_world_value_maps[0])
    return compare_existing(exam, conversion)


def test_our_own_map_of_stored_values_agrees(study):
    assert compare(study) == ()


def test_a_map_of_rescaled_values_agrees_under_every_unit(study):
    exam, conversion, _ = study
    norms = normalisation_factors(exam.acquisition)
    units = {
        "{SUVbw}g/ml": norms["BW"][0],
        "g/ml{SUVbw}": norms["BW"][0],
        "{SUVlbm}g/ml": norms["LBM"][0],
        "g/ml{SUVlbm}": norms["LBMJAMES128"][0],
        "g/ml{SUVlbm(James128)}": norms["LBMJAMES128"][0],
        "{SUVlbm(Janma)}g/ml": norms["LBMJANMA"][0],
        "{SUVibw}g/ml": norms["IBW"][0],
        "{SUVbsa}cm2/ml": norms["BSA"][0],
        "Bq/ml": 12345.0,
    }
    scale = conversion.factor * 1.009
    assert compare(study, *(value_mapping(unit, norm * scale) for unit, norm in units.items())) == ()


@pytest.mark.parametrize("wrong", [1.011, 0.989, 0.1, 0.001])
def test_a_disagreement_over_one_per_cent_names_the_object_the_item_and_both_numbers(study, wrong):
    _, conversion, value_map = study
    [warning] = compare(
        study,
        value_mapping("{SUVbw}g/ml", conversion.factor),
        value_mapping("{SUVbw}g/ml", conversion.factor * wrong),
    )
    assert value_map.SOPInstanceUID in warning
    assert "item 2" in warning
    assert f"{conversion.factor * wrong:.6g}" in warning
    assert f"{conversion.factor:.6g}" in warning


def test_units_are_not_confused(study):
    exam, conversion, _ = study
    janma = normalisation_factors(exam.acquisition)["LBMJANMA"][0]
    [warning] = compare(study, value_mapping("{SUVlbm(James128)}g/ml", conversion.factor * janma))
    assert "James128" in warning


def test_an_intercept_is_a_disagreement(study):
    _, conversion, _ = study
    [warning] = compare(study, value_mapping("{SUVbw}g/ml", conversion.factor, intercept=1.0))
    assert "intercept" in warning


def test_what_cannot_be_compared_is_said(study):
    exam, conversion, value_map = study
    unknown = replace(exam.acquisition, height_m=None)
    said = compare(
        (replace(exam, acquisition=unknown), conversion, value_map),
        value_mapping("{SUVibw}g/ml", 1.0),
        value_mapping("{SUVbw}g/ml", 0.0),
    )
    assert [warning.endswith("not compared") for warning in said] == [True, True]


def test_maps_of_the_studys_other_images_are_compared_and_named(study):
    exam, conversion, value_map = study
    for item in value_map.ReferencedImageRealWorldValueMappingSequence:
        for reference in item.ReferencedImageSequence:
            reference.ReferencedSOPInstanceUID = "1.2.3.9"
    wrong = value_mapping("{SUVbw}g/ml", conversion.factor / 1000)
    [warning] = compare(study, value_mapping("{SUVbw}g/ml", conversion.factor), wrong)
    assert "outside this PET" in warning
    value_map.StudyInstanceUID = "1.2.3"
    assert compare((exam, conversion, value_map)) == ()


def test_an_unreadable_map_does_not_stop_the_exam(study):
    exam, conversion, _ = study
    exam.real_world_value_maps[0].write_bytes(b"no DICOM")
    assert "not compared" in compare_existing(exam, conversion)[0]
    missing = replace(exam, real_world_value_maps=(Path("nowhere.dcm"),))
    assert "not compared" in compare_existing(missing, conversion)[0]


@pytest.mark.data
def test_real_maps_that_disagree_are_reported(data_folder):
    [exam] = read_exams(data_folder / "acrin_042")
    said = compare_existing(exam, convert(exam.acquisition))
    ten_times = [warning for warning in said if "1.00711e-05" in warning]
    assert len(ten_times) == 2
    assert all("cm2/ml{SUVbsa}" in warning and "0.000100711" in warning for warning in ten_times)
    thousand_times = [warning for warning in said if ".833548 " in warning]
    assert len(thousand_times) == 4
    assert "4.2111e-07" in thousand_times[0]
    assert len(said) == 6


FOREIGN = {
    "dcmqi_sr_example/rwvm.dcm": 0.000375125,
    "iowa2dicom_testing/RWVM/1.2.276.0.7230010.3.1.4.0.45114.1422568329.837230.dcm": 0.000371997,
}


@pytest.mark.data
@pytest.mark.parametrize("name", FOREIGN)
def test_maps_of_other_software_are_read_and_compared(name, data_folder):
    path = data_folder / "reference_objects" / name
    value_map = dcmread(path)
    (item,) = value_map.ReferencedImageRealWorldValueMappingSequence
    planes = [SlicePlane(path, image.ReferencedSOPInstanceUID) for image in item.ReferencedImageSequence]
    ones = (1.0,) * len(planes)
    pet = acquisition(rescale_slopes=ones, rescale_intercepts=(0.0,) * len(planes))
    study = value_map.StudyInstanceUID

    def warnings_for(factor):
        return compare_value_maps([path], study, planes, pet, SuvConversion(np.full(len(planes), factor), "test", ()))

    assert warnings_for(FOREIGN[name]) == ()
    (warning,) = warnings_for(FOREIGN[name] * 1.02)
    assert f"{FOREIGN[name]:g}" in warning
