"""Labels on their way to the PACS: safe on this machine's disk until it has them."""

from __future__ import annotations

import logging
import os
import threading
import time
from pathlib import Path

from apps.monai_label.exams.exam_errors import PacsUnavailable
from apps.monai_label.exams.exam_source import ExamSource, StoreRefused
from apps.monai_label.labels.ledger import Ledger, LedgerEntry, flush_folder
from uptake.errors import OutputFailed
from uptake.whole_file import put_whole

_LOG = logging.getLogger(__name__)
_ABANDONED_S = 3600.0


class Outbox:
    """A folder of segmentations, one file for each ledger entry that the source does not have.

    The order keeps every moment safe: the file is flushed to the disk, then the ledger says ``intent``, then the
    source stores it, then the ledger says ``stored``, then the file goes. A process that is killed leaves the old
    label, or the new one pending.
    """

    def __init__(self, source: ExamSource, ledger: Ledger, folder: Path) -> None:
        self._source = source
        self._ledger = ledger
        self._folder = folder
        self._sending = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        self._sweep()

    def path(self, entry: LedgerEntry) -> Path:
        """Where an entry's file is kept."""
        return self._folder / f"{entry.version.sop_instance_uid}.dcm"

    def keep(self, entry: LedgerEntry, content: bytes) -> None:
        """Write an entry's file; raises OutputFailed, and then nothing was kept."""
        try:
            with put_whole(self.path(entry)) as partial, partial.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            flush_folder(self._folder)
        except OSError as error:
            raise OutputFailed(f"The label could not be kept on the server's disk ({error.strerror}).") from error

    def send(self, entry: LedgerEntry) -> bool:
        """Have the source store an entry that is pending; whether the source answered."""
        with self._sending:
            sop = entry.version.sop_instance_uid
            now = self._ledger.find(sop)
            if now is None or now.state != "pending":
                return True
            try:
                self._source.store(self.path(entry), entry.place)
            except PacsUnavailable:
                _LOG.warning("label %s waits until the PACS answers", sop)
                return False
            except StoreRefused as error:
                _LOG.error("the PACS will not store label %s: %s", sop, error)
                self._ledger.mark("refused", sop)
                return True
            self._ledger.mark("stored", sop)
            self.path(entry).unlink(missing_ok=True)
            return True

    def send_all(self) -> None:
        """Send what is pending, the oldest first, until the source stops answering."""
        for entry in self._ledger.entries():
            if entry.state == "pending" and not self.send(entry):
                return

    def _sweep(self) -> None:
        """Remove files of processes that were killed before the ledger knew of them."""
        wanted = {self.path(each) for each in self._ledger.entries() if each.state in ("pending", "refused")}
        for path in self._folder.iterdir():
            if path not in wanted and time.time() - path.stat().st_mtime > _ABANDONED_S:
                path.unlink(missing_ok=True)
