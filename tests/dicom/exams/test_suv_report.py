import json
from dataclasses import asdict

import pytest

from tests.dicom.series_factory import SeriesPlan, ct_plan, write_enhanced, write_series
from uptake.dicom.exams.suv_report import suv_report
from uptake.errors import NoExamFound


def test_every_pet_series_is_listed_converted_or_refused(tmp_path):
    def uncalibrated(ds, _index):
        ds.Units = "PROPCNTS"

    write_series(tmp_path / "a", SeriesPlan())
    write_series(tmp_path / "b", SeriesPlan(name="nac", number=4, description="PET NAC"), edit=uncalibrated)
    write_series(tmp_path / "c", ct_plan())
    found = {each.label: each for each in suv_report(tmp_path)}
    assert sorted(found) == ["PT series 3 'PET AC' (5 slices)", "PT series 4 'PET NAC' (5 slices)"]
    converted, refused = (found[label] for label in sorted(found))
    # 70 kg, 350 MBq, an hour of F-18.
    assert converted.factor_min == pytest.approx(70e3 / 350e6 * 2 ** (3600 / 6586.2))
    assert converted.factor_max == converted.factor_min
    assert {tag.keyword for tag in converted.tags} >= {"PatientWeight", "RadionuclideTotalDose", "SeriesTime"}
    assert converted.refusal == ""
    assert refused.factor_min is None
    assert "PROPCNTS" in refused.refusal


def test_it_is_json_without_patient_data(tmp_path):
    write_series(tmp_path, SeriesPlan(patient_name="Secret^Name", patient_id="S-77"))
    text = json.dumps([asdict(each) for each in suv_report(tmp_path)])
    assert "PatientWeight" in text
    assert "Secret" not in text
    assert "S-77" not in text


def test_an_enhanced_object(tmp_path):
    write_enhanced(tmp_path, SeriesPlan())
    [found] = suv_report(tmp_path)
    assert found.factor_min == pytest.approx(70e3 / 350e6 * 2 ** (3600 / 6586.2))
    assert found.slices == 5


def test_a_folder_without_pet(tmp_path):
    write_series(tmp_path, ct_plan())
    with pytest.raises(NoExamFound):
        suv_report(tmp_path)


@pytest.mark.data
def test_edge_cases_are_right_or_refused(data_folder):
    found = suv_report(data_folder / "edge_cases")
    assert sorted(bool(each.refusal) for each in found) == [False, False, True, True]


@pytest.mark.data
def test_real_study_with_two_pet_series(data_folder):
    attenuated, uncalibrated = suv_report(data_folder / "acrin_042")
    assert attenuated.factor_max == pytest.approx(4.2111e-4, rel=1e-3)
    assert any("RWVM" in warning for warning in attenuated.warnings)
    assert "PROPCNTS" in uncalibrated.refusal
