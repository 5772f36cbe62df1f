import numpy as np
import pytest
from pydicom import dcmread

from tests.dicom.object_checks import validity_errors
from tests.dicom.report_objects import CONTEXT, enhanced_series_of, real_series, series_of
from tests.dicom.series_factory import SeriesPlan, stored
from uptake.dicom.pet_header.radiopharmaceutical import read_acquisition
from uptake.dicom.pet_header.suv_codes import unit_code
from uptake.dicom.results.output_instance import save_dataset
from uptake.dicom.results.real_world_value_map import build_real_world_value_map
from uptake.dicom.results.source_headers import load_source_headers
from uptake.suv.conversion import convert

PLAN = SeriesPlan(intercept=0.0)


def build(series):
    """The value map of a written series, with the conversion it was made from."""
    headers = [dcmread(plane.path, stop_before_pixels=True) for plane in series.planes]
    order = None
    if series.planes[0].frame is not None:
        headers, order = headers[:1], [plane.frame - 1 for plane in series.planes]
    acquisition = read_acquisition(headers, series_label=series.label, frame_order=order)
    conversion = convert(acquisition)
    return build_real_world_value_map(load_source_headers(series), acquisition, conversion, CONTEXT), conversion


def slopes_by_unit(value_map):
    found = {}
    for item in value_map.ReferencedImageRealWorldValueMappingSequence:
        for mapping in item.RealWorldValueMappingSequence:
            found.setdefault(unit_code(mapping), []).append(mapping.RealWorldValueSlope)
    return found


def test_stored_values_become_suv_and_sul(tmp_path):
    series = series_of(tmp_path, PLAN)
    value_map, conversion = build(series)
    [item] = value_map.ReferencedImageRealWorldValueMappingSequence
    assert [each.ReferencedSOPInstanceUID for each in item.ReferencedImageSequence] == [
        plane.sop_instance_uid for plane in series.planes
    ]
    suv, sul = item.RealWorldValueMappingSequence
    mapped = suv.RealWorldValueSlope * stored(PLAN) + suv.RealWorldValueIntercept
    assert mapped == pytest.approx(stored(PLAN) * PLAN.slope * conversion.factor, rel=1e-9)
    assert suv.MeasurementUnitsCodeSequence[0].CodeValue == "g/ml{SUVbw}"
    assert sul.MeasurementUnitsCodeSequence[0].LongCodeValue == "g/ml{SUVlbm(Janma)}"
    assert sul.RealWorldValueSlope == pytest.approx(suv.RealWorldValueSlope * conversion.sul_factor)
    assert (suv.RealWorldValueFirstValueMapped, suv.RealWorldValueLastValueMapped) == (-32768, 32767)


def test_slices_with_their_own_slope_have_their_own_item(tmp_path):
    def edit(ds, index):
        ds.RescaleSlope = "0.5" if index < 2 else "0.75"

    value_map, conversion = build(series_of(tmp_path, PLAN, edit=edit))
    items = value_map.ReferencedImageRealWorldValueMappingSequence
    assert [len(item.ReferencedImageSequence) for item in items] == [2, 3]
    expected = conversion.factor * np.array([0.5, 0.75])
    assert slopes_by_unit(value_map)["g/ml{SUVbw}"] == pytest.approx(expected)


def test_an_intercept_is_mapped_too(tmp_path):
    value_map, conversion = build(series_of(tmp_path, SeriesPlan(intercept=-10.0)))
    [item] = value_map.ReferencedImageRealWorldValueMappingSequence
    assert item.RealWorldValueMappingSequence[0].RealWorldValueIntercept == pytest.approx(-10.0 * conversion.factor)


def test_without_height_there_is_no_sul(tmp_path):
    def edit(ds, _index):
        del ds.PatientSize

    value_map, _ = build(series_of(tmp_path, PLAN, edit=edit))
    assert list(slopes_by_unit(value_map)) == ["g/ml{SUVbw}"]


def test_unsigned_pixels_have_an_unsigned_range(tmp_path):
    def edit(ds, _index):
        ds.PixelRepresentation = 0

    value_map, _ = build(series_of(tmp_path, PLAN, edit=edit))
    mapping = value_map.ReferencedImageRealWorldValueMappingSequence[0].RealWorldValueMappingSequence[0]
    assert mapping["RealWorldValueLastValueMapped"].VR == "US"
    assert (mapping.RealWorldValueFirstValueMapped, mapping.RealWorldValueLastValueMapped) == (0, 65535)


def test_frames_of_an_enhanced_object_are_named(tmp_path):
    series = enhanced_series_of(tmp_path, PLAN)
    value_map, _ = build(series)
    [item] = value_map.ReferencedImageRealWorldValueMappingSequence
    [reference] = item.ReferencedImageSequence
    assert list(reference.ReferencedFrameNumber) == list(range(1, PLAN.slices + 1))


@pytest.mark.parametrize("write", [series_of, enhanced_series_of])
def test_object_is_valid_and_survives_the_disk(tmp_path, write):
    value_map, _ = build(write(tmp_path, PLAN))
    path = tmp_path / "rwvm.dcm"
    save_dataset(value_map, path)
    assert validity_errors(path) == []
    read = dcmread(path)
    assert slopes_by_unit(read) == slopes_by_unit(value_map)
    assert read.PatientID == PLAN.patient_id


@pytest.mark.data
@pytest.mark.parametrize("folder", ["acrin_042/PT_AC", "sts/STS_001/PET/image"])
def test_objects_for_real_exams_are_valid(data_folder, tmp_path, folder):
    value_map, conversion = build(real_series(data_folder / folder))
    save_dataset(value_map, tmp_path / "rwvm.dcm")
    assert validity_errors(tmp_path / "rwvm.dcm") == []
    assert value_map.ReferencedImageRealWorldValueMappingSequence
    assert conversion.sul_factor is not None
