"""Segmentations as the source gives them back: fetched once, and believed only while they are what was submitted."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.monai_label.exams.exam_source import ExamSource, SegmentationPlace
from apps.monai_label.exams.file_cache import FileCache
from apps.monai_label.labels.ledger import Ledger, LedgerEntry
from apps.monai_label.labels.mask_prints import same_label, segment_prints
from apps.monai_label.labels.outbox import Outbox
from uptake.dicom.annotations.segmentation_reader import SegmentationObject, read_segmentation

_LOG = logging.getLogger(__name__)


class StoredSegmentations:
    """Segmentations of a source, by way of a bounded cache; those still on their way there come from the outbox."""

    def __init__(self, source: ExamSource, ledger: Ledger, outbox: Outbox, cache: FileCache) -> None:
        self._source = source
        self._ledger = ledger
        self._outbox = outbox
        self._cache = cache

    def label(self, entry: LedgerEntry) -> SegmentationObject | None:
        """A label as it was submitted; None, and no truth any more, where the source gives back something else.

        Raises
        ------
        PacsUnavailable
            If it must be fetched and the source does not answer.
        """
        try:
            with self._file(entry) as path:
                found = read_segmentation(path)
            if same_label(segment_prints(found), entry.prints):
                return found
        except FileNotFoundError:
            pass
        sop = entry.version.sop_instance_uid
        _LOG.error("label %s is gone from the PACS, or is not what was submitted: it is no truth any more", sop)
        self._ledger.mark("spoiled", sop)
        self._cache.drop(sop)
        return None

    @contextmanager
    def fetched(self, where: SegmentationPlace) -> Iterator[Path]:
        """The file of any segmentation, from the cache or the source, which stays while the block lasts.

        Raises
        ------
        FileNotFoundError
            If the source has no such object.
        PacsUnavailable
            If it does not answer.
        """
        sop = where.sop_instance_uid

        def load(folder: Path) -> None:
            try:
                self._source.fetch(where, folder)
            except FileNotFoundError as error:
                # Not an OSError any more, which would mean this machine's disk to the cache.
                raise _Gone from error

        try:
            with self._cache.held(sop, load) as folder:
                yield folder / f"{sop}.dcm"
        except _Gone as error:
            raise FileNotFoundError(sop) from error

    @contextmanager
    def _file(self, entry: LedgerEntry) -> Iterator[Path]:
        kept = self._outbox.path(entry)
        if entry.state == "pending" and kept.is_file():
            yield kept
            return
        with self.fetched(entry.place) as path:
            yield path


class _Gone(Exception):
    """The source has no such object."""
