"""The one place where OpenVINO and NNCF are imported, so that neither reports to anyone that it was."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType


def openvino() -> ModuleType:
    """Import OpenVINO without its telemetry."""
    _keep_silent()
    return importlib.import_module("openvino")


def nncf() -> ModuleType:
    """Import NNCF, on OpenVINO, without its telemetry; of its log, errors alone are shown."""
    _keep_silent()
    module = importlib.import_module("nncf")
    module.set_log_level(40)
    return module


def _keep_silent() -> None:
    """Make ``openvino_telemetry`` an absent package.

    Both import it where it is there, and then send an event to Google Analytics at import and at each quantisation,
    unless the user's home says no; both take its absence for a no. Its documented way out, ``opt_in_out --opt_out``,
    writes to the user's home, and reports that as well.
    """
    # None in sys.modules is how an import is made to fail (Python reference, 5.3.1).
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
