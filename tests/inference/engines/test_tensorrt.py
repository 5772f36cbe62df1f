import importlib.util
import sys
from collections import Counter

import numpy as np
import pytest
import torch

from tests.inference.engines.tiny_networks import PATCH, logits, patches, tiny
from uptake.errors import InferenceRefused
from uptake.inference.engines import tensorrt_engine
from uptake.inference.engines.choice import choose
from uptake.inference.engines.source import Shape
from uptake.inference.engines.tensorrt_building import Profile
from uptake.inference.engines.tensorrt_engine import TensorRtPredictor, TensorRtSettings, cached_plan, keep_plan
from uptake.inference.engines.tensorrt_lowering import lowered
from uptake.inference.engines.tensorrt_plans import plan_key, read_plan, write_plan

HERE, WHY_NOT = tensorrt_engine.available()
SHAPE = Shape(2, 3, PATCH)


def nodes(content):
    import onnx

    return onnx.load_model_from_string(content)


def types_of(model):
    """Element type of every tensor, by onnx's own inference."""
    import onnx

    graph = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
    told = {each.name: each.type.tensor_type.elem_type for each in (*graph.input, *graph.value_info, *graph.output)}
    return told | {each.name: each.data_type for each in graph.initializer}


@pytest.mark.parametrize(("precision", "kind"), [("float16", 10), ("bfloat16", 16)])
def test_only_convolutions_and_products_are_lowered(exported, precision, kind):
    content = exported[1].read_bytes()
    assert lowered(content, "float32") == content
    model = nodes(lowered(content, precision))
    types = types_of(model)
    last = model.graph.output[0].name
    seen = Counter()
    for node in model.graph.node:
        half = {types[name] == kind for name in (*node.input, *node.output)}
        if node.op_type in ("Conv", "ConvTranspose", "MatMul") and last not in node.output:
            assert half == {True}
            seen["half"] += 1
        elif node.op_type in ("InstanceNormalization", "LayerNormalization", "Softmax", "Add") or last in node.output:
            assert half == {False}
            seen["float32"] += 1
    assert seen["half"] >= 7
    assert seen["float32"] >= 8
    assert types[last] == types["volume"] == 1
    assert len(model.SerializeToString()) < 0.75 * len(content)
    with pytest.raises(ValueError, match="no precision 'int8', but float32, float16, bfloat16"):
        lowered(content, "int8")


def test_a_float16_graph_gives_nearly_the_float32_logits(exported):
    onnxruntime = pytest.importorskip("onnxruntime")
    module, graph = exported
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    content = lowered(graph.read_bytes(), "float16")
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    found = session.run(["logits"], {"volume": patches(2).numpy()})[0]
    expected = logits(module, patches(2)).numpy()
    assert found.dtype == np.float32
    error = np.sqrt(np.square(found - expected).mean()) / expected.std()
    assert 1e-5 < error < 3e-3


def test_a_bfloat16_graph_gives_roughly_the_float32_logits(exported):
    from onnx.reference import ReferenceEvaluator

    module, graph = exported
    found = ReferenceEvaluator(nodes(lowered(graph.read_bytes(), "bfloat16"))).run(
        ["logits"], {"volume": patches(1).numpy()}
    )[0]
    expected = logits(module, patches(1)).numpy()
    error = np.sqrt(np.square(found - expected).mean()) / expected.std()
    assert 1e-3 < error < 3e-2


def test_shapes_and_indices_keep_their_type():
    onnx = pytest.importorskip("onnx")
    text = """<ir_version: 10, opset_import: ["" : 20]>
        shaped (float[n, 4] volume) => (float[n, 2, 2] logits)
        <int64[1] two = {2}, float[4, 4] weight = {1,0,0,0,0,1,0,0,0,0,1,0,0,0,0,1}> {
            product = MatMul(volume, weight)
            minus = Neg(two)
            size = Abs(minus)
            rest = Concat <axis = 0> (minus, size)
            first = Slice(rest, two, two)
            whole = Shape <start = 0, end = 1> (volume)
            wanted = Concat <axis = 0> (whole, size, size)
            logits = Reshape(product, wanted)
        }"""
    model = onnx.parser.parse_model(text)
    found = nodes(lowered(model.SerializeToString(), "float16"))
    types = types_of(found)
    assert types["wanted"] == types["rest"] == onnx.TensorProto.INT64
    assert types["product"] == onnx.TensorProto.FLOAT16


def test_a_plan_is_kept_whole_and_a_damaged_one_is_built_anew(tmp_path):
    plan, said = bytes(range(256)) * 40, []
    folder = tmp_path / "plans"
    assert read_plan(folder, "key") is None
    keep_plan(folder, "key", plan, said.append)
    assert cached_plan(folder, "key", said.append) == plan
    assert [path.name for path in folder.iterdir()] == ["key.plan"]
    assert said == []
    whole = (folder / "key.plan").read_bytes()
    for damaged in (whole[:-1], whole[:200] + b"\0" + whole[201:], b"", whole[:87], plan, whole + b"\0"):
        (folder / "key.plan").write_bytes(damaged)
        assert cached_plan(folder, "key", said.append) is None
        assert said.pop() == "A kept TensorRT plan is built anew: it is damaged"
    assert cached_plan(None, "key", pytest.fail) is None
    keep_plan(None, "key", plan, pytest.fail)


def test_a_cache_that_cannot_be_written_is_said_and_lived_with(tmp_path):
    said = []
    (tmp_path / "plans").write_text("a file where the folder should be")
    keep_plan(tmp_path / "plans", "key", b"plan", said.append)
    assert len(said) == 1
    assert said[0].startswith("The TensorRT plan could not be kept and will be built again: ")
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "key.plan").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_plan(tmp_path / "kept", "key", b"plan")
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["key.plan"]


def test_a_plans_key_changes_with_all_that_it_depends_on():
    here = {"tensorrt": "11.4.0.106", "gpu": "A", "sm": "9.0", "precision": "float16", "most": 2, "patch": [8, 8, 8]}
    keys = {plan_key(b"graph", here), plan_key(b"graph2", here)}
    keys |= {plan_key(b"graph", here | {name: "other"}) for name in here}
    assert len(keys) == 2 + len(here)
    assert plan_key(b"graph", dict(reversed(here.items()))) in keys


def test_settings_are_checked():
    with pytest.raises(ValueError, match="no precision 'fp8'"):
        TensorRtSettings("fp8")
    with pytest.raises(ValueError, match="at least one patch, not 0"):
        TensorRtSettings(most=0)
    assert Profile(2).most == 2


def test_without_tensorrt_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    can, reason = tensorrt_engine.available()
    assert not can
    assert "tensorrt, onnx, onnxscript not being installed: pip install -r requirements-gpu.txt" in reason
    with pytest.raises(InferenceRefused, match=r"pip install -r requirements-gpu\.txt") as refusal:
        choose("tensorrt", tiny("lesion_unet"), PATCH, pytest.fail)
    assert "\n" not in reason + str(refusal.value)


@pytest.mark.parametrize(
    ("package", "told"),
    [
        ("raise ImportError('libnvinfer.so.11: cannot open shared object file')", "libnvinfer.so.11: cannot open"),
        ("__version__ = '10.16.1.11'", "10.16.1.11 being older than 11: pip install -r requirements-gpu.txt"),
        ("__version__ = '11.4.0.106'", "torch finding no CUDA GPU"),
    ],
)
def test_what_is_installed_but_cannot_run_is_one_line_too(monkeypatch, tmp_path, package, told):
    if importlib.util.find_spec("tensorrt") or torch.cuda.is_available():
        pytest.skip("TensorRT or a GPU is here")
    pytest.importorskip("onnxscript")
    (tmp_path / "tensorrt.py").write_text(package)
    monkeypatch.syspath_prepend(tmp_path)
    tensorrt_engine.version.cache_clear()
    try:
        can, reason = tensorrt_engine.available()
    finally:
        tensorrt_engine.version.cache_clear()
        sys.modules.pop("tensorrt", None)
    assert not can
    assert told in reason
    assert "\n" not in reason


@pytest.mark.gpu
@pytest.mark.skipif(not HERE, reason=WHY_NOT)
@pytest.mark.parametrize(("precision", "error"), [("float32", 1e-4), ("float16", 5e-3), ("bfloat16", 4e-2)])
def test_on_a_gpu_it_gives_torchs_logits_and_keeps_its_plan(exported, tmp_path, precision, error):
    module, graph = exported
    settings, said = TensorRtSettings(precision, most=2, cache=tmp_path), []
    batch = patches(3)
    expected = logits(module, batch)

    def agrees(predictor):
        found = predictor.predict(batch)
        assert found.dtype == torch.float32
        assert found.device.type == "cpu"
        assert predictor.classes == 3
        assert float((found - expected).square().mean().sqrt() / expected.std()) < error
        alone = torch.cat([predictor.predict(batch[number : number + 1]) for number in range(3)])
        assert float((alone - expected).square().mean().sqrt() / expected.std()) < error

    agrees(TensorRtPredictor(graph, SHAPE, settings, said.append))
    assert len(said) == 1
    assert said[0].startswith(f"TensorRT builds a plan in {precision}")
    agrees(TensorRtPredictor(graph, SHAPE, settings, pytest.fail))  # from the cache
    (plan,) = tmp_path.iterdir()
    plan.write_bytes(plan.read_bytes()[:-1])
    said.clear()
    agrees(TensorRtPredictor(graph, SHAPE, settings, said.append))
    assert len(said) == 2
    assert "built anew: it is damaged" in said[0]
    write_plan(tmp_path, plan.stem, b"no plan of TensorRT's, but whole")
    said.clear()
    agrees(TensorRtPredictor(graph, SHAPE, settings, said.append))
    assert len(said) == 2
    assert "TensorRT cannot load the plan" in said[0]
