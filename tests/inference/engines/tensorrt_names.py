"""Writes ``tensorrt_names.json``: what TensorRT's Python bindings have, read where TensorRT cannot run.

The bindings are a wheel of their own on PyPI, without NVIDIA's libraries::

    pip download --no-deps --only-binary=:all: tensorrt-cu13-bindings==11.4.0.106
    python tests/inference/engines/tensorrt_names.py tensorrt_cu13_bindings-11.4.0.106-cp311-*.whl

The binary module tells its names only when Python loads it, and it needs three libraries for that. They are replaced by
empty ones with the same symbols (a C compiler makes them), which is enough for names and signatures and for nothing
else: no call is made. Every name is then looked for in the module's bytes as well.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

RECORD = Path(__file__).with_name("tensorrt_names.json")
CLASSES = (
    "Builder",
    "IBuilderConfig",
    "INetworkDefinition",
    "IOptimizationProfile",
    "OnnxParser",
    "ParserError",
    "IHostMemory",
    "Runtime",
    "ICudaEngine",
    "IExecutionContext",
    "ILogger",
    "BuilderFlag",
    "ExecutionContextAllocationStrategy",
)
MODULE, LIBRARIES = "tensorrt_bindings/tensorrt.so", ("libnvinfer", "libnvinfer_plugin", "libnvonnxparser")

READER = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("tensorrt_bindings.tensorrt", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
def told(kind):
    names = {name: getattr(kind, name) for name in dir(kind) if not name.startswith("_") or name == "__init__"}
    return {name: (getattr(each, "__doc__", None) or "") if callable(each) else None for name, each in names.items()}
print(json.dumps({"module": sorted(name for name in dir(module) if not name.startswith("_")),
                  "classes": {name: told(getattr(module, name)) for name in sys.argv[2].split()}}))
"""


def stand_ins(module, folder):
    """Empty libraries with the symbols that the module wants and Python does not have."""
    listed = subprocess.run(["nm", "-D", "--undefined-only", module], check=True, capture_output=True, text=True).stdout
    wanted = [line.split()[-1] for line in listed.splitlines() if line.split()[0] == "U" and "@" not in line]
    names = [name for name in wanted if not re.match(r"_?Py|dl|pthread|_", name)]
    source = folder / "empty.c"
    source.write_text("".join(f"void *{name}(void) {{ return 0; }}\n" for name in names), encoding="utf-8")
    for library in LIBRARIES:
        target = f"{library}.so.11"
        build = ["cc", "-shared", "-fPIC", "-o", folder / target, source, f"-Wl,-soname,{target}"]
        subprocess.run(build, check=True)


def overloads(text, name):
    """What a function takes and gives, each way it can be called, as pybind11's docstring has it."""
    found = re.findall(rf"^(?:\d+\. )?{re.escape(name)}\((.*)\) -> (.*)$", text, flags=re.MULTILINE)
    plain = [f"({taken}) -> {given}" for taken, given in found if not taken.startswith("*args")]
    return [re.sub(r"tensorrt_bindings\.tensorrt\.|nvonnxparser::I|typing(_extensions)?\.", "", each) for each in plain]


def names_of(wheel):
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with zipfile.ZipFile(wheel) as packed:
            module = Path(packed.extract(MODULE, folder))
        stand_ins(module, folder)
        environment = {**os.environ, "LD_LIBRARY_PATH": str(folder)}
        command = [sys.executable, "-c", READER, str(module), " ".join(CLASSES)]
        run = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        content = module.read_bytes()
    found = json.loads(run.stdout)
    classes = {}
    for kind, members in found["classes"].items():
        for name in members:
            if f"{name}\0".encode() not in content:
                raise SystemExit(f"{kind}.{name} is not in the module's bytes")
        classes[kind] = {
            name: None if text is None else (overloads(text, name) or None) for name, text in members.items()
        }
    return {
        "wheel": wheel.name,
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "version": wheel.name.split("-")[1],
        "module": found["module"],
        "classes": classes,
    }


if __name__ == "__main__":
    RECORD.write_text(json.dumps(names_of(Path(sys.argv[1])), indent=1) + "\n", encoding="utf-8")
