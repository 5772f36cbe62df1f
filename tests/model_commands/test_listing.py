"""``uptake models``: listings for people and machines, verification, and exit statuses."""

import json
import subprocess
import sys

import pytest
import typer

from tests.inference.model_store.small_bundle import save_small, small_bundle
from uptake.inference.model_store import Agreement, ClassDice, NewGraph, add_graphs, load_bundle
from uptake.model_commands import models_app

app = typer.Typer()
app.add_typer(models_app, name="models")


@pytest.fixture
def models(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("COLUMNS", "60")

    def run(*arguments, folder=tmp_path / "models"):
        status = app(["models", *arguments, "--models", str(folder)], standalone_mode=False)
        said = capsys.readouterr()
        return status, said.out, " ".join(said.err.split())

    return run


@pytest.fixture
def two(tmp_path):
    folder = tmp_path / "models"
    save_small(folder)
    save_small(folder, bundle=small_bundle(name="other"))
    return folder


def test_the_list_is_one_line_each(two, models):
    status, out, err = models("list")
    assert (status, err) == (0, "")
    heading, first, second = out.rstrip("\n").split("\n")
    assert heading.split()[0] == "bundle"
    for line, name in ((first, "head_neck_tiny"), (second, "other")):
        assert line.startswith(name)
        for part in ("1.2.3", "lesion_unet", "2 fold(s), hash ok", "digital patients only", "lymph_node_metastasis"):
            assert part in line


def test_the_list_for_machines_has_the_same_and_more(two, models):
    status, out, _ = models("list", "--json")
    document = json.loads(out)
    assert (status, document["exit_status"]) == (0, 0)
    assert [each["folder"] for each in document["bundles"]] == ["head_neck_tiny", "other"]
    assert document["bundles"][0]["folds"] == [0, 1]
    assert document["bundles"][0]["parameters"] > 1000


def test_int8_is_listed_where_every_fold_has_it(two, models):
    agreement = Agreement((ClassDice("primary_tumour", 0.9954),), 4, True, 0.9, 0.1)
    graphs = [NewGraph(fold, (b"<net></net>", b"weights "), agreement) for fold in (0, 1)]
    add_graphs(load_bundle(two / "other"), "openvino", "int8", graphs)
    _, first, second = models("list")[1].rstrip("\n").split("\n")
    assert "hash ok  no  " in first
    assert "hash ok  Dice 0.995  " in second
    assert [each["int8_dice"] for each in json.loads(models("list", "--json")[1])["bundles"]] == [None, 0.9954]


def test_verify_says_which_are_sound(two, models):
    status, out, err = models("verify")
    assert (status, err) == (0, "")
    assert [line.split()[:2] for line in out.splitlines()] == [["head_neck_tiny:", "sound"], ["other:", "sound"]]
    assert models("verify", "other")[1].startswith("other: sound")


def test_a_broken_bundle_is_listed_as_such_and_fails_verification(two, models):
    (two / "other" / "models" / "fold_1.safetensors").write_bytes(b"\x80\x04.")
    status, out, err = models("list")
    assert status == 0
    assert "refused" in out.splitlines()[2]
    assert "holds a pickle" in err
    status, out, err = models("verify")
    assert status == 2
    assert out.startswith("head_neck_tiny: sound")
    assert "Refused: model bundle other: models/fold_1.safetensors holds a pickle" in err
    status, out, err = models("verify", "--json")
    document = json.loads(out)
    assert (status, document["exit_status"], err) == (2, 2, "")
    assert [each["state"] for each in document["bundles"]] == ["hash ok", "refused"]
    assert models("verify", "head_neck_tiny")[0] == 0


@pytest.mark.parametrize("command", ["list", "verify"])
def test_no_folder_is_refused_and_an_empty_one_is_not(command, models, tmp_path):
    status, _, err = models(command, folder=tmp_path / "nowhere")
    assert (status, "cannot be read (No such file or directory)" in err) == (2, True)
    status, out, _ = models(command, "--json", folder=tmp_path / "nowhere")
    assert (status, json.loads(out)["exit_status"]) == (2, 2)
    (tmp_path / "empty").mkdir()
    status, out, _ = models(command, folder=tmp_path / "empty")
    assert (status, "No model bundles" in out) == (0, True)


@pytest.mark.parametrize("name", ["../models/other", "..", "/etc", "nothing"])
def test_a_bundle_is_named_by_its_folder_alone(name, two, models):
    status, _, err = models("verify", name)
    assert (status, "Refused" in err) == (2, True)


def test_help_shows_an_example(capsys):
    for command in ("list", "verify", "export", "quantise", "compile", "import-nnunet"):
        app(["models", command, "--help"], standalone_mode=False)
        assert "Example" in capsys.readouterr().out


def test_listing_does_not_wait_for_torch(two):
    code = (
        "import sys; from pathlib import Path; import uptake.model_commands;"
        "from uptake.inference.model_store.listing import list_bundles;"
        "assert {each.state for each in list_bundles(Path(sys.argv[1]))} == {'hash ok'};"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(two)], check=False).returncode == 0
