"""Networks on OpenVINO, float32 on the CPU."""

from __future__ import annotations

from pathlib import Path

import torch

from uptake.inference.engines import presence


def available() -> tuple[bool, str]:
    """Whether the packages for the graph and for running it are here, and if not, what to install."""
    return presence("OpenVINO", ("openvino", "onnx", "onnxscript"), "pip install openvino onnx onnxscript")


class OpenVinoPredictor:
    """A network on OpenVINO.

    Parameters
    ----------
    graph
        File of ``export.export_onnx``; no longer needed afterwards.
    classes
        Of the network.
    """

    def __init__(self, graph: Path, classes: int) -> None:
        import openvino

        self.classes = classes
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32",  # its own choice would be bfloat16 where the processor has it
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        }
        core = openvino.Core()
        compiled = core.compile_model(core.read_model(graph), "CPU", settings)
        self._request = compiled.create_infer_request()

    def predict(self, batch: torch.Tensor) -> torch.Tensor:
        """Logits (n, classes, z, y, x), float32 on the CPU, of a batch (n, channels, z, y, x)."""
        answer = self._request.infer({0: batch.contiguous().numpy()})[0]
        return torch.from_numpy(answer.copy())  # the next batch overwrites the engine's own memory
