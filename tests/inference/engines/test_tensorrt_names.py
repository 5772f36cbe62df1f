"""Every TensorRT call of ours against what the bindings have (``tensorrt_names.py`` says how that was read)."""

import ast
import json
import re
from pathlib import Path

import pytest

from uptake.inference.engines import tensorrt_building, tensorrt_engine

NAMES = json.loads(Path(__file__).with_name("tensorrt_names.json").read_text(encoding="utf-8"))
CLASSES = NAMES["classes"]
KEPT = {"context": "IExecutionContext", "engine": "ICudaEngine", "runtime": "Runtime"}
"""Fields of ours that hold TensorRT's objects."""
BUILDING, RUNNING = (
    Path(module.__file__).read_text(encoding="utf-8") for module in (tensorrt_building, tensorrt_engine)
)


class Calls(ast.NodeVisitor):
    """Follows TensorRT's objects through a source by what the bindings say a call gives; collects what they lack."""

    def __init__(self):
        self.kinds, self.used, self.wrong = {}, set(), []

    def kind(self, node):
        """ "trt", "class X", "X" of an instance, "X.f" of a function; "" of anything else."""
        if isinstance(node, ast.Name):
            return "trt" if node.id == "trt" else self.kinds.get(node.id, "")
        if isinstance(node, ast.Call):
            return self.given(self.kind(node.func))
        if not isinstance(node, ast.Attribute):
            return ""
        owner = self.kind(node.value)
        if owner == "trt":
            return f"class {node.attr}" if node.attr in CLASSES else "trt." + node.attr
        if owner.removeprefix("class ") in CLASSES:
            return f"{owner.removeprefix('class ')}.{node.attr}"
        return "" if owner else KEPT.get(node.attr, "")

    def given(self, called):
        if called.startswith("class "):
            return called.removeprefix("class ")
        kind, _, name = called.partition(".")
        ways = CLASSES.get(kind, {}).get(name) or []
        given = {way.rpartition(" -> ")[2] for way in ways}
        return given.pop() if len(given) == 1 and given & set(CLASSES) else ""

    def visit_Attribute(self, node):
        self.generic_visit(node)
        owner = self.kind(node.value)
        known = NAMES["module"] + ["__version__"] if owner == "trt" else CLASSES.get(owner.removeprefix("class "))
        if known is not None:
            self.used.add(f"{owner.removeprefix('class ')}.{node.attr}")
            if node.attr not in known:
                self.wrong.append(f"{owner}.{node.attr}")

    def visit_Call(self, node):
        self.generic_visit(node)
        called = self.kind(node.func)
        name = f"{called.removeprefix('class ')}.__init__" if called.startswith("class ") else called
        kind, _, function = name.partition(".")
        if kind not in CLASSES or function not in CLASSES[kind]:
            return
        # An unbound call, as of the base class's __init__, brings its self.
        bound = called.startswith("class ") or not self.kind(node.func.value).startswith("class ")
        ways = CLASSES[kind][function] or []
        if not any(fits(way, len(node.args) + bound, {each.arg for each in node.keywords}) for way in ways):
            self.wrong.append(f"{name} called with {ast.unparse(node)}")

    def visit_Assign(self, node):
        self.generic_visit(node)
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.kinds[target.id] = self.kind(node.value)

    def visit_ClassDef(self, node):
        self.generic_visit(node)
        for base in node.bases:
            kind = self.kind(base).removeprefix("class ")
            for each in node.body if kind in CLASSES else ():
                ways = CLASSES[kind].get(each.name) or []
                if not any(fits(way, len(each.args.args), set()) for way in ways):
                    self.wrong.append(f"{kind}.{each.name} overridden with {ast.unparse(each.args)}")


def fits(way, count, keywords):
    """Whether so many arguments in order and these by name are what one way to call a function takes."""
    taken = re.findall(r"(\w+): ((?:<[^>]*>|[^,<])+)", way[1:].rpartition(") -> ")[0])
    names = [name for name, _ in taken]
    needed = {name for name, kind in taken[count:] if " = " not in kind}
    return count <= len(names) and needed <= keywords <= set(names[count:])


def calls(source):
    found = Calls()
    found.visit(ast.parse(source))
    return found


def test_every_name_and_argument_is_in_the_bindings():
    building, running = calls(BUILDING), calls(RUNNING)
    assert building.wrong == running.wrong == []
    assert {
        "trt.Builder",
        "Builder.create_network",
        "Builder.build_serialized_network",
        "OnnxParser.parse",
        "OnnxParser.get_error",
        "ParserError.desc",
        "IBuilderConfig.clear_flag",
        "BuilderFlag.TF32",
        "IOptimizationProfile.set_shape",
        "Runtime.deserialize_cuda_engine",
        "ICudaEngine.create_execution_context",
        "ExecutionContextAllocationStrategy.USER_MANAGED",
        "ILogger.ERROR",
    } <= building.used
    assert {
        "IExecutionContext.set_input_shape",
        "IExecutionContext.update_device_memory_size_for_shapes",
        "IExecutionContext.set_device_memory",
        "IExecutionContext.set_tensor_address",
        "IExecutionContext.execute_async_v3",
    } <= running.used


def test_no_other_module_calls_tensorrt():
    engines = Path(tensorrt_engine.__file__).parents[2]
    callers = {path.name for path in engines.rglob("*.py") if "import tensorrt\n" in path.read_text(encoding="utf-8")}
    callers |= {path.name for path in engines.rglob("*.py") if "import tensorrt as" in path.read_text(encoding="utf-8")}
    assert callers == {"tensorrt_building.py"}


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("builder.create_network()", "builder.create_network(1 << 0, 2)", "create_network"),
        ("trt.BuilderFlag.TF32", "trt.BuilderFlag.FP16", "BuilderFlag.FP16"),
        ("parser.num_errors", "parser.errors", "OnnxParser.errors"),
        ("opt=most", "optimum=most", "set_shape"),
        ("builder.build_serialized_network(network, config)", "builder.build_engine(network, config)", "build_engine"),
        ("trt.Runtime(logger)", "trt.Runtime()", "Runtime.__init__"),
        ("def log(self, severity: Any, msg: str)", "def log(self, severity: Any)", "ILogger.log overridden"),
        ("trt.OnnxParser(network", "trt.OnnxReader(network", "trt.OnnxReader"),
    ],
)
def test_a_call_that_tensorrt_11_lacks_is_found(right, wrong, told):
    assert right in BUILDING
    found = calls(BUILDING.replace(right, wrong)).wrong
    assert any(told in each for each in found), found


def test_the_names_say_where_they_come_from():
    assert NAMES["wheel"].startswith(f"tensorrt_cu13_bindings-{NAMES['version']}-")
    assert NAMES["version"].startswith(f"{tensorrt_engine.OLDEST}.")
    assert re.fullmatch(r"[0-9a-f]{64}", NAMES["sha256"])
