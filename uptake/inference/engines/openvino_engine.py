"""Networks on OpenVINO on the CPU, in float32 or as a bundle's quantised graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from uptake.inference.engines import presence
from uptake.inference.engines.openvino_loading import openvino


def available() -> tuple[bool, str]:
    """Whether the packages for the graph and for running it are here, and if not, what to install."""
    return presence("OpenVINO", ("openvino", "onnx", "onnxscript"), "pip install openvino onnx onnxscript")


def int8_available() -> tuple[bool, str]:
    """The same for a graph that the bundle holds."""
    return presence("OpenVINO", ("openvino",), "pip install openvino")


class OpenVinoPredictor:
    """A network on OpenVINO.

    Parameters
    ----------
    graph
        File of ``export.export_onnx``, no longer needed afterwards; or the contents of a ``.xml`` and its ``.bin``.
    classes
        Of the network.
    """

    def __init__(self, graph: Path | tuple[bytes, bytes], classes: int) -> None:
        self.classes = classes
        core = openvino().Core()
        model = core.read_model(graph) if isinstance(graph, Path) else core.read_model(*graph)
        self._request = core.compile_model(model, "CPU", _settings()).create_infer_request()

    def predict(self, batch: torch.Tensor) -> torch.Tensor:
        """Logits (n, classes, z, y, x), float32 on the CPU, of a batch (n, channels, z, y, x)."""
        answer = self._request.infer({0: batch.contiguous().numpy()})[0]
        return torch.from_numpy(answer.copy())  # the next batch overwrites the engine's own memory


def _settings() -> dict[str, Any]:
    return {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",  # its own choice would be bfloat16 where the processor has it
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
    }
