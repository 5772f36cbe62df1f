"""Header text made fit to print: no control characters, no tricks with direction, no absurd length."""

from __future__ import annotations

import unicodedata

# Control, format (bidirectional overrides, zero-width), lone surrogate, private-use and unassigned code points.
_HIDDEN = frozenset({"Cc", "Cf", "Cs"})
LONGEST = 200


def clean(value: str, longest: int = LONGEST) -> str:
    """One line of printable text: hidden characters dropped, white space joined, cut with an ellipsis."""
    # No header value is worth normalising a megabyte.
    head = value[: 20 * longest]
    kept = "".join(" " if c.isspace() else c for c in head if c.isspace() or unicodedata.category(c) not in _HIDDEN)
    line = unicodedata.normalize("NFC", " ".join(kept.split()))
    return line if len(line) <= longest and len(head) == len(value) else line[: longest - 1].rstrip() + "…"


def person_name(value: str) -> str:
    """A DICOM person name as people write it: ``Yamada, Tarou (山田 太郎; やまだ たろう)``.

    References
    ----------
    DICOM PS3.5 6.2.1.1: up to three groups ``alphabetic=ideographic=phonetic``, each
    ``family^given^middle^prefix^suffix``.
    """
    groups = value.split("=", 2)
    # The later groups exist for ideographs and their sounds; an equals sign before plain ASCII is just a character.
    if any(group.isascii() and group for group in groups[1:]):
        groups = [value]
    shown = [_alphabetic(groups[0]), *(_ideographic(group) for group in groups[1:])]
    first, *others = [clean(group) for group in shown if clean(group)] or [""]
    return f"{first} ({'; '.join(others)})" if others else first


def date(value: str) -> str:
    """A DICOM date ``YYYYMMDD`` as ``YYYY-MM-DD``; anything else as it stands, cleaned."""
    line = clean(value)
    if len(line) == 8 and line.isascii() and line.isdigit():
        return f"{line[:4]}-{line[4:6]}-{line[6:]}"
    return line


def _alphabetic(group: str) -> str:
    family, given, middle, prefix, suffix = [*(part.strip() for part in group.split("^", 4)), "", "", "", "", ""][:5]
    first_names = " ".join(part for part in (prefix, given, middle) if part)
    return ", ".join(part for part in (family, first_names, suffix) if part)


def _ideographic(group: str) -> str:
    return " ".join(part.strip() for part in group.split("^") if part.strip())
