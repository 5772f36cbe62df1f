"""Text in the making: pieces that remember which characters are a lesion's SUV."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Mention:
    """One SUVmax of a lesion in a report's text.

    Parameters
    ----------
    start, end
        Characters of the number: ``text[start:end]``.
    value
        As printed, g/ml.
    identity
        The lesion's.
    when
        ``current`` or ``prior``.
    section
        ``findings`` or ``impression``.
    """

    start: int
    end: int
    value: float
    identity: str
    when: str
    region: str
    section: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text; where it is a lesion's SUV, its mention with a span that is not placed yet."""

    text: str
    mention: Mention | None = None


Pieces = tuple[Piece, ...]


def plain(text: str) -> Pieces:
    """Text without a lesion's SUV."""
    return (Piece(text),)


def fill(template: str, values: Mapping[str, str | Pieces]) -> Pieces:
    """The template with its placeholders replaced; ``{Name}`` is ``{name}`` with a capital first letter.

    Raises
    ------
    KeyError
        If a placeholder has no value.
    """
    pieces: list[Piece] = []
    for index, part in enumerate(_PLACEHOLDER.split(template)):
        if index % 2 == 0:
            pieces.append(Piece(part))
        else:
            pieces.extend(_value(part, values))
    return tuple(piece for piece in pieces if piece.text)


def _value(name: str, values: Mapping[str, str | Pieces]) -> Pieces:
    value = values[name] if name in values else values[name[0].lower() + name[1:]]
    pieces = plain(value) if isinstance(value, str) else value
    if name[0].isupper() and pieces:
        first = pieces[0]
        return (replace(first, text=first.text[:1].upper() + first.text[1:]), *pieces[1:])
    return pieces


def placed(pieces: Iterable[Piece]) -> tuple[str, tuple[Mention, ...]]:
    """The whole text, and the mentions at their characters."""
    texts: list[str] = []
    mentions: list[Mention] = []
    at = 0
    for piece in pieces:
        if piece.mention is not None:
            mentions.append(replace(piece.mention, start=at, end=at + len(piece.text)))
        texts.append(piece.text)
        at += len(piece.text)
    return "".join(texts), tuple(mentions)


def wrapped(text: str, width: int) -> str:
    """The text with spaces turned into line ends so that lines keep to the width: no character moves."""
    lines = []
    for line in text.split("\n"):
        rest = line
        while len(rest) > width and (cut := rest.rfind(" ", 1, width + 1)) > 0:
            lines.append(rest[:cut])
            rest = rest[cut + 1 :]
        lines.append(rest)
    return "\n".join(lines)
