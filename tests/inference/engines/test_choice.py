import time
from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.inference.engines.tiny_networks import PATCH, logits, patches, tiny
from uptake.errors import BundleRefused, InferenceRefused
from uptake.inference.engines import choice, openvino_engine, source
from uptake.inference.engines.choice import Engine, available_engines, choose, choose_for
from uptake.inference.engines.parity import reference
from uptake.inference.engines.source import QuantisedGraph


class Altered:
    """The true network with its answer changed, and some time lost."""

    def __init__(self, source, change, seconds=0.0):
        self.classes, self.module, self.change, self.seconds = source.shape.classes, source.module, change, seconds

    def predict(self, batch):
        time.sleep(self.seconds)
        return self.change(logits(self.module, batch))


def altered(change, seconds=0.0):
    return Engine(lambda: (True, ""), lambda: ("",), lambda source, variant, say: Altered(source, change, seconds))


def failing(source, variant, say):
    raise RuntimeError("no kernel\nlong trace")


BROKEN = Engine(lambda: (True, ""), lambda: ("",), failing)
ABSENT = Engine(lambda: (False, "it is not installed: pip install it"), lambda: ("",), failing)


def with_engines(monkeypatch, **engines):
    monkeypatch.setattr(choice, "ENGINES", engines)
    return []


def test_auto_takes_the_fastest_that_agrees_and_says_why(monkeypatch):
    engines = {
        "slow": altered(lambda found: found, 0.12),
        "fast": altered(lambda found: found + 1e-5, 0.0),
        "absent": ABSENT,
    }
    said = with_engines(monkeypatch, **engines)
    chosen = choose("", tiny("lesion_unet"), PATCH, said.append)
    assert chosen.engine == "fast"
    assert [trial.engine for trial in chosen.trials] == ["fast", "slow"]
    assert chosen.trials[0].seconds < 0.12 <= chosen.trials[1].seconds
    assert said == ["Engine absent is left out: it is not installed: pip install it", chosen.why]
    assert chosen.why.startswith("Engine fast: ")
    assert "the fastest here (slow 0." in chosen.why


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda found: found * 1.5, "disagrees with torch"),
        (lambda found: found.flip(2), "disagrees with torch"),
        (lambda found: found * float("nan"), "disagrees with torch"),
        (lambda found: found[:, :2], "disagrees with torch"),
    ],
)
def test_a_fast_engine_with_another_answer_is_left_out_aloud(monkeypatch, change, told):
    said = with_engines(monkeypatch, wrong=altered(change), right=altered(lambda found: found, 0.02))
    chosen = choose("wrong", tiny("lesion_unet"), PATCH, said.append)
    assert chosen.engine == "right"
    assert said[0].startswith("Engine wrong is left out")
    assert told in said[0]
    assert said[1] == "Engine wrong was asked for but is not used; trying the others."


def test_probabilities_may_agree_while_classes_do_not(monkeypatch):
    """Two classes a hair apart everywhere: the probabilities hardly move, the class does."""

    class Tie(nn.Module):
        settings = tiny("lesion_unet").settings

        def forward(self, batch):
            return torch.tensor([1e-4, 0.0, -5.0]).reshape(1, 3, 1, 1, 1).expand(len(batch), 3, *PATCH)

    swapped = altered(lambda found: found[:, [1, 0, 2]])
    said = with_engines(monkeypatch, swapped=swapped, right=altered(lambda found: found))
    assert choose("auto", Tie().eval(), PATCH, said.append).engine == "right"
    assert "the same class in 0.00 % of voxels" in said[0]


def test_a_broken_engine_falls_back_aloud(monkeypatch):
    said = with_engines(monkeypatch, broken=BROKEN, right=altered(lambda found: found))
    assert choose("broken", tiny("lesion_unet"), PATCH, said.append).engine == "right"
    assert said[0] == "Engine broken is left out: it failed with: no kernel"
    said = with_engines(monkeypatch, broken=BROKEN)
    with pytest.raises(InferenceRefused, match="No engine works"):
        choose("auto", tiny("lesion_unet"), PATCH, said.append)


def test_what_cannot_be_chosen_is_refused_in_one_line(monkeypatch):
    with pytest.raises(InferenceRefused, match=r"There is no engine 'fastest'.*auto, torch, onnxruntime"):
        choose("fastest", tiny("lesion_unet"), PATCH, pytest.fail)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InferenceRefused, match=r"pip install -r requirements-gpu\.txt") as refusal:
        choose("tensorrt", tiny("lesion_unet"), PATCH, pytest.fail)
    assert "\n" not in str(refusal.value)
    with pytest.raises(InferenceRefused, match=r"pip install openvino\."):
        choose("openvino-int8", tiny("lesion_unet"), PATCH, pytest.fail)
    assert dict(available_engines())["torch"] == ""
    assert "onnxruntime" in dict(available_engines())["onnxruntime"]


def test_a_network_without_an_int8_graph_falls_back_aloud(monkeypatch):
    if not openvino_engine.int8_available()[0]:
        pytest.skip(openvino_engine.int8_available()[1])
    int8 = choice.ENGINES["openvino-int8"]
    said = with_engines(monkeypatch, **{"openvino-int8": int8, "right": altered(lambda found: found)})
    assert choose("openvino-int8", tiny("lesion_unet"), PATCH, said.append).engine == "right"
    assert "no INT8 graph" in said[0]


def quantised(source, same_class, error):
    source.quantised = QuantisedGraph(lambda: (b"", b""), same_class, error, 0.995)
    return source


@pytest.mark.parametrize(("same_class", "error", "passes"), [(0.99, 0.05, True), (0.999, 0.001, False)])
def test_a_quantised_engine_is_held_to_its_own_agreement(same_class, error, passes, monkeypatch, tmp_path):
    module = tiny("lesion_unet")
    rough = altered(lambda found: found + 0.02 * found.std() * torch.sin(17 * found))
    engines = {"int8": replace(rough, quantised=True), "right": altered(lambda found: found, 0.02)}
    said = with_engines(monkeypatch, **engines)
    given = quantised(source.source_of(module, PATCH, tmp_path), same_class, error)
    wanted = reference(given)
    chosen = choose_for("int8", given, wanted, said.append)
    assert chosen.engine == ("int8" if passes else "right")
    assert ("Dice 0.995 or more against float32" in chosen.why) is passes
    assert bool(said) is not passes
    assert choose_for("auto", given, wanted, said.append).engine == "right"


def test_a_damaged_bundle_is_refused_and_no_reason_for_another_engine(monkeypatch):
    def damaged(source, variant, say):
        raise BundleRefused("wrong hash.", remedy="Copy it again.")

    said = with_engines(monkeypatch, damaged=replace(BROKEN, build=damaged), right=altered(lambda found: found))
    with pytest.raises(BundleRefused, match="wrong hash"):
        choose("auto", tiny("lesion_unet"), PATCH, said.append)


def test_damaged_weights_are_refused():
    module = tiny("lesion_unet")
    with torch.no_grad():
        next(module.parameters()).fill_(float("nan"))
    with pytest.raises(InferenceRefused, match="not a finite number"):
        choose("auto", module, PATCH, pytest.fail)


def test_the_engines_of_this_host_agree_and_share_one_graph(monkeypatch):
    exports = []
    export = source.export_onnx
    monkeypatch.setattr(source, "export_onnx", lambda *given: exports.append(given) or export(*given))
    said = []
    module = tiny("res_unet_attention")
    chosen = choose("auto", module, PATCH, said.append)
    here = [name for name, reason in available_engines() if not reason]
    assert {trial.engine.split()[0] for trial in chosen.trials} == set(here) - {"openvino-int8"}  # never unasked
    assert len(exports) <= 1
    assert chosen.predictor.classes == 3
    found = chosen.predictor.predict(patches(2))  # the graph's file is gone by now
    torch.testing.assert_close(found, logits(module, patches(2)), atol=1e-2, rtol=1e-2)
    assert said[-1] == chosen.why
