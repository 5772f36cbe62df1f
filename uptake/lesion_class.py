"""The kinds of lesion that a network tells apart, with the codes under which DICOM objects carry them."""

from __future__ import annotations

from dataclasses import dataclass

_CODE_CHARACTERS = 16
_MEANING_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class Concept:
    """A coded concept: Code Value, Coding Scheme Designator, Code Meaning (DICOM PS3.3 8.8, with their lengths)."""

    value: str
    scheme: str
    meaning: str

    def __post_init__(self) -> None:
        if not 0 < len(self.value) <= _CODE_CHARACTERS or not 0 < len(self.scheme) <= _CODE_CHARACTERS:
            raise ValueError(f"a code and its scheme take 1 to {_CODE_CHARACTERS} characters each")
        if not 0 < len(self.meaning) <= _MEANING_CHARACTERS:
            raise ValueError(f"a code's meaning takes 1 to {_MEANING_CHARACTERS} characters")


@dataclass(frozen=True, slots=True)
class LesionClass:
    """One kind of lesion.

    Parameters
    ----------
    name
        Such as ``primary_tumour``; unique among the classes of a network.
    category, type
        Segmented property category and type (DICOM PS3.3 C.8.20.4).
    site
        Anatomic region, where the class is bound to one.
    """

    name: str
    category: Concept
    type: Concept
    site: Concept | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("a class of lesions needs a name")

    @property
    def title(self) -> str:
        """The name as people read it: ``Primary tumour``."""
        return self.name.replace("_", " ").capitalize()
