"""What a DICOMDIR says is on the medium, compared with what is there. Its references are never followed."""

from __future__ import annotations

from pathlib import Path

import pydicom
from pydicom.multival import MultiValue


def check_directory_record(path: Path, root: Path) -> list[str]:
    """Warnings about a DICOMDIR's references that are missing or lead out of the input folder.

    Files are found by walking the folder, so that a DICOMDIR can neither hide nor add any.

    Parameters
    ----------
    path
        The DICOMDIR.
    root
        The resolved input folder.

    References
    ----------
    DICOM PS3.3 F.3.2.2 (Directory Information Module), PS3.10 8.2 (File IDs).
    """
    try:
        records = pydicom.dcmread(path).get("DirectoryRecordSequence") or []
        references = [_components(record.get("ReferencedFileID")) for record in records]
    except Exception:  # a directory is a convenience: however it is broken, the files are there
        return ["a DICOMDIR cannot be read and was ignored"]
    outside = missing = 0
    for components in references:
        if not components:
            continue
        target = path.parent.joinpath(*components)
        if any(part in ("..", "") or "/" in part for part in components) or not target.resolve().is_relative_to(root):
            outside += 1
        elif not target.is_file():
            missing += 1
    notes = []
    if outside:
        notes.append(f"a DICOMDIR refers to {outside} file(s) outside the input folder; they were not read")
    if missing:
        notes.append(f"a DICOMDIR refers to {missing} file(s) that are not in the input folder; slices may lack")
    return notes


def _components(reference: object) -> tuple[str, ...]:
    if not reference:
        return ()
    return tuple(str(part) for part in reference) if isinstance(reference, MultiValue) else (str(reference),)
