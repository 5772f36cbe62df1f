"""command_line: folders from arguments or the MAP's variables, settings, and status 64 for wrong usage."""

import json
from pathlib import Path

import pytest

from apps.monai_deploy.command_line import parse_command_line


def test_folders_and_settings_come_from_the_arguments(tmp_path):
    (tmp_path / "settings.json").write_text(json.dumps({"segmentation": {"minimum_volume_ml": 2.0}}))
    settings = tmp_path / "settings.json"
    line = f"-i in -o out -m {tmp_path} --method percent-41 --settings {settings} --baseline before"
    options = parse_command_line(line.split())
    assert options.folders == (Path("in"), Path("before"))
    assert options.output == Path("out")
    assert options.settings.segmentation.method == "percent-41"
    assert options.settings.segmentation.minimum_volume_ml == 2.0


def test_a_network_is_chosen_by_the_arguments(tmp_path):
    options = parse_command_line(f"-i in -o out -m {tmp_path} --bundle head_neck_mtv --engine openvino --fast".split())
    assert options.models == tmp_path
    assert (options.settings.network.bundle, options.settings.network.engine) == ("head_neck_mtv", "openvino")
    assert options.settings.network.fast


def test_folders_default_to_what_a_map_sets(monkeypatch):
    monkeypatch.setenv("HOLOSCAN_MODEL_PATH", "/opt/holoscan/models")
    monkeypatch.setenv("HOLOSCAN_INPUT_PATH", "/var/holoscan/input")
    monkeypatch.setenv("HOLOSCAN_OUTPUT_PATH", "/var/holoscan/output")
    options = parse_command_line([])
    assert options.folders == (Path("/var/holoscan/input"),)
    assert options.output == Path("/var/holoscan/output")
    assert options.models == Path("/opt/holoscan/models")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["-o", "out"], "--input"),
        (["-i", "in"], "--output"),
        (["-i", "in", "-o", "out", "--method", "guess"], "--method"),
        (["-i", "in", "-o", "out", "-m", "/no/such/folder"], "model folder"),
        (["-i", "in", "-o", "out", "--engine", "torch"], "model bundle"),
        (["-i", "in", "-o", "out", "--bundle", "a/b"], "model bundle"),
        (["-i", "in", "-o", "out", "--settings", "/no/such/file"], "settings file"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_wrong_usage_is_64_and_names_the_argument(monkeypatch, capsys, arguments, word):
    monkeypatch.delenv("HOLOSCAN_INPUT_PATH", raising=False)
    monkeypatch.delenv("HOLOSCAN_OUTPUT_PATH", raising=False)
    if word == "--nonsense":
        arguments = ["-i", "in", "-o", "out", *arguments]
    with pytest.raises(SystemExit) as ended:
        parse_command_line(arguments)
    assert ended.value.code == 64
    assert word in capsys.readouterr().err
