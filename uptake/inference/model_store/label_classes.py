"""The classes a network may name: ``classes.csv`` gives each its role and its codes, so that DICOM SEG can carry it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from uptake.lesion_class import Concept

BACKGROUND = "background"
_SCHEME = "SCT"


@dataclass(frozen=True, slots=True)
class LabelClass:
    """One class of a network's output.

    Parameters
    ----------
    value
        Its channel in the output, and its number in the label map; 0 is the background.
    name
        As in ``classes.csv``.
    role
        ``background``, ``lesion``, ``physiological`` or ``anatomy``: what the measuring steps may do with it.
    category, type
        Segmented property category and type (DICOM PS3.3 C.8.20.4); None for the background.
    site
        Anatomic region, where the class is bound to one.
    laterality
        ``right``, ``left`` or empty.
    """

    value: int
    name: str
    role: str
    category: Concept | None = None
    type: Concept | None = None
    site: Concept | None = None
    laterality: str = ""


def label_class(value: int, name: str) -> LabelClass:
    """Build a class from its name.

    Raises
    ------
    ValueError
        If the name is not in ``classes.csv``, or background is not 0.
    """
    if (name == BACKGROUND) != (value == 0):
        raise ValueError(f"class {value} is {name!r}; class 0, and only class 0, is the background")
    if name == BACKGROUND:
        return LabelClass(0, BACKGROUND, BACKGROUND)
    row = _known().get(name)
    if row is None:
        raise ValueError(f"class {name!r} is unknown; known are {', '.join(known_names())}")
    return LabelClass(
        value,
        name,
        row["role"],
        Concept(row["category"], _SCHEME, row["category_meaning"]),
        Concept(row["type"], _SCHEME, row["type_meaning"]),
        Concept(row["site"], _SCHEME, row["site_meaning"]) if row["site"] else None,
        row["laterality"],
    )


def known_names() -> tuple[str, ...]:
    """Every name but the background, in the table's order."""
    return tuple(_known())


@cache
def _known() -> dict[str, dict[str, str]]:
    text = files(__package__).joinpath("classes.csv").read_text(encoding="utf-8")
    return {row["name"]: row for row in csv.DictReader(text.splitlines())}
