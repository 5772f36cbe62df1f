"""A network as an ONNX graph: float32, fixed patch, any number of patches at once."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import torch
from torch import nn

from uptake.errors import OutputFailed
from uptake.inference.tiling import Index
from uptake.whole_file import put_whole

INPUT, OUTPUT = "volume", "logits"


def export_onnx(module: nn.Module, channels: int, patch: Index, path: Path) -> Path:
    """Write a network as one ONNX file, which appears whole or not at all; the same weights give the same bytes.

    Parameters
    ----------
    module
        Float32 network in evaluation mode on the CPU: (n, channels, z, y, x) in, (n, classes, z, y, x) out.
    channels, patch
        Shape of one input; the number of inputs at once stays open.
    path
        The file; its folder must be there.

    Returns
    -------
    Path
        ``path``. The graph's input is called ``volume``, its output ``logits``.

    Raises
    ------
    ValueError
        If the network is in training mode or not float32.
    OutputFailed
        If the file cannot be written.

    References
    ----------
    torch.export through ``torch.onnx.export(dynamo=True)``.
    """
    if module.training:
        raise ValueError("the network must be in evaluation mode")
    if {parameter.dtype for parameter in module.parameters()} != {torch.float32}:
        raise ValueError("the network must be float32; an engine chooses its own precision")
    program = _traced(module, torch.zeros(2, channels, *patch))  # two: torch.export takes an axis of one for constant
    # Every node carries the stack it was traced at: folders of this machine, of no use to an engine.
    for node in program.model.graph.all_nodes():
        node.metadata_props.clear()
    try:
        with put_whole(path) as partial:
            program.save(partial, external_data=False)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputFailed(f"{path} could not be written: {reason}") from error
    return path


def _traced(module: nn.Module, example: torch.Tensor) -> torch.onnx.ONNXProgram:
    """The graph in memory, without what torch tells its own developers on the way."""
    registering = logging.getLogger("torch.onnx._internal.exporter._registration")  # "torchvision is not installed"
    level = registering.level
    registering.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            for kind in (DeprecationWarning, FutureWarning):
                warnings.simplefilter("ignore", kind)
            program = torch.onnx.export(
                module,
                (example,),
                dynamo=True,
                dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
                input_names=[INPUT],
                output_names=[OUTPUT],
                external_data=False,
                verbose=False,
            )
    finally:
        registering.setLevel(level)
    if program is None:
        raise RuntimeError("torch.onnx.export gave no graph")
    return program
