"""What a series' header says of the body part that was examined."""

from __future__ import annotations

import re

from uptake.dicom.exams.first_header import read_first_header
from uptake.dicom.files.folder_scan import quiet_pydicom
from uptake.exam import ImageSeries

_DESCRIPTIONS = ("StudyDescription", "ProtocolName", "SeriesDescription")
_BODY_PARTS = frozenset({"HEADNECK", "HEAD AND NECK", "HEAD_NECK", "NECK"})
_WORDS = re.compile(r"head\W{0,3}(and|und|n|et)?\W{0,3}neck|\bh\s?[&+]\s?n\b|\bneck\b|\bhals\b|kopf\W{0,3}hals", re.I)
_WHOLE_BODY = re.compile(r"whole.?body|ganzk|corps entier|\bwb\b|thigh|eyes to", re.I)


def head_neck_hint(series: ImageSeries) -> str:
    """The keyword of the attribute that names a head-and-neck exam, or nothing.

    A description that names the whole body too is no hint. Header text itself is not handed on.

    Raises
    ------
    UnreadableFile
        If the header cannot be read again.

    References
    ----------
    DICOM PS3.3 C.7.3.1 (Body Part Examined), PS3.16 annex L (its terms).
    """
    with quiet_pydicom():
        header = read_first_header(series, ("BodyPartExamined", *_DESCRIPTIONS))
        part = str(header.get("BodyPartExamined") or "").strip().upper()
        texts = {keyword: str(header.get(keyword) or "") for keyword in _DESCRIPTIONS}
    if part in _BODY_PARTS:
        return "BodyPartExamined"
    if any(_WHOLE_BODY.search(text) for text in texts.values()):
        return ""
    return next((keyword for keyword, text in texts.items() if _WORDS.search(text)), "")
