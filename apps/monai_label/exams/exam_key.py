"""What an exam is called: its PET's Series Instance UID, with the UIDs that belong to it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from uptake.errors import InputRefused

_UID = re.compile(r"[0-9.]{1,64}")


def require_uid(text: str) -> str:
    """Give ``text`` back where it is a DICOM UID (PS3.5 section 9.1): digits and single dots, at most 64 characters.

    Raises
    ------
    InputRefused
        If it is anything else. The text itself is not repeated.
    """
    if not isinstance(text, str) or not _UID.fullmatch(text) or not all(text.split(".")):
        raise InputRefused(
            "An identifier is no DICOM UID.", remedy="Give the Series Instance UID of a listed exam's PET."
        )
    return text


@dataclass(frozen=True, slots=True)
class ExamKey:
    """One exam of a source; ``pet_series_uid`` is MONAI Label's image id. CT and prior as far as they are known."""

    pet_series_uid: str
    study_uid: str
    ct_series_uid: str | None
    frame_of_reference_uid: str
    prior_pet_series_uid: str | None

    def __post_init__(self) -> None:
        require_uid(self.pet_series_uid)
        require_uid(self.study_uid)
        for uid in (self.ct_series_uid, self.frame_of_reference_uid or None, self.prior_pet_series_uid):
            if uid is not None:
                require_uid(uid)
