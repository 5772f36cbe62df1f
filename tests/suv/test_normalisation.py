import pytest

from uptake.suv.normalisation import (
    body_surface_cm2,
    ideal_body_weight_kg,
    lbm_james_kg,
    lbm_janmahasatian_kg,
    suv_to_sul,
)

# Worked by hand for 91 kg and 1.88 m (BMI 25.7469).
WEIGHT_KG, HEIGHT_M = 91.0, 1.88


def test_janmahasatian():
    assert lbm_janmahasatian_kg(WEIGHT_KG, HEIGHT_M, "M") == pytest.approx(68.9116, abs=1e-3)
    assert lbm_janmahasatian_kg(WEIGHT_KG, HEIGHT_M, "F") == pytest.approx(56.0055, abs=1e-3)


def test_james():
    assert lbm_james_kg(WEIGHT_KG, HEIGHT_M, "M", 128.0) == pytest.approx(70.1097, abs=1e-3)
    assert lbm_james_kg(WEIGHT_KG, HEIGHT_M, "M") == pytest.approx(71.9840, abs=1e-3)
    assert lbm_james_kg(WEIGHT_KG, HEIGHT_M, "F") == pytest.approx(62.6944, abs=1e-3)


def test_ideal_body_weight():
    assert ideal_body_weight_kg(HEIGHT_M, "M") == pytest.approx(86.16)
    assert ideal_body_weight_kg(HEIGHT_M, "F") == pytest.approx(78.26)


def test_body_surface():
    assert body_surface_cm2(70.0, 1.70) == pytest.approx(1.8097e4, rel=1e-4)


def test_sul_of_an_unknown_sex_is_the_mean_of_both():
    both = [suv_to_sul(WEIGHT_KG, HEIGHT_M, sex) for sex in ("M", "F")]
    assert suv_to_sul(WEIGHT_KG, HEIGHT_M, "O") == pytest.approx(sum(both) / 2)
    assert both[0] != pytest.approx(both[1], rel=0.05)


@pytest.mark.parametrize("sex", ["", "O"])
def test_no_formula_for_an_unknown_sex(sex):
    with pytest.raises(ValueError, match="sex M and F"):
        lbm_james_kg(WEIGHT_KG, HEIGHT_M, sex)
