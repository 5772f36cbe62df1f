from datetime import datetime
from io import BytesIO

import pytest
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.dataelem import DataElement
from pydicom.uid import PositronEmissionTomographyImageStorage

from tests.dicom.pet_headers import MEAN_S, code_item, pet_headers
from uptake.dicom.pet_header.radiopharmaceutical import read_acquisition
from uptake.errors import SuvRefused
from uptake.suv.conversion import convert

LABEL = "PT series 3 'PET AC' (3 slices)"
INJECTED = datetime(2020, 5, 17, 9, 30)


def read(edit=None, slices=3):
    return read_acquisition(pet_headers(slices, edit), series_label=LABEL)


def of_injection(**changes):
    """An edit that sets (None: removes) values of the injection."""

    def edit(ds, _index):
        for keyword, value in changes.items():
            if value is None:
                delattr(ds.RadiopharmaceuticalInformationSequence[0], keyword)
            else:
                setattr(ds.RadiopharmaceuticalInformationSequence[0], keyword, value)

    return edit


def test_values_are_typed():
    found = read()
    assert (found.series, found.units, found.decay_correction) == (LABEL, "BQML", "START")
    assert found.corrections == {"DECY", "ATTN", "SCAT"}
    assert (found.weight, found.height_m, found.sex, found.dose, found.half_life_s) == (70.0, 1.75, "M", 350e6, 6586.2)
    assert (found.tracer, found.nuclide) == ("FDG", "^18^Fluorine")
    assert (found.injected, found.injected_time_only) == (INJECTED, False)
    assert found.series_start == datetime(2020, 5, 17, 10, 30)
    assert found.slices[2].frame_duration_s == 120.0
    assert found.slices[2].frame_reference_time_s == pytest.approx(MEAN_S, abs=1e-6)
    assert found.rescale_slopes == (0.5, 1.5, 2.5)
    assert found.warnings == ()


def test_provenance_names_tag_keyword_and_value():
    tags = {tag.keyword: (tag.tag, tag.value) for tag in read().tags}
    assert tags["RadionuclideTotalDose"] == ("(0018,1074)", "350000000")
    assert tags["CorrectedImage"] == ("(0028,0051)", "DECY\\ATTN\\SCAT")
    assert not {"PatientName", "PatientID"} & tags.keys()

    def edit(ds, index):
        ds.FrameReferenceTime = str(1000 * index)

    tags = {tag.keyword: tag.value for tag in read(edit).tags}
    assert tags["FrameReferenceTime"] == "0 ... 2000 (3 values)"


def test_an_empty_header_is_read_and_refused_later():
    found = read_acquisition([Dataset()], series_label=LABEL)
    assert found.weight is None
    assert found.injected is None
    with pytest.raises(SuvRefused, match="Units"):
        convert(found)


def test_time_only_injection_is_on_the_scans_date():
    found = read(of_injection(RadiopharmaceuticalStartDateTime=None))
    assert (found.injected, found.injected_time_only) == (INJECTED, True)


def test_time_only_injection_of_a_series_reprocessed_days_later_is_on_the_scans_date():
    def edit(ds, index):
        of_injection(RadiopharmaceuticalStartDateTime=None)(ds, index)
        ds.SeriesDate = "20200520"

    assert read(edit).injected == INJECTED


@pytest.mark.parametrize("text", ["", "20200517", "2020051709"])
def test_injection_date_time_without_a_time_leaves_the_time(text):
    found = read(of_injection(RadiopharmaceuticalStartDateTime=text))
    assert (found.injected, found.injected_time_only) == (INJECTED, True)
    assert bool(found.warnings) == bool(text)


def test_time_zones_are_brought_to_the_scanners_clock():
    def edit(ds, index):
        ds.TimezoneOffsetFromUTC = "+0200"
        of_injection(RadiopharmaceuticalStartDateTime="20200517073000.000000+0000")(ds, index)

    found = read(edit)
    assert (found.injected, found.injected_time_only, found.warnings) == (INJECTED, False, ())


def test_a_zone_that_cannot_be_applied_is_the_scanners_own_where_the_clock_agrees():
    found = read(of_injection(RadiopharmaceuticalStartDateTime="20200517093000.000000+0200"))
    assert (found.injected, found.injected_time_only) == (INJECTED, False)
    assert "scanner's own" in found.warnings[0]


def test_a_zone_that_cannot_be_applied_and_disagrees_leaves_the_time():
    found = read(of_injection(RadiopharmaceuticalStartDateTime="20200517073000.000000+0000"))
    assert (found.injected, found.injected_time_only) == (INJECTED, True)
    assert "another time zone" in found.warnings[0]


def test_injection_date_time_and_time_that_differ_are_reported():
    found = read(of_injection(RadiopharmaceuticalStartTime="091500"))
    assert found.injected == INJECTED
    assert "differ" in found.warnings[0]


def test_acquisition_date_time_stands_in():
    def edit(ds, _index):
        del ds.AcquisitionTime
        ds.AcquisitionDateTime = "20200517103007.5"

    assert read(edit).slices[0].acquired == datetime(2020, 5, 17, 10, 30, 7, 500000)


def test_height_in_centimetres():
    def edit(ds, _index):
        ds.PatientSize = "163"

    found = read(edit)
    assert found.height_m == 1.63
    assert "centimetres" in found.warnings[0]


@pytest.mark.parametrize("creator", ["Philips PET Private Group", None])
def test_philips_factors_with_and_without_their_creator(creator):
    def edit(ds, _index):
        if creator:
            ds.add(DataElement((0x7053, 0x0010), "LO", creator))
        ds.add(DataElement((0x7053, 0x1000), "UN", b"0.000728 "))
        ds.add(DataElement((0x7053, 0x1009), "DS", "1.25"))

    found = read(edit)
    assert (found.philips_suv_factor, found.philips_activity_factor) == (0.000728, 1.25)
    assert ("(7053,1000)", "0.000728") in {(tag.tag, tag.value) for tag in found.tags}


def test_private_values_in_another_block_are_found_by_their_creator():
    def edit(ds, _index):
        ds.add(DataElement((0x7053, 0x0010), "LO", "SOMEONE ELSE"))
        ds.add(DataElement((0x7053, 0x1000), "DS", "7"))
        ds.add(DataElement((0x7053, 0x0011), "LO", "Philips PET Private Group"))
        ds.add(DataElement((0x7053, 0x1100), "DS", "0.0005"))

    assert read(edit).philips_suv_factor == 0.0005


def test_another_creators_private_value_is_not_read():
    def edit(ds, _index):
        ds.add(DataElement((0x7053, 0x0010), "LO", "SOMEONE ELSE"))
        ds.add(DataElement((0x7053, 0x1000), "DS", "7"))
        ds.add(DataElement((0x0009, 0x0010), "LO", "SIEMENS MED"))
        ds.add(DataElement((0x0009, 0x100D), "LO", "20200517102900"))

    found = read(edit)
    assert found.philips_suv_factor is None
    assert found.ge_scan_start is None


def test_ge_scan_time_without_its_creator():
    def edit(ds, _index):
        ds.add(DataElement((0x0009, 0x100D), "UN", b"20200517102900.00 "))

    assert read(edit).ge_scan_start == datetime(2020, 5, 17, 10, 29)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("Units", "GML"),
        ("DecayCorrection", "ADMIN"),
        ("CorrectedImage", ["DECY", "SCAT"]),
        ("PatientWeight", "71"),
        ("SeriesTime", "110000"),
    ],
)
def test_slices_that_disagree_are_refused_by_attribute(keyword, value):
    def edit(ds, index):
        if index == 2:
            setattr(ds, keyword, value)

    with pytest.raises(SuvRefused) as caught:
        read(edit)
    assert caught.value.attribute.startswith(keyword)


def test_slices_of_different_injections_are_refused():
    def edit(ds, index):
        ds.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose = str(350000000 + 1000000 * (index == 1))

    with pytest.raises(SuvRefused, match="RadionuclideTotalDose"):
        read(edit)


def test_equal_numbers_in_different_spelling_agree():
    def edit(ds, index):
        ds.PatientWeight = "70.0" if index else "70"
        ds.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalVolume = str(index)

    assert read(edit).weight == 70.0


def test_two_different_injections_in_one_header_are_refused():
    def edit(ds, _index):
        second = Dataset()
        second.RadionuclideTotalDose, second.RadionuclideHalfLife = "150000000", "4062"
        ds.RadiopharmaceuticalInformationSequence.append(second)

    with pytest.raises(SuvRefused, match="2 different injections"):
        read(edit)


@pytest.mark.parametrize(
    ("value", "scheme", "nuclide"),
    [
        ("C-111A1", "SRT", "^18^Fluorine"),
        ("C-111A1", "99SDM", "^18^Fluorine"),
        ("C-131A3", "SNM3", "^68^Gallium"),
        ("35337001", "SCT", "^68^Gallium"),
        ("X", "99LOCAL", ""),
    ],
)
def test_radionuclide_by_code(value, scheme, nuclide):
    found = read(of_injection(RadionuclideCodeSequence=[code_item(value, scheme)]))
    assert found.nuclide == nuclide


def test_a_value_that_is_no_number_is_absent_and_reported():
    def edit(ds, _index):
        ds.add(DataElement((0x7053, 0x1000), "LO", "n/a"))

    found = read(edit)
    assert found.philips_suv_factor is None
    assert "is not a number" in found.warnings[0]


def test_malformed_values_of_a_file_are_absent_and_reported(tmp_path):
    """As pydicom reads them: it would raise or warn as soon as they are decoded."""

    def edit(ds, _index):
        ds.SOPClassUID, ds.SOPInstanceUID = PositronEmissionTomographyImageStorage, "1.2.3"

    [header] = pet_headers(1, edit)
    buffer = BytesIO()
    dcmwrite(buffer, header, implicit_vr=False, little_endian=True, force_encoding=True)
    broken = buffer.getvalue().replace(b"DS\x02\x0070", b"DS\x02\x007?").replace(b"20200517093000", b"2020-5-17 9:30")
    found = read_acquisition([dcmread(BytesIO(broken), force=True)], series_label=LABEL)
    assert found.weight is None
    assert "PatientWeight '7?' is not a number" in found.warnings[-1] + found.warnings[0]
    assert (found.injected, found.injected_time_only) == (INJECTED, True)


def test_midnight_between_injection_and_scan():
    def edit(ds, index):
        of_injection(RadiopharmaceuticalStartDateTime=None, RadiopharmaceuticalStartTime="233000")(ds, index)
        ds.SeriesTime = ds.AcquisitionTime = "003000"

    found = convert(read(edit))
    assert found.factor == pytest.approx(convert(read()).factor)
    assert "one day earlier" in found.warnings[0]
