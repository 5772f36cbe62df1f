"""Networks on onnxruntime, float32 on the CPU."""

from __future__ import annotations

from pathlib import Path

import torch

from uptake.inference.engines import presence
from uptake.inference.export import INPUT, OUTPUT

_ERRORS_ONLY = 3


def available() -> tuple[bool, str]:
    """Whether the packages for the graph and for running it are here, and if not, what to install."""
    packages = ("onnxruntime", "onnx", "onnxscript")
    return presence("onnxruntime", packages, "pip install onnxruntime onnx onnxscript")


class OnnxRuntimePredictor:
    """A network on onnxruntime.

    Parameters
    ----------
    graph
        File of ``export.export_onnx``; no longer needed afterwards.
    classes
        Of the network.
    """

    def __init__(self, graph: Path, classes: int) -> None:
        import onnxruntime

        self.classes = classes
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = _ERRORS_ONLY
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def predict(self, batch: torch.Tensor) -> torch.Tensor:
        """Logits (n, classes, z, y, x), float32 on the CPU, of a batch (n, channels, z, y, x)."""
        return torch.from_numpy(self._session.run([OUTPUT], {INPUT: batch.numpy()})[0])
