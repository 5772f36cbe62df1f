"""What runs a network: torch, onnxruntime, OpenVINO, TensorRT, each a ``predictor.Predictor``.

Every engine's module has ``available() -> (can it run here, one line that says why not)`` and imports its package only
when a network is built on it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence


def presence(title: str, packages: Sequence[str], install: str) -> tuple[bool, str]:
    """Whether all packages can be imported, and if not, one line that names them and says what to install."""
    absent = [package for package in packages if importlib.util.find_spec(package) is None]
    if not absent:
        return True, ""
    return False, f"{title} cannot run here, {', '.join(absent)} not being installed: {install}"
