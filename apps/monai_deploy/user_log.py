"""The log of the application: our own messages, and no patient data."""

from __future__ import annotations

import logging
import os


def open_user_log() -> logging.Logger:
    """Let only ``uptake``'s records reach standard error, and return its logger.

    pydicom's warnings quote header values and Holoscan prints the text of any exception, so neither is shown. Where
    HOLOSCAN_LOG_LEVEL is set, that choice stands.
    """
    os.environ.setdefault("HOLOSCAN_LOG_LEVEL", "OFF")
    logging.captureWarnings(True)
    logging.getLogger().handlers = [logging.NullHandler()]
    log = logging.getLogger("uptake")
    log.setLevel(logging.INFO)
    if not log.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
        log.addHandler(handler)
    return log
