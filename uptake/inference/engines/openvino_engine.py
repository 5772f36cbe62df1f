"""Networks on OpenVINO on the CPU, in float32 or as a bundle's quantised graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from uptake.inference.engines import presence
from uptake.inference.engines.openvino_loading import openvino
from uptake.inference.engines.openvino_norms import replace_inexact_norms

# Each works on a tile of its own with its share of the threads: they wait less for each other than on one tile.
_MOST_STREAMS = 4


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
        self.at_once = min(torch.get_num_threads(), _MOST_STREAMS)
        core = openvino().Core()
        model = _for_one_tile(core.read_model(graph) if isinstance(graph, Path) else core.read_model(*graph))
        if isinstance(graph, Path):
            replace_inexact_norms(model)
        precision = "f32" if isinstance(graph, Path) else _beside_int8(core)
        compiled = core.compile_model(model, "CPU", _settings(self.at_once, precision))
        self._queue = openvino().AsyncInferQueue(compiled, self.at_once)
        self._queue.set_callback(self._keep)
        self._answers: dict[int, NDArray[np.float32]] = {}

    def predict(self, batch: torch.Tensor) -> torch.Tensor:
        """Logits (n, classes, z, y, x), float32 on the CPU, of a batch (n, channels, z, y, x)."""
        tiles = batch.contiguous().numpy()
        self._answers.clear()
        for number in range(len(tiles)):
            self._queue.start_async({0: tiles[number : number + 1]}, number)
        self._queue.wait_all()
        answers = [self._answers.pop(number) for number in range(len(tiles))]
        return torch.from_numpy(answers[0] if len(answers) == 1 else np.concatenate(answers))

    def _keep(self, request: Any, number: int) -> None:
        """Copy an answer: the next tile overwrites the engine's own memory."""
        self._answers[number] = request.get_output_tensor(0).data.copy()


def _for_one_tile(model: Any) -> Any:
    """The model for one tile at a time: what is known of shapes beforehand makes it faster."""
    shape = model.input(0).get_partial_shape()
    shape[0] = 1
    model.reshape(shape)
    return model


def _beside_int8(core: Any) -> str:
    """What a quantised graph's other operations are computed in: bfloat16 loses far less than INT8 has lost already."""
    return "bf16" if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"


def _settings(streams: int, precision: str) -> dict[str, Any]:
    return {
        "PERFORMANCE_HINT": "LATENCY" if streams == 1 else "THROUGHPUT",
        "NUM_STREAMS": streams,
        "INFERENCE_PRECISION_HINT": precision,  # its own choice would be bfloat16 wherever the processor has it
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
    }
