"""New DICOM unique identifiers."""

from pydicom.uid import generate_uid


def new_uid() -> str:
    """Make a UID that nobody else has: the ``2.25.`` form of a random UUID (DICOM PS3.5, B.2)."""
    return str(generate_uid(prefix=None))
