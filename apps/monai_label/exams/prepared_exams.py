"""Prepared exams in memory: read once however many ask, within a number of bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from uptake.exam import PreparedExam


def voxel_bytes(exam: PreparedExam) -> int:
    """What an exam's voxels take in memory."""
    return exam.suv.array.nbytes + (exam.ct.array.nbytes if exam.ct is not None else 0)


class PreparedExams:
    """The exams used last, at most ``limit_bytes`` of voxels; one exam is kept even if it is larger."""

    def __init__(self, limit_bytes: int) -> None:
        if limit_bytes < 1:
            raise ValueError("a cache needs a positive number of bytes")
        self._limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self._making: dict[str, threading.Lock] = {}
        self._exams: OrderedDict[str, PreparedExam] = OrderedDict()

    @property
    def bytes_held(self) -> int:
        """What the voxels of all exams take."""
        with self._lock:
            return sum(voxel_bytes(each) for each in self._exams.values())

    def get(self, name: str, prepare: Callable[[], PreparedExam]) -> PreparedExam:
        """The exam of that name, prepared if it is not held; several callers wait for one preparation."""
        with self._lock:
            making = self._making.setdefault(name, threading.Lock())
        with making:
            with self._lock:
                if name in self._exams:
                    self._exams.move_to_end(name)
                    return self._exams[name]
            try:
                exam = prepare()
            except BaseException:
                with self._lock:
                    self._making.pop(name, None)
                raise
            with self._lock:
                self._exams[name] = exam
                while len(self._exams) > 1 and self._bytes() > self._limit_bytes:
                    gone, _ = self._exams.popitem(last=False)
                    self._making.pop(gone, None)
            return exam

    def _bytes(self) -> int:
        return sum(voxel_bytes(each) for each in self._exams.values())
