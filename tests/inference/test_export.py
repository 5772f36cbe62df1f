import pytest
import torch
from torch import nn

from tests.inference.engines.tiny_networks import PATCH, tiny
from uptake.errors import OutputFailed
from uptake.inference.export import export_onnx

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")


def sides(value):
    return [axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim]


def test_the_graph_is_whole_float32_with_an_open_batch_and_nothing_of_this_machine(tmp_path):
    path = export_onnx(tiny("lesion_unet"), 2, PATCH, tmp_path / "network.onnx")
    assert [each.name for each in tmp_path.iterdir()] == ["network.onnx"]  # no weights beside it, nothing partial
    content = path.read_bytes()
    assert b"uptake" not in content
    assert b".py" not in content
    model = onnx.load_from_string(content)
    onnx.checker.check_model(model, full_check=True)
    assert sides(model.graph.input[0]) == ["batch", 2, *PATCH]
    assert sides(model.graph.output[0]) == ["batch", 3, *PATCH]
    assert {each.data_type for each in model.graph.initializer} <= {onnx.TensorProto.FLOAT, onnx.TensorProto.INT64}
    assert export_onnx(tiny("lesion_unet"), 2, PATCH, tmp_path / "again.onnx").read_bytes() == content


def test_a_network_that_would_export_wrongly_is_refused(tmp_path):
    with pytest.raises(ValueError, match="evaluation mode"):
        export_onnx(tiny("lesion_unet").train(), 2, PATCH, tmp_path / "network.onnx")
    with pytest.raises(ValueError, match="float32"):
        export_onnx(tiny("lesion_unet").half(), 2, PATCH, tmp_path / "network.onnx")
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    old = tmp_path / "network.onnx"
    old.write_bytes(b"old")

    def full(program, path, **_):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch.onnx.ONNXProgram, "save", full)
    with pytest.raises(OutputFailed, match="No space left"):
        export_onnx(nn.Conv3d(2, 3, 1).eval(), 2, PATCH, old)
    assert [each.name for each in tmp_path.iterdir()] == ["network.onnx"]
    assert old.read_bytes() == b"old"
