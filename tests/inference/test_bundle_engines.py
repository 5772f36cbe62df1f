"""A bundle on the engines of this host: what is kept between runs, and what happens to a damaged memory."""

import json

import pytest
import torch

from tests.inference.plain_bundle import bright_network, cases, save_plain
from uptake.errors import BundleRefused, InferenceRefused
from uptake.inference.bundle_engines import predictors
from uptake.inference.engines import choice
from uptake.inference.engines.record import cache_folder
from uptake.inference.engines.table import ENGINES, Engine
from uptake.inference.engines.torch_engine import CPU


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return save_plain(tmp_path_factory.mktemp("models"), folds=(0, 1))


@pytest.fixture(autouse=True)
def torch_alone(monkeypatch):
    """No graph is exported, which takes seconds."""
    counted = {"built": [], "fails": ""}

    def build(source, variant, say):
        counted["built"].append(source.folder.name)
        if counted["fails"]:
            raise RuntimeError(counted["fails"])
        return ENGINES["torch"].build(source, CPU, say)

    engines = {"torch": ENGINES["torch"], "other": Engine(lambda: (True, ""), lambda: ("",), build)}
    monkeypatch.setattr(choice, "ENGINES", engines)
    return counted


def answers(found):
    batch = torch.from_numpy(cases(1)[0].array[None])
    return [each.predict(batch) for each in found.predictors], batch


def test_each_fold_gets_its_predictor(bundle, tmp_path):
    said = []
    found = predictors(bundle, "torch", said.append, cache=tmp_path)
    logits, batch = answers(found)
    assert len(logits) == 2
    with torch.inference_mode():
        assert all(torch.equal(each, bright_network()(batch)) for each in logits)
    assert found.engine == "torch (CPU float32)"
    assert said == [found.why]
    assert "it was asked for" in found.why
    assert len(predictors(bundle, "torch", said.append, folds=(1,), cache=tmp_path).predictors) == 1


def test_a_choice_is_kept_and_checked_but_not_timed_again(bundle, tmp_path, torch_alone, monkeypatch):
    first = predictors(bundle, "auto", lambda text: None, folds=(0,), cache=tmp_path)
    assert [trial.engine.split()[0] for trial in first.trials] in (["torch", "other"], ["other", "torch"])
    built = len(torch_alone["built"])
    said = []
    again = predictors(bundle, "auto", said.append, folds=(0,), cache=tmp_path)
    assert (again.engine, again.trials) == (first.engine, first.trials)
    assert again.why == f"{first.why} As found on this host before."
    assert len(torch_alone["built"]) <= built + 1
    torch.set_num_threads(2)  # another host, as far as speed goes
    try:
        assert "before" not in predictors(bundle, "auto", said.append, folds=(0,), cache=tmp_path).why
    finally:
        torch.set_num_threads(1)
    assert "before" not in predictors(bundle, "auto", said.append, folds=(0,), cache=tmp_path, anew=True).why


def test_a_kept_engine_that_fails_now_is_replaced_aloud(bundle, tmp_path, torch_alone):
    said = []
    assert predictors(bundle, "other", said.append, folds=(0,), cache=tmp_path).engine == "other"
    torch_alone["fails"] = "driver gone"
    found = predictors(bundle, "other", said.append, folds=(0,), cache=tmp_path)
    assert found.engine == "torch (CPU float32)"
    assert "Engine other is left out: it failed with: driver gone" in said
    assert any(text.startswith("Engine other was chosen on this host before") for text in said)
    torch_alone["fails"] = ""
    assert predictors(bundle, "other", said.append, folds=(0,), cache=tmp_path).engine == "other"  # not held against it


def damage(path):
    return {
        "empty": lambda: path.write_text(""),
        "other": lambda: path.write_text("[1]"),
        "list": lambda: path.write_text(json.dumps(json.loads(path.read_text()) | {"trials": {"torch": [[1]]}})),
        "text": lambda: path.write_text(path.read_text().replace('"seconds": ', '"seconds": "x", "was": ')),
        "reference": lambda: (path.parent / "reference.npy").write_bytes(b"x" * 100),
        "gone": lambda: (path.parent / "reference.npy").unlink(),
    }


@pytest.mark.parametrize("how", ["empty", "other", "list", "text", "reference", "gone"])
def test_a_damaged_record_is_said_and_made_again(how, bundle, tmp_path):
    predictors(bundle, "torch", lambda text: None, folds=(0,), cache=tmp_path)
    (path,) = tmp_path.rglob("record.json")
    good = json.loads(path.read_text()).keys()
    damage(path)[how]()
    said = []
    found = predictors(bundle, "torch", said.append, folds=(0,), cache=tmp_path)
    assert said[0].startswith("The kept choice of engine is damaged")
    assert said[1:] == [found.why]
    assert json.loads(path.read_text()).keys() == good


def test_a_cache_that_cannot_be_written_is_said_once_and_lived_with(bundle, tmp_path):
    (tmp_path / "file").write_text("in the way")
    said = []
    found = predictors(bundle, "torch", said.append, cache=tmp_path / "file")
    assert len(found.predictors) == 2
    assert said[0].startswith("The choice of engine cannot be kept in ")
    assert said[1:] == [found.why]


def test_weights_that_are_not_the_recorded_ones_are_refused_though_a_choice_is_kept(tmp_path):
    own = save_plain(tmp_path / "models")
    predictors(own, "torch", lambda text: None, cache=tmp_path / "cache")
    path = own.folder / own.weights[0].path
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    with pytest.raises(BundleRefused, match="wrong hash"):
        predictors(own, "torch", pytest.fail, cache=tmp_path / "cache")


def test_what_cannot_be_is_refused(bundle, tmp_path):
    with pytest.raises(BundleRefused, match=r"no weights for fold 5.*0, 1"):
        predictors(bundle, "torch", pytest.fail, folds=(5,), cache=tmp_path)
    with pytest.raises(InferenceRefused, match="no engine 'abacus'"):
        predictors(bundle, "abacus", pytest.fail, cache=tmp_path)


def test_int8_without_graphs_is_refused_with_what_to_do(bundle, tmp_path, monkeypatch):
    if not ENGINES["openvino-int8"].available()[0]:
        pytest.skip(ENGINES["openvino-int8"].available()[1])
    monkeypatch.setattr(choice, "ENGINES", ENGINES)
    with pytest.raises(BundleRefused, match=r"no INT8 graph for fold 0, 1.*uptake models quantise"):
        predictors(bundle, "openvino-int8", pytest.fail, cache=tmp_path)


def test_the_cache_lies_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("UPTAKE_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder() == tmp_path / ".cache" / "uptake"
    monkeypatch.setenv("XDG_CACHE_HOME", "/shared")
    assert str(cache_folder()) == "/shared/uptake"
    monkeypatch.setenv("UPTAKE_CACHE", "/own")
    assert str(cache_folder()) == "/own"
