import pytest

from tests.inference.engines.tiny_networks import PATCH, SETTINGS, tiny
from uptake.inference.export import export_onnx


@pytest.fixture(scope="session", params=list(SETTINGS))
def exported(request, tmp_path_factory):
    """A tiny network and its ONNX file."""
    pytest.importorskip("onnxscript")
    module = tiny(request.param)
    return module, export_onnx(module, 2, PATCH, tmp_path_factory.mktemp("graph") / "network.onnx")
