"""Each branch by itself, and all of them on one physical activity."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from tests.suv.acquisitions import DOSE_BQ, FRAME_S, HALF_LIFE_S, INJECTED, START, WEIGHT_KG, acquisition, timings
from uptake.errors import SuvRefused
from uptake.suv.decay import HALF_LIVES_S
from uptake.suv.normalisation import body_surface_cm2, ideal_body_weight_kg, lbm_james_kg, lbm_janmahasatian_kg
from uptake.suv.vendor_scaling import scaling

UPTAKE_S = (START - INJECTED).total_seconds()
SUV = 4.0


def voxels_bqml(at_s, half_life_s=HALF_LIFE_S):
    """Activity of tissue with SUV 4, ``at_s`` seconds after the injection."""
    return SUV * DOSE_BQ / (WEIGHT_KG * 1000.0) * np.exp2(-np.asarray(at_s) / half_life_s)


def frame_means_bqml(half_life_s=HALF_LIFE_S):
    """What a scanner that corrects no decay finds in each frame: the mean, by numerical integration."""
    times = np.linspace(0.0, FRAME_S, 20_001)
    starts = np.array([(timing.acquired - INJECTED).total_seconds() for timing in timings()])
    activity = voxels_bqml(starts[:, None] + times, half_life_s)
    return np.trapezoid(activity, times, axis=1) / FRAME_S


@pytest.mark.parametrize(
    ("voxels", "changes"),
    [
        (voxels_bqml([UPTAKE_S] * 2), {}),
        (voxels_bqml([0.0] * 2), {"decay_correction": "ADMIN"}),
        (frame_means_bqml(), {"decay_correction": "NONE", "corrections": frozenset(("ATTN",))}),
        (voxels_bqml([UPTAKE_S] * 2) / 8.0, {"units": "CNTS", "philips_activity_factor": 8.0}),
        (np.full(2, SUV / 5e-4), {"units": "CNTS", "philips_suv_factor": 5e-4}),
        (np.full(2, SUV), {"units": "GML"}),
        (np.full(2, SUV), {"units": "GML", "suv_type": "BW", "weight": None, "dose": None, "injected": None}),
        (voxels_bqml([UPTAKE_S] * 2), {"dose": 350.0}),
        (voxels_bqml([UPTAKE_S] * 2), {"weight": 70000.0}),
        (voxels_bqml([UPTAKE_S] * 2), {"injected_time_only": True}),
    ],
)
def test_every_branch_gives_the_same_suv_for_the_same_tissue(voxels, changes):
    assert scaling(acquisition(**changes)).factors * voxels == pytest.approx([SUV, SUV], rel=1e-6)


@pytest.mark.parametrize("correction", ["START", "NONE"])
def test_half_life_of_another_tracer_comes_from_the_header(correction):
    half_life = HALF_LIVES_S["^68^Gallium"]
    voxels = {"START": voxels_bqml([UPTAKE_S] * 2, half_life), "NONE": frame_means_bqml(half_life)}[correction]
    corrections = frozenset(("ATTN", "DECY") if correction == "START" else ("ATTN",))
    gallium = acquisition(
        half_life_s=half_life, nuclide="^68^Gallium", decay_correction=correction, corrections=corrections
    )
    assert scaling(gallium).factors * voxels == pytest.approx([SUV, SUV], rel=1e-6)


@pytest.mark.parametrize(
    ("suv_type", "mass_kg"),
    [
        ("LBM", lbm_james_kg(70.0, 1.75, "M", 120.0)),
        ("LBMJAMES128", lbm_james_kg(70.0, 1.75, "M", 128.0)),
        ("LBMJANMA", lbm_janmahasatian_kg(70.0, 1.75, "M")),
        ("IBW", ideal_body_weight_kg(1.75, "M")),
    ],
)
def test_other_normalisations_are_undone(suv_type, mass_kg):
    found = scaling(acquisition(units="GML", suv_type=suv_type))
    assert found.factors * (SUV * mass_kg / WEIGHT_KG) == pytest.approx([SUV, SUV])
    assert suv_type in found.branch
    assert {"PatientWeight", "PatientSize", "PatientSex"} <= set(found.used)


@pytest.mark.parametrize("suv_type", ["", "BSA"])
def test_body_surface_is_undone(suv_type):
    voxels = SUV * body_surface_cm2(70.0, 1.75) / (WEIGHT_KG * 1000.0)
    assert scaling(acquisition(units="CM2ML", suv_type=suv_type)).factors * voxels == pytest.approx([SUV, SUV])


@pytest.mark.parametrize("units", ["PROPCNTS", "PROPCPS", "1CM", "CPS", "UMOLML", "", "KBQML"])
def test_other_units_are_refused_by_name(units):
    with pytest.raises(SuvRefused, match=f"Units {units or '.empty.'}") as caught:
        scaling(acquisition(units=units))
    assert caught.value.attribute == "Units (0054,1001)"


@pytest.mark.parametrize(
    ("changes", "attribute"),
    [
        ({"corrections": frozenset(("DECY",))}, "CorrectedImage"),
        ({"corrections": frozenset(("ATTN",))}, "CorrectedImage"),
        ({"decay_correction": "NONE"}, "CorrectedImage"),  # and CorrectedImage says DECY
        ({"decay_correction": ""}, "DecayCorrection"),
        ({"units": "CNTS"}, "Units"),
        ({"units": "CNTS", "philips_suv_factor": 0.0, "philips_activity_factor": 0.0}, "Units"),
        ({"units": "CNTS", "philips_suv_factor": -5e-4}, "(7053,1000)"),
        ({"units": "CNTS", "philips_activity_factor": -5e-4}, "(7053,1009)"),
        ({"units": "GML", "suv_type": "BSA"}, "SUVType"),
        ({"units": "GML", "suv_type": "LBM", "height_m": None}, "PatientSize"),
        ({"units": "GML", "suv_type": "LBM", "sex": "O"}, "PatientSex"),
        ({"units": "GML", "suv_type": "LBM", "weight": 160.0, "height_m": 1.3, "sex": "F"}, "SUVType"),
        ({"units": "CM2ML", "suv_type": "BW"}, "SUVType"),
        ({"units": "CM2ML", "height_m": None}, "PatientSize"),
        ({"units": "GML", "decay_correction": "NONE", "corrections": frozenset(("ATTN",))}, "DecayCorrection"),
        ({"weight": None}, "PatientWeight"),
        ({"dose": None}, "RadionuclideTotalDose"),
        ({"half_life_s": None}, "RadionuclideHalfLife"),
        ({"injected": None}, "RadiopharmaceuticalStart"),
    ],
)
def test_what_the_branch_needs_and_lacks_is_named(changes, attribute):
    with pytest.raises(SuvRefused) as caught:
        scaling(acquisition(**changes))
    assert attribute in caught.value.attribute
    assert caught.value.series == "PT series 3 'PET AC' (2 slices)"
    assert caught.value.remedy


def test_philips_suv_factor_comes_before_the_activity_factor():
    found = scaling(acquisition(units="CNTS", philips_suv_factor=5e-4, philips_activity_factor=8.0))
    assert list(found.factors) == [5e-4, 5e-4]


def test_a_zero_philips_suv_factor_leaves_the_activity_factor():
    found = scaling(acquisition(units="CNTS", philips_suv_factor=0.0, philips_activity_factor=8.0))
    assert found.factors == pytest.approx(8.0 * scaling(acquisition()).factors)


def test_uncorrected_frames_need_their_times():
    undecayed = {"decay_correction": "NONE", "corrections": frozenset(("ATTN",))}
    first, second = timings()
    for missing in ({"acquired": None}, {"frame_duration_s": None}):
        with pytest.raises(SuvRefused, match="lacks its acquisition time"):
            scaling(acquisition(**undecayed, slices=(first, replace(second, **missing))))


def test_uncorrected_frames_with_the_scans_one_time_are_refused():
    undecayed = {"decay_correction": "NONE", "corrections": frozenset(("ATTN",))}
    with pytest.raises(SuvRefused, match="all have the scan's acquisition time"):
        scaling(acquisition(**undecayed, slices=timings(starts_s=(0.0, 0.0), reference_s=(0.0, 180.0))))


def test_admin_needs_no_times_but_checks_those_it_has():
    admin = {"decay_correction": "ADMIN"}
    untimed = scaling(acquisition(**admin, injected=None))
    assert untimed.factors == pytest.approx([WEIGHT_KG * 1000.0 / DOSE_BQ] * 2)
    assert "not checked" in untimed.warnings[0]
    with pytest.raises(SuvRefused, match="falls after the scan"):
        scaling(acquisition(**admin, injected=START.replace(hour=12)))


def test_admin_of_a_long_lived_tracer_with_a_time_only_is_not_refused():
    zirconium = {"half_life_s": 282276.0, "nuclide": "^89^Zirconium", "injected_time_only": True}
    assert "not checked" in scaling(acquisition(**zirconium, decay_correction="ADMIN")).warnings[0]
    with pytest.raises(SuvRefused, match="without a date"):
        scaling(acquisition(**zirconium))


def test_enhanced_pet_corrected_to_the_injection_is_like_admin():
    enhanced = acquisition(enhanced=True, decay_reference=INJECTED)
    assert scaling(enhanced).factors == pytest.approx(scaling(acquisition(decay_correction="ADMIN")).factors)


def test_enhanced_pet_corrected_to_before_the_injection_is_refused():
    with pytest.raises(SuvRefused, match="before the injection"):
        scaling(acquisition(enhanced=True, decay_reference=INJECTED - timedelta(minutes=5)))
