"""A float32 ONNX graph with its precision lowered: TensorRT 11 computes in the types that the graph says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto

PRECISIONS = ("float32", "float16", "bfloat16")
_LOWERED = {"Conv", "ConvTranspose", "MatMul", "Gemm"}
_FOLLOWING = {"LeakyRelu", "Relu", "Concat"}
"""They round nothing that would not be rounded at the next convolution, and in half the bytes."""
_BFLOAT16_OPSET = 22
"""The first in which convolutions take bfloat16."""


def lowered(content: bytes, precision: str) -> bytes:
    """An ONNX file's contents with convolutions and matrix products in another precision.

    Normalisations, sums, softmax and the node that gives the logits stay float32, as do the graph's input and output;
    their shapes and names stay.

    Parameters
    ----------
    content
        Of a float32 file of ``export.export_onnx``.
    precision
        One of ``PRECISIONS``; with "float32" the contents come back as they are.

    Raises
    ------
    ValueError
        If there is no such precision, or what comes out is no valid graph.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"there is no precision {precision!r}, but {', '.join(PRECISIONS)}")
    if precision == "float32":
        return content
    import onnx
    from onnx import version_converter

    model = onnx.load_model_from_string(content)
    kind = onnx.TensorProto.FLOAT16 if precision == "float16" else onnx.TensorProto.BFLOAT16
    if precision == "bfloat16":
        model = version_converter.convert_version(model, _BFLOAT16_OPSET)
    _Lowering(model.graph, _types(model), kind).run()
    result: bytes = _checked(model).SerializeToString()
    return result


def _checked(model: ModelProto) -> ModelProto:
    """The model, when its types fit together."""
    import onnx

    try:
        inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
        onnx.checker.check_model(inferred)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ValueError(f"the lowered graph is not valid: {error}") from error
    return model


def _types(model: ModelProto) -> dict[str, int]:
    """The element type of every tensor, shapes and indices included."""
    import onnx

    graph = onnx.shape_inference.infer_shapes(model).graph
    told = [*graph.input, *graph.value_info, *graph.output]
    types = {each.name: each.type.tensor_type.elem_type for each in told}
    return types | {each.name: each.data_type for each in graph.initializer}


class _Lowering:
    """Walks a graph once, in its order, and casts tensors where their type is not the one wanted."""

    def __init__(self, graph: GraphProto, types: dict[str, int], kind: int) -> None:
        self._graph = graph
        self._types = types
        self._kind = kind
        self._constants = {each.name: each for each in graph.initializer}
        self._half: set[str] = set()  # tensors that exist in the lower precision, under their own name
        self._casts: dict[tuple[str, int], str] = {}
        self._nodes: list[NodeProto] = []
        self._added: list[TensorProto] = []
        del graph.value_info[:]  # float32 throughout, and no longer true

    def run(self) -> None:
        """Change the graph."""
        from onnx import TensorProto

        outputs = {each.name for each in self._graph.output}
        for node in self._graph.node:
            lower = self._computes(node) and not outputs & set(node.output)
            wanted = self._kind if lower else TensorProto.FLOAT
            inputs = [self._as(name, wanted) for name in node.input]
            del node.input[:]
            node.input.extend(inputs)
            self._nodes.append(node)
            if lower:
                self._half.update(node.output)
        del self._graph.node[:]
        self._graph.node.extend(self._nodes)
        self._graph.initializer.extend(self._added)
        self._drop_unused()

    def _computes(self, node: NodeProto) -> bool:
        """Whether a node is of those that are lowered, and on numbers, not on shapes."""
        return node.op_type in _LOWERED | _FOLLOWING and self._is_float(node.input[0])

    def _as(self, name: str, kind: int) -> str:
        """The name of a tensor in a type; a cast is added where there is none yet."""
        from onnx import TensorProto, helper

        has = self._kind if name in self._half else TensorProto.FLOAT
        if kind == has or not self._is_float(name):
            return name
        if (name, kind) not in self._casts:
            cast = f"{name}.{TensorProto.DataType.Name(kind).lower()}"
            if name in self._constants:
                self._added.append(_constant(self._constants[name], cast, kind))
            else:
                self._nodes.append(helper.make_node("Cast", [name], [cast], name=f"cast_{cast}", to=kind))
            self._casts[name, kind] = cast
        return self._casts[name, kind]

    def _is_float(self, name: str) -> bool:
        """Whether it was float32 before."""
        from onnx import TensorProto

        return self._types.get(name) == TensorProto.FLOAT

    def _drop_unused(self) -> None:
        """Forget float32 weights that only lowered nodes used."""
        used = {name for node in self._graph.node for name in node.input}
        kept: Iterable[TensorProto] = [each for each in self._graph.initializer if each.name in used]
        del self._graph.initializer[:]
        self._graph.initializer.extend(kept)


def _constant(tensor: TensorProto, name: str, kind: int) -> TensorProto:
    """A float32 constant rounded to another type."""
    from onnx import helper, numpy_helper

    values = numpy_helper.to_array(tensor)
    return numpy_helper.from_array(values.astype(helper.tensor_dtype_to_np_dtype(kind)), name)
