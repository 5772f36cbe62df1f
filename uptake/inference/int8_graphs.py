"""One network as an INT8 graph of OpenVINO, by NNCF, with more or less of it left in float."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uptake.errors import InferenceRefused
from uptake.inference.engines import openvino_engine, presence
from uptake.inference.engines.openvino_loading import nncf, openvino

_CONVOLUTIONS = ("Convolution", "ConvolutionBackpropData", "GroupConvolution", "GroupConvolutionBackpropData")


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way to quantise.

    Parameters
    ----------
    words
        What stays in float.
    kept
        Names of the operations that stay in float, of the graph's convolutions in their order.
    fast_bias_correction
        Layer by layer on its own; else each after those before it, which takes longer and is nearer.
    """

    words: str
    kept: Callable[[Sequence[Any]], list[str]]
    fast_bias_correction: bool = True


def _none(convolutions: Sequence[Any]) -> list[str]:
    return []


def _ends(convolutions: Sequence[Any]) -> list[str]:
    return [convolutions[0].get_friendly_name(), convolutions[-1].get_friendly_name()]


def _finest(convolutions: Sequence[Any]) -> list[str]:
    """The ends, and what works on the full patch: there are the most voxels and the fewest channels."""
    full = [int(side) for side in _sides(convolutions[0])]
    return [each.get_friendly_name() for each in convolutions if _sides(each) == full]


RECIPES = (
    Recipe("all convolutions", _none),
    Recipe("all convolutions but the first and the last", _ends),
    Recipe("all convolutions but the first and the last, biases corrected one after the other", _ends, False),
    Recipe("all convolutions but those on the full patch", _finest, False),
)
"""From the fastest network to the most careful."""


def require_packages() -> None:
    """Refuse where a package for quantising is not installed: InferenceRefused."""
    for present, reason in (openvino_engine.available(), presence("Quantisation", ("nncf",), "pip install nncf")):
        if not present:
            raise InferenceRefused(f"{reason.rstrip('.')}.", remedy="Or use the bundle in float32.")


def int8_graph(graph: Path, patches: Sequence[NDArray[np.float32]], recipe: Recipe) -> tuple[bytes, bytes]:
    """Quantise a network.

    Parameters
    ----------
    graph
        File of ``export.export_onnx``.
    patches
        Inputs (1, channels, z, y, x) that the ranges of values are taken from.
    recipe
        One of ``RECIPES``.

    Returns
    -------
    tuple of bytes
        Contents of OpenVINO's ``.xml`` and ``.bin``; any number of patches at once, as the ONNX file.

    References
    ----------
    NNCF's post-training quantisation, https://github.com/openvinotoolkit/nncf
    """
    tool, runtime = nncf(), openvino()
    model = runtime.Core().read_model(graph)
    convolutions = [each for each in model.get_ordered_ops() if each.get_type_name() in _CONVOLUTIONS]
    names = recipe.kept(convolutions)
    with redirect_stdout(StringIO()):  # NNCF draws bars of its own there, where a caller may be printing JSON
        quantised = tool.quantize(
            model,
            tool.Dataset(list(patches)),
            preset=tool.QuantizationPreset.MIXED,  # leaky ReLU: activations are not symmetric about 0
            subset_size=len(patches),
            fast_bias_correction=recipe.fast_bias_correction,
            ignored_scope=tool.IgnoredScope(names=names) if names else None,
        )
    with tempfile.TemporaryDirectory(prefix="uptake-int8-") as folder:
        xml = Path(folder) / "network.xml"
        runtime.save_model(quantised, xml, compress_to_fp16=False)
        return xml.read_bytes(), xml.with_suffix(".bin").read_bytes()


def _sides(convolution: Any) -> list[int]:
    """Voxels of a convolution's output along z, y, x."""
    return [int(side.get_length()) for side in list(convolution.get_output_partial_shape(0))[2:]]
