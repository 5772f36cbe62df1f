"""One network as an INT8 graph of OpenVINO, by NNCF, with more or fewer of its convolutions left as they are."""

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

_TRANSPOSED = ("ConvolutionBackpropData", "GroupConvolutionBackpropData")
_CONVOLUTIONS = ("Convolution", "GroupConvolution", *_TRANSPOSED)
_NOT_OPERATIONS = ("Parameter", "Constant", "Result")
_WIDE = 16
_HALVED_TWICE = 4**3


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way to quantise. Whatever is no convolution is left as it is: norms and sums lose digits and win no time.

    Parameters
    ----------
    words
        What is quantised.
    kept
        Names of those that are left as they are, of the graph's convolutions in their order.
    """

    words: str
    kept: Callable[[Sequence[Any]], list[str]]


def _none(convolutions: Sequence[Any]) -> list[str]:
    return []


def _ends(convolutions: Sequence[Any]) -> list[str]:
    return [convolutions[0].get_friendly_name(), convolutions[-1].get_friendly_name()]


def _narrow(convolutions: Sequence[Any]) -> list[str]:
    """The ends, and what reads few channels or is transposed: little work, and each rounded input counts for more."""
    kept = [
        each.get_friendly_name()
        for each in convolutions
        if each.get_type_name() in _TRANSPOSED or _channels_in(each) < _WIDE
    ]
    return [*dict.fromkeys((*_ends(convolutions), *kept))]


def _narrow_and_fine(convolutions: Sequence[Any]) -> list[str]:
    """Also what works on more voxels than a patch halved twice: the widest ranges are there, and lesions' edges."""
    most = max(map(_voxels, convolutions)) / _HALVED_TWICE
    kept = [each.get_friendly_name() for each in convolutions if _voxels(each) > most]
    return [*dict.fromkeys((*_narrow(convolutions), *kept))]


RECIPES = (
    Recipe("all convolutions", _none),
    Recipe("all convolutions but the first and the last", _ends),
    Recipe(f"the convolutions that read {_WIDE} channels or more", _narrow),
    Recipe(f"the convolutions that read {_WIDE} channels or more, but the finest", _narrow_and_fine),
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
    operations = model.get_ordered_ops()
    names = recipe.kept([each for each in operations if each.get_type_name() in _CONVOLUTIONS])
    types = {each.get_type_name() for each in operations} - {*_CONVOLUTIONS, *_NOT_OPERATIONS}
    with redirect_stdout(StringIO()):  # NNCF draws bars of its own there, where a caller may be printing JSON
        quantised = tool.quantize(
            model,
            tool.Dataset(list(patches)),
            preset=tool.QuantizationPreset.MIXED,  # leaky ReLU: activations are not symmetric about 0
            subset_size=len(patches),
            ignored_scope=tool.IgnoredScope(names=names, types=sorted(types)),
        )
    with tempfile.TemporaryDirectory(prefix="uptake-int8-") as folder:
        xml = Path(folder) / "network.xml"
        runtime.save_model(quantised, xml, compress_to_fp16=False)
        return xml.read_bytes(), xml.with_suffix(".bin").read_bytes()


def _channels_in(convolution: Any) -> int:
    return int(convolution.get_input_partial_shape(0)[1].get_length())


def _voxels(convolution: Any) -> int:
    """Of its output."""
    return int(np.prod([side.get_length() for side in list(convolution.get_output_partial_shape(0))[2:]]))
