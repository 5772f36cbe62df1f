"""Files that a client parks at the server: each has an owner, an end, and a folder that nothing leaves."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from apps.monai_label.server.refusal import Refusal

ENDINGS = (".nii.gz", ".nii", ".nrrd")
_LONGEST_S = 3600
_MOST = 50
_MOST_OF_ONE = 5


@dataclass(frozen=True, slots=True)
class Session:
    """A parked file; ``ends`` in seconds since 1970."""

    session_id: str
    owner: str
    file: Path
    created: float
    ends: float

    def facts(self) -> dict[str, Any]:
        """What its owner is told: no path of the server's."""
        return {
            "name": self.session_id,
            "create_ts": int(self.created),
            "expiry": int(self.ends - self.created),
            "bytes": self.file.stat().st_size,
        }


class Sessions:
    """Sessions in a folder. They end with the server: what an earlier one left is removed at the start."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        self._folder = folder
        self._clock = clock
        self._lock = Lock()
        self._sessions: dict[str, Session] = {}

    def open(self, owner: str, upload: Path, ending: str, wanted_s: int = 0) -> Session:
        """Park a copy of a file; a Refusal with 429 where there are too many. Nothing is unpacked."""
        now = self._clock()
        with self._lock:
            self._remove_ended(now)
            mine = sum(session.owner == owner for session in self._sessions.values())
            if len(self._sessions) >= _MOST or mine >= _MOST_OF_ONE:
                raise Refusal(429, "There are too many sessions. Close one first.")
            session_id = secrets.token_hex(16)
            file = self._folder / f"{session_id}{ending}"
            lasts = min(wanted_s, _LONGEST_S) if wanted_s > 0 else _LONGEST_S
            session = Session(session_id, owner, file, now, now + lasts)
            self._sessions[session_id] = session
        shutil.copyfile(upload, file)
        return session

    def get(self, owner: str, session_id: str) -> Session:
        """A session of this owner; a Refusal with 404 for everybody else's, as for none."""
        with self._lock:
            self._remove_ended(self._clock())
            session = self._sessions.get(session_id)
        if session is None or session.owner != owner:
            raise Refusal(404, "There is no such session.")
        return session

    def close(self, owner: str, session_id: str) -> dict[str, Any]:
        """Remove a session of this owner."""
        session = self.get(owner, session_id)
        facts = session.facts()
        with self._lock:
            self._sessions.pop(session_id, None)
        session.file.unlink(missing_ok=True)
        return facts

    def _remove_ended(self, now: float) -> None:
        for session in [session for session in self._sessions.values() if session.ends <= now]:
            del self._sessions[session.session_id]
            session.file.unlink(missing_ok=True)
