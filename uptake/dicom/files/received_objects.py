"""Objects that came over the network, or go there: whole DICOM Part 10 files on disk."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

from pydicom import Dataset, dcmread

from uptake.errors import UnreadableFile

_UID = re.compile(r"[0-9.]{1,64}")


def write_received(dataset: Dataset, folder: Path) -> Path:
    """Write a received object under its SOP Instance UID; its values are kept as they are.

    Raises
    ------
    UnreadableFile
        If it has no SOP Instance UID that can name a file, or cannot be written.
    """
    uid = str(dataset.get("SOPInstanceUID", ""))
    if not _UID.fullmatch(uid) or uid.strip(".") != uid:
        raise _unreadable("has no SOP Instance UID that is one")
    path = folder / f"{uid}.dcm"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset.save_as(path, enforce_file_format=True)
    except OSError:
        raise
    except Exception as error:
        raise _unreadable(f"cannot be written as a file ({type(error).__name__})") from error
    return path


def read_to_send(path: Path) -> Dataset:
    """An object with all its values, ready for a STOW-RS request."""
    return dcmread(path)


def failed_instances(answer: Dataset) -> dict[str, int]:
    """What a STOW-RS answer says was not stored: SOP Instance UID and Failure Reason (0008,1197).

    References
    ----------
    DICOM PS3.18, 10.5.3 (Store Transaction response), PS3.3 C.12.1.1.12 (Failed SOP Sequence).
    """
    return {
        str(item.get("ReferencedSOPInstanceUID", "")): int(item.get("FailureReason") or 0)
        for item in answer.get("FailedSOPSequence") or []
    }


def _unreadable(what: str) -> UnreadableFile:
    return UnreadableFile(f"an object of the PACS {what}.", remedy="Check the series in the PACS.")
