from datetime import datetime

import pytest

from tests.dicom.pet_headers import enhanced_header, pet_headers, value_mapping
from uptake.dicom.pet_header.radiopharmaceutical import read_acquisition
from uptake.errors import SuvRefused
from uptake.suv.conversion import convert

LABEL = "PT series 3 'PET AC' (3 slices)"


def read(edit=None, **keywords):
    return read_acquisition([enhanced_header(3, edit)], series_label=LABEL, **keywords)


def set_units(unit, slope=1.0):
    def edit(ds):
        for frame in ds.PerFrameFunctionalGroupsSequence:
            frame.RealWorldValueMappingSequence = [value_mapping(unit, slope)]

    return edit


def test_enhanced_and_single_frame_headers_of_one_scan_give_the_same_factors():
    single = convert(read_acquisition(pet_headers(3), series_label=LABEL))
    enhanced = convert(read())
    assert enhanced.factors == pytest.approx(single.factors)
    assert enhanced.branch == "BQML, START, reference time from DecayCorrectionDateTime"
    assert {"DecayCorrectionDateTime", "MeasurementUnitsCodeSequence"} <= {tag.keyword for tag in enhanced.tags}


def test_frames_come_in_the_order_asked_for():
    found = read(frame_order=[2, 0, 1])
    assert [timing.acquired.second for timing in found.slices] == [2, 0, 1]
    assert found.rescale_slopes == (2.5, 0.5, 1.5)


def test_undecayed_frames_are_corrected_by_their_own_times():
    def edit(ds):
        ds.DecayCorrected = "NO"
        del ds.DecayCorrectionDateTime

    found = read(edit)
    assert found.decay_correction == "NONE"
    assert found.slices[1].acquired == datetime(2020, 5, 17, 10, 30, 1)
    assert convert(found).branch == "BQML, NONE, decay undone per frame"


def test_a_mapping_that_differs_from_the_rescale_enters_the_factor():
    doubled = convert(read(set_units("Bq/ml", 5.0)))
    plain = convert(read())
    assert doubled.factors / plain.factors == pytest.approx([5.0 / 0.5, 5.0 / 1.5, 5.0 / 2.5])


@pytest.mark.parametrize("unit", ["g/ml{SUVbw}", "{SUVbw}g/ml"])
def test_suv_units_in_both_spellings(unit):
    found = read(set_units(unit))
    assert (found.units, found.suv_type) == ("GML", "BW")
    assert convert(found).factors == pytest.approx([1 / 0.5, 1 / 1.5, 1 / 2.5])


def test_becquerels_are_preferred_to_other_mappings():
    def edit(ds):
        for frame in ds.PerFrameFunctionalGroupsSequence:
            frame.RealWorldValueMappingSequence.insert(0, value_mapping("{SUVbw}g/ml", 0.001))

    assert read(edit).units == "BQML"


def drop(keyword):
    def edit(ds):
        delattr(ds, keyword)

    return edit


def no_mapping(ds):
    for frame in ds.PerFrameFunctionalGroupsSequence:
        del frame.RealWorldValueMappingSequence


def mixed_units(ds):
    ds.PerFrameFunctionalGroupsSequence[1].RealWorldValueMappingSequence = [value_mapping("{SUVbw}g/ml", 1.0)]


def shifted(ds):
    ds.PerFrameFunctionalGroupsSequence[1].RealWorldValueMappingSequence = [value_mapping("Bq/ml", 1.5, 100.0)]


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        (drop("AttenuationCorrected"), r"AttenuationCorrected \(0018,9759\)"),
        (drop("DecayCorrected"), r"DecayCorrected \(0018,9758\)"),
        (drop("DecayCorrectionDateTime"), r"DecayCorrectionDateTime \(0018,9701\)"),
        (drop("PatientWeight"), "PatientWeight"),
        (drop("RadiopharmaceuticalInformationSequence"), "RadionuclideTotalDose"),
        (no_mapping, "Units"),
        (mixed_units, "Units"),
        (shifted, "Units"),
        (set_units("{propcounts}"), "PROPCNTS"),
        (set_units("m/s"), "Units"),
    ],
)
def test_what_is_absent_is_refused(edit, named):
    with pytest.raises(SuvRefused, match=named):
        convert(read(edit))


def test_a_series_of_several_enhanced_objects_is_refused():
    with pytest.raises(SuvRefused, match="2 multi-frame objects"):
        read_acquisition([enhanced_header(), enhanced_header()], series_label=LABEL)
