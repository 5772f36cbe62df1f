"""Instance norms that keep their digits over large volumes.

OpenVINO 2026.4 sums a whole channel in float32 one after the other: over half a million voxels, logits then are off by
1e-3. Here each row is summed by itself first, which is as exact as torch for a few per cent of time.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from uptake.inference.engines.openvino_loading import openvino

_LEAST_VOXELS = 30_000


def replace_inexact_norms(model: Any) -> None:
    """Replace every instance norm over ``_LEAST_VOXELS`` or more, in place; the model's sides must be known."""
    for node in model.get_ordered_ops():
        if node.get_type_name() != "MVN" or len(node.get_output_partial_shape(0)) != 5:
            continue
        sides = [side.get_length() for side in list(node.get_output_partial_shape(0))[2:]]
        if int(np.prod(sides)) < _LEAST_VOXELS or node.get_attributes()["eps_mode"].lower() != "inside_sqrt":
            continue
        norm = _norm_by_rows(node.input_value(0), sides[2], float(node.get_attributes()["eps"]))
        for target in list(node.output(0).get_target_inputs()):
            target.replace_source_output(norm.output(0))
    model.validate_nodes_and_infer_types()


def _norm_by_rows(value: Any, width: int, eps: float) -> Any:
    """(value - mean) / sqrt(variance + eps) over z, y, x. Written so that OpenVINO does not join it into one norm."""
    ops = openvino().opset13
    of_row = np.float32(1.0 / width)
    mean = ops.multiply(ops.reduce_mean(ops.reduce_sum(value, [4], True), [2, 3], True), of_row)
    centred = ops.subtract(value, mean)
    length = ops.reduce_l2(centred, [4], True)
    variance = ops.multiply(ops.reduce_mean(ops.multiply(length, length), [2, 3], True), of_row)
    return ops.multiply(centred, ops.power(ops.add(variance, np.float32(eps)), np.float32(-0.5)))
