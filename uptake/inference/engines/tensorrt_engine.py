"""Networks on TensorRT: so far only whether it is here. There is no builder or runner yet, and nothing stands in."""

from __future__ import annotations

from uptake.inference.engines import presence

_INSTALL = "pip install -r requirements-gpu.txt --extra-index-url https://pypi.nvidia.com"


def available() -> tuple[bool, str]:
    """False, and one line that says what to install, or that what is installed cannot be used yet."""
    present, reason = presence("TensorRT", ("tensorrt",), _INSTALL)
    return False, "TensorRT is installed, but this version of Uptake cannot run it yet." if present else reason
