import pytest
from pydicom.sr.codedict import codes

from uptake.dicom.results.codes import code, code_table, site_code


def test_our_codes_are_the_standards():
    standard = {
        "suv_bw": codes.DCM.Suvbw,
        "sul": codes.DCM.SuvlbmJanma,
        "metabolic_volume": codes.DCM.MetabolicVolume,
        "tlg": codes.DCM.TotalLesionGlycolysis,
        "peak": codes.DCM.PeakValueWithinROI,
        "maximum": codes.SCT.Maximum,
        "mean": codes.cid7464.Mean,
        "total": codes.SCT.Total,
        "unit_suv_bw": codes.cid85.StandardizedUptakeValueBodyWeight,
        "unit_sul": codes.cid85.StandardizedUptakeValueLeanBodyMassJanma,
        "lesion": codes.SCT.Lesion,
        "pet_procedure": codes.cid100.PETUnspecifiedBodyRegion,
    }
    for key, concept in standard.items():
        assert code(key) == concept


def test_keys_and_codes_are_unique_and_short_enough():
    concepts = [(c.value, c.scheme_designator) for c in code_table().values()]
    assert len(set(concepts)) == len(concepts)
    assert all(len(c.meaning) <= 64 for c in code_table().values())
    with pytest.raises(KeyError):
        code("nothing")


def test_sites_by_their_name():
    assert site_code("Lymph node").value == "59441001"
    assert site_code("") is None
    assert site_code("left third rib") is None
