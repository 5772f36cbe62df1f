"""A source's listing of exams: kept for a while, made anew by one caller while the others go on with the one before."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from apps.monai_label.exams.catalogue import Catalogue, ListedExam
from apps.monai_label.exams.exam_errors import PacsUnavailable, unknown_exam
from apps.monai_label.exams.exam_key import ExamKey, require_uid


class Listing:
    """The newest catalogue of a source; any thread may ask.

    Parameters
    ----------
    make
        Lists the source's exams; raises PacsUnavailable where it does not answer.
    fresh_s
        For how long a listing counts as fresh.
    """

    def __init__(self, make: Callable[[], Catalogue], fresh_s: float) -> None:
        self._make = make
        self._fresh_s = fresh_s
        self._lock = threading.Lock()
        self._refreshing = threading.Lock()
        self._catalogue: Catalogue | None = None
        self._made = 0.0

    def refresh(self) -> None:
        """List anew; PacsUnavailable if the source does not answer, and the last listing stays."""
        with self._refreshing:
            self._list()

    def fresh(self) -> Catalogue:
        """The listing; who comes while it is made anew, or while the source is down, gets the one before."""
        with self._lock:
            catalogue, age_s = self._catalogue, time.monotonic() - self._made
        if catalogue is not None and age_s < self._fresh_s:
            return catalogue
        if self._refreshing.acquire(blocking=catalogue is None):
            try:
                if catalogue is not None or self._catalogue is None:
                    self._list()
            except PacsUnavailable:
                if catalogue is None:
                    raise
            finally:
                self._refreshing.release()
        with self._lock:
            return self._catalogue or Catalogue(())

    def find(self, image_id: str) -> tuple[Catalogue, ListedExam]:
        """A listed exam and the listing that it is in; listed again only where it is not known.

        Raises
        ------
        UnknownExam
            If there is none.
        """
        require_uid(image_id)
        with self._lock:
            catalogue = self._catalogue
        exam = None if catalogue is None else catalogue.find(image_id)
        if catalogue is None or exam is None:
            catalogue = self.fresh()
            exam = catalogue.find(image_id)
        if exam is None:
            raise unknown_exam()
        return catalogue, exam

    def keys(self) -> tuple[ExamKey, ...]:
        """Of all exams."""
        catalogue = self.fresh()
        return tuple(catalogue.key(each) for each in catalogue)

    def earlier(self, image_id: str) -> tuple[ExamKey, ...]:
        """Of the same patient's exams before this one."""
        catalogue, exam = self.find(image_id)
        return tuple(catalogue.key(each) for each in catalogue.earlier(exam.series_uid))

    def of_study(self, study_uid: str) -> tuple[str, ...]:
        """Exams of a study, by the last listing."""
        with self._lock:
            return self._catalogue.of_study(study_uid) if self._catalogue is not None else ()

    def _list(self) -> None:
        made = self._make()
        with self._lock:
            self._catalogue, self._made = made, time.monotonic()
