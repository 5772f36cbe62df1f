import pytest

from uptake.settings import METHODS, SegmentationSettings


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "best"},
        {"connectivity": 8},
        {"minimum_volume_ml": -0.1},
        {"minimum_volume_ml": float("nan")},
        {"floor_suv": 0.0},
        {"incremental_floor_suv": float("inf")},
        {"method": "percist-liver"},
        {"method": "percist-liver", "liver_mean_sul": 0.0, "liver_sd_sul": -0.1},
    ],
)
def test_senseless_settings_are_refused(wrong):
    with pytest.raises(ValueError, match=r"percist-liver|unknown method|connectivity|minimum_volume_ml|floor_suv"):
        SegmentationSettings(**wrong)


def test_every_method_can_be_chosen():
    for method in METHODS:
        assert SegmentationSettings(method=method, liver_mean_sul=1.6, liver_sd_sul=0.2).method == method
