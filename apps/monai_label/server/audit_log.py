"""Who did what, when, to which exam: one JSON line each, without anything of a patient but the exam's UIDs."""

from __future__ import annotations

import json
import logging
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from apps.monai_label.server.accounts import User

_UID = re.compile(r"[0-9.]{1,64}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
_log = logging.getLogger("uptake.label")


class AuditLog:
    """Appends to ``audit-YYYY-MM-DD.jsonl`` in a folder; the files are for their owner alone."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._lock = Lock()

    def write(self, action: str, user: User | None, status: int, image: str = "", model: str = "") -> None:
        """Add a line; an ``image`` that is no UID and a ``model`` that is no plain name are left out."""
        now = datetime.now(UTC)
        line = {
            "time": now.isoformat(timespec="milliseconds"),
            "user": user.name if user else None,
            "role": user.role.name if user else None,
            "action": action,
            "status": status,
        }
        if _UID.fullmatch(image):
            line["image"] = image
        if _NAME.fullmatch(model):
            line["model"] = model
        data = (json.dumps(line) + "\n").encode()
        path = self._folder / f"audit-{now:%Y-%m-%d}.jsonl"
        try:
            with self._lock:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
                try:
                    os.write(descriptor, data)
                finally:
                    os.close(descriptor)
        except OSError as error:
            _log.error("the audit log cannot be written: %s", error.strerror)
