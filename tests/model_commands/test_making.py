"""``uptake models export``, ``quantise``, ``compile`` and ``import-nnunet``: what they print, write and refuse."""

import importlib.util
import json

import pytest
import torch
import typer

from tests.inference.plain_bundle import bright_network, cases, save_plain
from tests.small_exam import write_small_exam
from uptake.inference.engines import openvino_engine
from uptake.inference.engines.openvino_loading import openvino
from uptake.inference.model_store import InputChannel, Normalisation, Preprocessing, Tiling, load_bundle
from uptake.model_commands import models_app

app = typer.Typer()
app.add_typer(models_app, name="models")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_plain(tmp_path_factory.mktemp("models")).folder.parent


@pytest.fixture
def models(monkeypatch, capsys, tmp_path, folder):
    monkeypatch.setenv("UPTAKE_CACHE", str(tmp_path / "cache"))

    def run(*arguments, store=folder):
        status = app(["models", *map(str, arguments), "--models", str(store)], standalone_mode=False)
        said = capsys.readouterr()
        return status, said.out, " ".join(said.err.split())

    return run


def test_export_writes_a_graph_that_gives_torchs_logits(models, tmp_path):
    if not openvino_engine.available()[0]:
        pytest.skip(openvino_engine.available()[1])
    status, out, _ = models("export", "head_neck_tiny", tmp_path / "n.xml", "--format", "openvino", "--json")
    assert (status, json.loads(out)["fold"]) == (0, 0)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["n.bin", "n.xml"]
    batch = torch.from_numpy(cases(1)[0].array[None])
    answer = openvino().Core().compile_model(tmp_path / "n.xml", "CPU")({0: batch.numpy()})[0]
    with torch.inference_mode():
        assert abs(torch.from_numpy(answer) - bright_network()(batch)).max() < 1.0  # of 50; bfloat16 where there is any
    status, _, err = models("export", "head_neck_tiny", tmp_path / "n.xml", "--format", "openvino")
    assert (status, "n.xml is there already" in err) == (2, True)


def test_export_refuses_in_words_and_leaves_nothing(models, tmp_path):
    pytest.importorskip("onnxscript")
    status, _, err = models("export", "head_neck_tiny", tmp_path / "n.onnx", "--fold", "7")
    assert (status, "no weights for fold 7" in err) == (2, True)
    status, out, _ = models("export", "nothing", tmp_path / "n.onnx", "--json")
    assert (status, json.loads(out)["files"]) == (2, [])
    assert models("export", "../x", tmp_path / "n.onnx")[0] == 2
    assert models("export", "head_neck_tiny", tmp_path / "no" / "n.onnx")[0] == 3
    with pytest.raises(typer.BadParameter, match=r"must be named \*\.xml"):
        models("export", "head_neck_tiny", tmp_path / "n.onnx", "--format", "openvino")
    assert not list(tmp_path.iterdir())


def test_compile_chooses_prints_and_keeps(models, tmp_path):
    status, out, _ = models("compile", "head_neck_tiny", "--engine", "torch")
    assert status == 0
    heading, row, why = out.strip().splitlines()
    assert heading.split()[:2] == ["engine", "s"]
    assert row.startswith("torch (CPU float32)")
    assert why.startswith("Engine torch (CPU float32): ")
    assert len(list((tmp_path / "cache").rglob("record.json"))) == 1
    document = json.loads(models("compile", "head_neck_tiny", "--engine", "torch", "--json")[1])
    assert document["engine"] == "torch (CPU float32)"
    assert document["trials"][0]["difference"] == 0.0
    status, out, _ = models("compile", "head_neck_tiny", "--engine", "abacus", "--json")
    assert (status, "no engine 'abacus'" in json.loads(out)["message"]) == (2, True)


def test_import_refuses_in_words(models, tmp_path):
    (tmp_path / "empty").mkdir()
    status, out, _ = models("import-nnunet", tmp_path / "empty", "--name", "lesions", "--json", store=tmp_path / "new")
    assert (status, json.loads(out)["folder"]) == (2, "")
    assert not (tmp_path / "new").exists()
    for wrong, words in (
        (("--channel", "PT"), "two words with = between"),
        (("--channel", "x=PT"), "must be a channel's number"),
        (("--channel", "0=MR"), "must be PT or CT"),
        (("--class", "tumor=spaceship"), "cannot be 'spaceship'"),
        (("--licence", str(tmp_path / "none")), "No such file"),
    ):
        with pytest.raises(typer.BadParameter, match=words):
            models("import-nnunet", tmp_path / "empty", "--name", "lesions", *wrong)


@pytest.fixture(scope="module")
def exams(tmp_path_factory):
    """Two patients; the writer's own patient identity is replaced, so that they are two."""
    pydicom = pytest.importorskip("pydicom")
    data = tmp_path_factory.mktemp("exams")
    for number in (1, 2):
        write_small_exam(data / str(number), identity=f"small exam {number}")
        for path in (data / str(number)).rglob("*.dcm"):
            dataset = pydicom.dcmread(path)
            dataset.PatientID = f"SMALL-{number}"
            dataset.save_as(path)
    return data


@pytest.mark.full
def test_quantise_reads_exams_and_says_how_near_int8_is(models, exams, tmp_path):
    if not importlib.util.find_spec("nncf") or not openvino_engine.available()[0]:  # importing it would report it
        pytest.skip("nncf and OpenVINO are needed")
    inputs = (
        InputChannel("PET", "PT", "g/ml", Normalisation("none")),
        InputChannel("CT", "CT", "HU", Normalisation("fixed", (-150.0, 150.0), 10.0, 50.0)),
    )
    tiling = Tiling((16, 32, 32), 0.5)
    bundle = save_plain(tmp_path / "store", inputs=inputs, preprocessing=Preprocessing((12.0, 8.0, 8.0)), tiling=tiling)
    arguments = ("quantise", "head_neck_tiny", "--data", exams, "--exams", 1, "--held-out", 1, "--patches", 4)
    status, out, err = models(*arguments, "--digital-patients", "--json", store=tmp_path / "store")
    document = json.loads(out)
    changed = load_bundle(bundle.folder)
    if status == 0:
        assert min(document["dice"].values()) >= 0.99
        assert len(changed.graphs) == 1
        assert changed.graphs[0].agreement.digital_patients_only
    else:  # a refusal is an answer too, where one voxel of a small lesion decides
        assert (status, changed.graphs) == (2, ())
        assert "Dice of 0.99" in document["message"]
    assert "INT8, all convolutions: Dice" in err
    assert "SMALL-" not in out + err


def test_quantise_refuses_too_few_patients(models, exams):
    if not importlib.util.find_spec("nncf") or not openvino_engine.available()[0]:  # importing it would report it
        pytest.skip("nncf and OpenVINO are needed")
    status, _, err = models("quantise", "head_neck_tiny", "--data", exams)
    assert (status, "exams of 2 patients, 12 are wanted" in err) == (2, True)
    status, _, err = models("quantise", "head_neck_tiny", "--data", exams / "1")
    assert (status, "1 patient(s) are too few" in err) == (2, True)
