"""New DICOM unique identifiers."""

from uuid import NAMESPACE_OID, uuid5

from pydicom.uid import generate_uid


def new_uid() -> str:
    """Make a UID that nobody else has: the ``2.25.`` form of a random UUID (DICOM PS3.5, B.2)."""
    return str(generate_uid(prefix=None))


def derived_uid(uid: str) -> str:
    """Make a UID from another, the same each time (DICOM PS3.5, B.2, over a name-based UUID of RFC 9562)."""
    return f"2.25.{uuid5(NAMESPACE_OID, uid).int}"
