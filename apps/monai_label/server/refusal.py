"""What a client is told when a request is not answered: a status, and a text without anything of the request."""

from __future__ import annotations

from collections.abc import Mapping

from apps.monai_label.exams.exam_errors import PacsUnavailable, UnknownExam
from apps.monai_label.labels.label_errors import ConflictRefused
from apps.monai_label.trainers.training_errors import TrainingBusy
from uptake.errors import BundleRefused, InferenceRefused, InputRefused, UptakeError


class Refusal(Exception):
    """A request that is not answered.

    Parameters
    ----------
    status
        HTTP status.
    reason
        For the client; nothing that came with the request is repeated in it.
    headers
        Further headers of the answer.
    """

    def __init__(self, status: int, reason: str, headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.reason = reason
        self.headers = dict(headers or {})
        super().__init__(reason)


class QueueFull(UptakeError):
    """Too many requests wait already."""


_STATUS: tuple[tuple[type[UptakeError], int, Mapping[str, str]], ...] = (
    (UnknownExam, 404, {}),
    (ConflictRefused, 409, {}),
    (TrainingBusy, 429, {"Retry-After": "60"}),
    (QueueFull, 429, {"Retry-After": "5"}),
    (PacsUnavailable, 503, {"Retry-After": "10"}),
    (BundleRefused, 503, {}),
    (InferenceRefused, 422, {}),
    (InputRefused, 400, {}),
)


def refusal_of(error: UptakeError) -> Refusal:
    """The HTTP answer to one of our errors; what is not the client's fault is a 500."""
    for kind, status, headers in _STATUS:
        if isinstance(error, kind):
            return Refusal(status, str(error), headers)
    return Refusal(500, str(error))
