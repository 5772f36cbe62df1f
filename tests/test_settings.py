import json

import pytest

from uptake.settings import ENGINES, METHODS, NetworkSettings, SegmentationSettings
from uptake.settings_file import load_settings


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


@pytest.mark.parametrize(
    "wrong",
    [
        {"bundle": "../elsewhere"},
        {"bundle": "a/b"},
        {"bundle": ".."},
        {"bundle": ".hidden"},
        {"engine": "quantum"},
        {"minimum_volume_ml": -1.0},
        {"minimum_volume_ml": float("nan")},
    ],
)
def test_senseless_settings_of_a_network_are_refused(wrong):
    with pytest.raises(ValueError, match=r"folder's name alone|unknown engine|minimum_volume_ml"):
        NetworkSettings(**wrong)


def test_every_engine_that_there_is_can_be_chosen():
    from uptake.inference.engines.table import ENGINES as THERE

    assert set(ENGINES) == {"auto", *THERE}


def saved(tmp_path, content):
    (tmp_path / "settings.json").write_text(json.dumps(content))
    return tmp_path / "settings.json"


def test_the_command_line_overrides_the_file(tmp_path):
    file = saved(tmp_path, {"network": {"bundle": "one", "engine": "torch", "minimum_volume_ml": 0.3}})
    assert load_settings(file).network == NetworkSettings("one", "torch", 0.3)
    assert load_settings(file, bundle="two", engine="openvino").network == NetworkSettings("two", "openvino", 0.3)
    assert load_settings(file, "adaptive").network.bundle == ""  # a method asks for no network
    assert load_settings(file, "adaptive").segmentation.method == "adaptive"


@pytest.mark.parametrize(
    ("content", "options", "word"),
    [
        ({}, {"engine": "torch"}, "name the model bundle"),
        ({}, {"method": "adaptive", "bundle": "one"}, "choose one"),
        ({}, {"bundle": ""}, "not empty"),
        ({"network": {"weights": "x"}}, {}, "network has no weights"),
        ({"network": {"bundle": 3}}, {}, "wrong type"),
        ({"network": []}, {}, "JSON object"),
    ],
)
def test_choices_that_contradict_each_other_are_refused(tmp_path, content, options, word):
    with pytest.raises(ValueError, match=word):
        load_settings(saved(tmp_path, content), **options)
