import warnings

import pytest
from pydicom import Dataset
from pydicom.valuerep import validate_value

from uptake.dicom.results.value_repair import join_values, repair_modules, repair_value


@pytest.mark.parametrize(
    ("vr", "value", "kept", "said"),
    [
        ("SH", "IBSI_1_STS_001_PET", "IBSI_1_STS_001_P", "was 18 characters, at most 16 are allowed: cut"),
        ("LO", "x" * 70, "x" * 64, "was 70 characters, at most 64 are allowed: cut"),
        ("LO", "a\x1b[31mb\x00c", "a[31mbc", "held control characters: removed"),
        ("LT", "one\r\ntwo", "one\r\ntwo", ""),
        ("LT", "x" * 10241, "x" * 10240, "10241 characters"),
        ("PN", "Doe^" + "J" * 80, "Doe^" + "J" * 60, "name group of 84 characters"),
        ("PN", "a^b^c^d^e^f", "a^b^c^d^e", "more name groups or components"),
        ("PN", "a=b=c=d", "a=b=c", "more name groups or components"),
        ("PN", "Doe^\ufffd", "Doe^?", "bytes outside its character set"),
        ("CS", "yes", "YES", "not allowed in a code string: repaired"),
        ("CS", "A-B", "", "not allowed in a code string: left out"),
        ("CS", "A" * 17, "", "17 characters, at most 16 are allowed: left out"),
        ("DA", "1993.08.22", "19930822", "no valid date: repaired"),
        ("DA", "19930231", "", "no valid date: left out"),
        ("DA", "19930228", "19930228", ""),
        ("TM", "10:20:30", "102030", "no valid time: repaired"),
        ("TM", "102030.1234567", "", "no valid time: left out"),
        ("TM", "102030.12", "102030.12", ""),
        ("TM", "2530", "", "no valid time"),
        ("AS", "59Y", "059Y", "no valid age: repaired"),
        ("AS", "about 60", "", "no valid age: left out"),
        ("DS", "1.87999999523162842", "1.87999999523163", "at most 16 are allowed: repaired"),
        ("DS", "70,5", "", "was no number: left out"),
        ("DS", "nan", "", "was no number: left out"),
        ("UI", "1.2.03", "1.2.03", "no valid UID: kept"),
        ("UI", "1.2.3", "1.2.3", ""),
    ],
)
def test_each_rule(vr, value, kept, said):
    result, warned = repair_value("SomeAttribute", vr, value)
    assert result == kept
    assert (said in warned[0] and warned[0].startswith("SomeAttribute ")) if said else not warned


@pytest.mark.parametrize("vr", ["SH", "LO", "ST", "LT", "PN", "CS", "DA", "TM", "AS", "DS"])
def test_whatever_comes_in_a_valid_value_comes_out(vr):
    hostile = ["\x00\x01\x1b", "x" * 20000, "<img src='file:///etc/passwd'/>", "=" * 9, "^" * 99, "1e999999999999999",
               "-", "٣", "99999999", "a\tb", "\ufffd", " ", "12:61", "000000000000000000001.5"]  # fmt: skip
    for value in hostile:
        result, _ = repair_value("SomeAttribute", vr, value)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            validate_value(vr, result, 2)


def test_no_warning_holds_the_value():
    for vr in ("SH", "LO", "PN", "CS", "DA", "TM", "AS", "DS", "UI"):
        _, warned = repair_value("SomeAttribute", vr, "Secret\x01" * 30)
        assert warned
        assert not any("Secret" in text for text in warned)


def test_a_backslash_in_a_text_is_no_second_value():
    assert join_values("PatientID", "LO", ["DOMAIN", "user"])[0] == "DOMAIN/user"
    value, warned = join_values("StudyDate", "DA", ["20200101", "20200102"])
    assert value == "20200101"
    assert "2 values where one is allowed" in warned[0]


@pytest.mark.parametrize(("value", "kept"), [("FEMALE", "F"), ("MALE", "M"), ("U", ""), ("F", "F"), ("", "")])
def test_sex(value, kept):
    header = Dataset()
    header.PatientSex = value
    warned = repair_modules(header)
    assert header.PatientSex == kept
    assert bool(warned) == (value != kept)


def test_a_trial_without_its_sponsor_is_left_out_and_a_whole_one_completed():
    header = Dataset()
    header.ClinicalTrialSponsorName, header.ClinicalTrialProtocolID = "", "6668"
    header.ClinicalTrialSubjectID = "s"
    assert "module was left out" in repair_modules(header)[0]
    assert len(header) == 0
    header.ClinicalTrialSponsorName, header.ClinicalTrialProtocolID = "sponsor", "6668"
    header.ClinicalTrialSubjectID = "s"
    assert repair_modules(header) == ()
    assert header.ClinicalTrialSiteID == ""


def test_removed_identity_says_how():
    header = Dataset()
    header.PatientIdentityRemoved = "YES"
    assert "DeidentificationMethod" in repair_modules(header)[0]
    assert header.DeidentificationMethod == "not stated by the source"
    header.PatientIdentityRemoved = "MAYBE"
    repair_modules(header)
    assert "PatientIdentityRemoved" not in header
