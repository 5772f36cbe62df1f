import json
from dataclasses import asdict

import pytest

from uptake.settings import ENGINES, METHODS, NetworkSettings, RunSettings, SegmentationSettings
from uptake.settings_file import CommandLineChoices, load_settings


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


def chosen(path, **options):
    return load_settings(path, CommandLineChoices(**options))


def saved(tmp_path, content):
    (tmp_path / "settings.json").write_text(json.dumps(content))
    return tmp_path / "settings.json"


def test_the_command_line_overrides_the_file(tmp_path):
    file = saved(tmp_path, {"network": {"bundle": "one", "engine": "torch", "minimum_volume_ml": 0.3}})
    assert load_settings(file).network == NetworkSettings("one", "torch", 0.3)
    assert chosen(file, bundle="two", engine="openvino").network == NetworkSettings("two", "openvino", 0.3)
    assert chosen(file, fast=True).network == NetworkSettings("one", "torch", 0.3, fast=True)
    assert chosen(file, method="adaptive").network.bundle == ""  # a method asks for no network
    assert chosen(file, method="adaptive").segmentation.method == "adaptive"


@pytest.mark.parametrize(
    ("content", "options", "word"),
    [
        ({}, {"engine": "torch"}, "name the model bundle"),
        ({}, {"method": "adaptive", "bundle": "one"}, "choose one"),
        ({}, {"method": "adaptive", "fast": True}, "choose one"),
        ({"network": {"fast": 3}}, {}, "true or false"),
        ({}, {"bundle": ""}, "not empty"),
        ({}, {"method": "adaptive", "task": "head-neck"}, "choose one"),
        ({"task": "knee"}, {}, "unknown task"),
        ({"structure_set": "yes"}, {}, "structure_set"),
        ({"network": {"weights": "x"}}, {}, "network has no weights"),
        ({"network": {"bundle": 3}}, {}, "wrong type"),
        ({"network": []}, {}, "JSON object"),
    ],
)
def test_choices_that_contradict_each_other_are_refused(tmp_path, content, options, word):
    with pytest.raises(ValueError, match=word):
        chosen(saved(tmp_path, content), **options)


@pytest.mark.parametrize(
    ("content", "options", "task"),
    [
        ({}, {}, "auto"),
        ({}, {"method": "adaptive"}, "lesions"),  # who names a method wants no network chosen
        ({"segmentation": {"method": "adaptive"}}, {}, "lesions"),
        ({"task": "auto", "segmentation": {"method": "adaptive"}}, {}, "auto"),  # as results.json prints it
        ({"task": "head-neck"}, {"method": "adaptive"}, "lesions"),
        ({"task": "head-neck"}, {"engine": "torch"}, "head-neck"),
        ({"task": "auto"}, {"task": "head-neck", "engine": "torch"}, "head-neck"),
        ({"network": {"bundle": "one"}, "segmentation": {"method": "adaptive"}}, {}, "auto"),
    ],
)
def test_the_task_follows_from_what_is_said(tmp_path, content, options, task):
    assert chosen(saved(tmp_path, content), **options).task == task


def test_what_results_print_can_be_read_again(tmp_path):
    settings = RunSettings(task="head-neck", structure_set=False)
    assert load_settings(saved(tmp_path, asdict(settings))) == settings
