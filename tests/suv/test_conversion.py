import numpy as np
import pytest

from tests.suv.acquisitions import acquisition
from uptake.acquisition import TagValue
from uptake.errors import SuvRefused
from uptake.geometry import ImageGeometry
from uptake.suv.conversion import convert, normalisation_factors, to_suv
from uptake.suv.normalisation import lbm_janmahasatian_kg

TAGS = (
    TagValue("(0054,1001)", "Units", "BQML"),
    TagValue("(0010,1030)", "PatientWeight", "70"),
    TagValue("(0010,1020)", "PatientSize", "1.75"),
    TagValue("(0054,1006)", "SUVType", "BW"),
)


def test_provenance_holds_the_branch_the_tags_used_and_the_warnings():
    found = convert(acquisition(tags=TAGS, dose=350.0, warnings=("read with care",)))
    assert found.branch == "BQML, START, reference time from SeriesDateTime"
    assert [tag.keyword for tag in found.tags] == ["Units", "PatientWeight", "PatientSize"]
    assert found.warnings[0] == "read with care"
    assert "MBq" in found.warnings[1]


def test_voxels_are_scaled_slice_by_slice_in_place():
    conversion = convert(acquisition(unit_scales=(1.0, 3.0)))
    assert conversion.factors[1] == pytest.approx(3.0 * conversion.factors[0])
    voxels = np.ones((2, 3, 4), np.float32)
    volume = to_suv(voxels, ImageGeometry((2, 3, 4), (3.0, 2.0, 2.0), (0.0, 0.0, 0.0)), conversion)
    assert volume.array is voxels
    assert volume.array.dtype == np.float32
    assert volume.array[:, 0, 0] == pytest.approx(conversion.factors, rel=1e-6)


def test_read_only_voxels_are_left_alone():
    voxels = np.ones((2, 3, 4), np.float32)
    voxels.setflags(write=False)
    to_suv(voxels, ImageGeometry((2, 3, 4), (3.0, 2.0, 2.0), (0.0, 0.0, 0.0)), convert(acquisition()))
    assert np.all(voxels == 1.0)


def test_as_many_factors_as_slices():
    with pytest.raises(ValueError, match="2 factors for 3 slices"):
        to_suv(
            np.ones((3, 3, 4), np.float32),
            ImageGeometry((3, 3, 4), (3.0, 2.0, 2.0), (0.0, 0.0, 0.0)),
            convert(acquisition()),
        )


def test_factor_that_is_no_number_is_refused():
    with pytest.raises(SuvRefused, match="not a positive number"):
        convert(acquisition(unit_scales=(1.0, float("nan"))))


def test_sul_factor_is_lean_over_body_mass():
    found = convert(acquisition(sex="F"))
    assert found.sul_factor == pytest.approx(lbm_janmahasatian_kg(70.0, 1.75, "F") / 70.0)
    assert found.sul_note == ""


@pytest.mark.parametrize("sex", ["O", ""])
def test_sul_of_an_unknown_sex_is_flagged(sex):
    found = convert(acquisition(sex=sex))
    assert found.sul_factor is not None
    assert "mean of both" in found.sul_note


@pytest.mark.parametrize(
    "changes",
    [
        {"height_m": None},
        {"height_m": 0.0},
        {"height_m": 0.163},
        {"height_m": 2.9},
        {"height_m": 0.7, "weight": 70.0},
        {"units": "GML", "weight": None},
    ],
)
def test_no_sul_without_a_plausible_height_or_weight(changes):
    found = convert(acquisition(**changes))
    assert found.sul_factor is None
    assert "no SUL" in found.sul_note
    assert "PatientSize" in found.sul_note or "body weight" in found.sul_note


def test_expected_factors_of_other_normalisations():
    factors = normalisation_factors(acquisition(weight=91.0, height_m=1.88))
    assert factors["BW"] == (1.0,)
    assert factors["LBM"] == pytest.approx((71.9840 / 91.0, 70.1097 / 91.0), rel=1e-4)
    assert factors["BSA"] == pytest.approx((21767.0 / 91000.0,), rel=1e-3)
    assert normalisation_factors(acquisition(sex="O"))["LBM"] == ()
    assert normalisation_factors(acquisition(height_m=None))["BSA"] == ()
    assert normalisation_factors(acquisition(weight=None))["BSA"] == ()
