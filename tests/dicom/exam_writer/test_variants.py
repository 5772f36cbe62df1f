"""Every vendor's manner reads back as the same SUV and HU, by the branch that its headers lead to."""

import numpy as np
import pytest

from tests.dicom.exam_writer.written_exam import GALLIUM, INJECTION, ct_volume, protocol, suv_volume, write
from tests.dicom.object_checks import validity_errors
from uptake.dicom.exams.exam_reader import read_exams
from uptake.exam_preparation import prepare

LATER_S = 7200.0
SERIES, GE_TIME = "BQML, START, reference time from SeriesDateTime", "reference time from GE scan time"
MEAN_TIME = "BQML, START, reference time from frame mean time less FrameReferenceTime, per slice"
START_TIME = "BQML, START, reference time from frame start less FrameReferenceTime, per slice"
STATED = "BQML, START, reference time from DecayCorrectionDateTime"
FACTOR = "CNTS, Philips SUV scale factor"
VARIANTS = {
    "neutral": ({}, SERIES),
    "ge": ({"vendor": "ge"}, SERIES),
    "ge processed again": ({"vendor": "ge", "series_later_s": LATER_S}, GE_TIME),
    "siemens": ({"vendor": "siemens"}, SERIES),
    "siemens processed again": ({"vendor": "siemens", "series_later_s": LATER_S}, MEAN_TIME),
    "siemens to injection": ({"vendor": "siemens", "decay_correction": "ADMIN"}, "BQML, ADMIN"),
    "siemens undecayed": ({"vendor": "siemens", "decay_correction": "NONE"}, "BQML, NONE, decay undone per frame"),
    "cps": ({"vendor": "cps"}, START_TIME),
    "philips": ({"vendor": "philips"}, SERIES),
    "philips counts to SUV": ({"vendor": "philips", "units": "CNTS-SUV"}, FACTOR),
    "philips counts to Bq/ml": (
        {"vendor": "philips", "units": "CNTS-BQML"},
        f"CNTS, Philips activity concentration scale factor, then {SERIES}",
    ),
    "philips counts, to injection": (
        {"vendor": "philips", "units": "CNTS-BQML", "decay_correction": "ADMIN"},
        "CNTS, Philips activity concentration scale factor, then BQML, ADMIN",
    ),
    "philips counts, undecayed": (
        {"vendor": "philips", "units": "CNTS-BQML", "decay_correction": "NONE"},
        "CNTS, Philips activity concentration scale factor, then BQML, NONE",
    ),
    "grams": ({"units": "GML"}, "GML, SUVType BW: already body-weight SUV"),
    "enhanced": ({"enhanced": True}, STATED),
    "enhanced siemens, processed again": ({"enhanced": True, "vendor": "siemens", "series_later_s": LATER_S}, STATED),
    "enhanced to injection": ({"enhanced": True, "decay_correction": "ADMIN"}, STATED),
    "enhanced undecayed": ({"enhanced": True, "decay_correction": "NONE", "bed_mm": 80.0}, "BQML, NONE"),
    "enhanced grams": ({"enhanced": True, "units": "GML"}, "GML, SUVType BW: already body-weight SUV"),
}
SYNTAXES = ("implicit", "deflated", "rle", "jpeg-ls", "jpeg-lossless", "jpeg-2000")


def require_same_voxels(folder):
    """Within half a stored unit of each slice (and float32's own rounding), and every HU exactly."""
    (exam,) = read_exams(folder)
    prepared = prepare(exam)
    given = suv_volume()
    assert prepared.suv.geometry.same_grid(given.geometry)
    half_unit = given.array.max(axis=(1, 2), keepdims=True) / 32767 / 2
    assert np.all(np.abs(prepared.suv.array - given.array) <= half_unit * 1.001 + 4e-7 * given.array)
    assert prepared.ct.geometry.same_grid(ct_volume().geometry)
    np.testing.assert_array_equal(prepared.ct.array, ct_volume().array)
    return prepared


@pytest.mark.parametrize("injection", [INJECTION, GALLIUM], ids=["F-18", "Ga-68"])
@pytest.mark.parametrize("name", VARIANTS)
def test_every_manner_reads_back_as_the_same_suv(name, injection, tmp_path):
    changes, branch = VARIANTS[name]
    pet, ct = write(tmp_path, protocol(**changes), injection)
    prepared = require_same_voxels(tmp_path)
    assert branch in prepared.conversion.branch
    # What is left to warn of is the midnight between an undated injection and the scan.
    assert all("dated one day earlier" in warning for warning in prepared.conversion.warnings)
    if injection is GALLIUM:
        return  # the header differs in values alone
    assert [error for path in (pet[0], pet[-1], ct[0]) for error in validity_errors(path)] == []


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("shape", [{}, {"vendor": "siemens"}, {"enhanced": True}], ids=["16 bits", "12", "enhanced"])
def test_every_transfer_syntax_is_lossless(syntax, shape, tmp_path):
    pet, ct = write(tmp_path, protocol(transfer_syntax=syntax, **shape))
    require_same_voxels(tmp_path)
    if syntax != "deflated":  # dciodvfy does not inflate
        assert [error for path in (pet[0], ct[0]) for error in validity_errors(path)] == []


@pytest.mark.parametrize("changes", [{"vendor": "ge"}, {"enhanced": True, "transfer_syntax": "jpeg-ls"}])
def test_the_same_exam_has_the_same_bytes(changes, tmp_path):
    for name in ("a", "b"):
        write(tmp_path / name, protocol(**changes))
    paths = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").glob("*/*.dcm"))
    assert len(paths) == (2 if "enhanced" in changes else 26)
    assert all((tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes() for path in paths)
