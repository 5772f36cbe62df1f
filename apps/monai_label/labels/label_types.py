"""What is known of a label: where it comes from, and which version of an exam's truth it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from apps.monai_label.exams.exam_key import require_uid

_SHA256 = re.compile(r"[0-9a-f]{64}")
_TAG = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


class LabelOrigin(StrEnum):
    """Who made a label. Only the first two are truth."""

    submitted = "submitted"
    listed_author = "listed_author"
    machine = "machine"
    unknown = "unknown"

    @property
    def is_truth(self) -> bool:
        """Whether a label of this origin may teach a model."""
        return self in (LabelOrigin.submitted, LabelOrigin.listed_author)


def require_tag(tag: str) -> str:
    """Give a label's tag back where it is a plain word, such as ``final``.

    Raises
    ------
    ValueError
        If it has other characters than a to z, 0 to 9, ``-`` and ``_``, or more than 32 of them.
    """
    if not isinstance(tag, str) or not _TAG.fullmatch(tag):
        raise ValueError("a label's tag has 1 to 32 of a to z, 0 to 9, - and _")
    return tag


@dataclass(frozen=True, slots=True, eq=False)
class LabelVersion:
    """One saved label.

    Parameters
    ----------
    sop_instance_uid
        The SEG that holds it.
    image_id
        Its exam: the PET's Series Instance UID.
    author
        The account that submitted it, or the SEG's Content Creator's Name where that is a listed one.
    sha256
        Of the SEG's bytes as they were sent.
    number
        Counts the versions of one exam's truth, from 1; 0 for what is no truth.
    created
        Seconds since 1970, UTC.
    """

    sop_instance_uid: str
    image_id: str
    tag: str
    origin: LabelOrigin
    author: str
    sha256: str
    number: int
    created: float

    def __post_init__(self) -> None:
        require_uid(self.sop_instance_uid)
        require_uid(self.image_id)
        require_tag(self.tag)
        if self.sha256 and not _SHA256.fullmatch(self.sha256):
            raise ValueError("a label's sha256 has 64 hexadecimal digits")
        if self.number < 0 or (self.number > 0) != self.origin.is_truth:
            raise ValueError("only truth is numbered, from 1")
