"""What a choice of engine depends on besides the network: the processor, its threads, the GPU, the packages."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from uptake import __version__

_PACKAGES = ("torch", "onnx", "onnxscript", "onnxruntime", "openvino", "tensorrt")


@cache
def processor() -> str:
    """The processor's model name, as Linux tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def description() -> dict[str, str | int]:
    """All of it, for a key: equal descriptions choose alike."""
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    packages = {f"{name} version": _version(name) for name in _PACKAGES}
    return {"uptake": __version__, "cpu": processor(), "threads": torch.get_num_threads(), "gpu": gpu, **packages}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
