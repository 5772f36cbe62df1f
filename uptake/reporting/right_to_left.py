"""Hebrew and Arabic words in a left-to-right line: glyph order and joined letters, for a PDF that draws as told.

Enough for names and descriptions. Embedded levels of the full bidirectional algorithm do not occur in them.

References
----------
Unicode Standard Annex 9 (bidirectional algorithm); Unicode 15, section 9.2 (Arabic cursive joining).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")
# A mark stays behind its letter, and digits keep their order, when a stretch is turned round.
_CLUSTER = re.compile(r"\d+(?:[.,:/]\d+)*|.[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670]*")
_PRESENTATION_FORMS = range(0xFE70, 0xFEFD)


def in_visual_order(text: str) -> str:
    """The text as it must be drawn from left to right; unchanged where nothing runs from right to left."""
    sides = [unicodedata.bidirectional(character) for character in text]
    if not _RIGHT_TO_LEFT.intersection(sides):
        return text
    drawn, start = [], 0
    while start < len(text):
        stop = _stretch_end(sides, start)
        drawn.append(_turn(text[start:stop]) if sides[start] in _RIGHT_TO_LEFT else text[start:stop])
        start = stop
    return "".join(drawn)


def _stretch_end(sides: list[str], start: int) -> int:
    """The end of the stretch that begins at ``start``; spaces between right-to-left words belong to the stretch."""
    turned = sides[start] in _RIGHT_TO_LEFT
    end = start + 1
    for position in range(start + 1, len(sides)):
        if not turned:
            if sides[position] in _RIGHT_TO_LEFT:
                break
            end = position + 1
        elif sides[position] in _RIGHT_TO_LEFT or (sides[position] == "NSM" and end == position):
            end = position + 1
        elif sides[position] == "L":
            break
    return end


def _turn(stretch: str) -> str:
    clusters = _CLUSTER.findall(_joined(stretch))
    return "".join(cluster.translate(_MIRRORED) for cluster in reversed(clusters))


@cache
def _forms() -> dict[str, dict[str, str]]:
    """Presentation forms by letter (or by the pair lam-alef): ``{letter: {"isolated" | "initial" | ...: form}}``."""
    forms: dict[str, dict[str, str]] = {}
    for code in _PRESENTATION_FORMS:
        kind, _, letters = unicodedata.decomposition(chr(code)).partition(" ")
        text = "".join(chr(int(letter, 16)) for letter in letters.split())
        if kind and not text.startswith(" ") and "\u0640" not in text:
            forms.setdefault(text, {})[kind.strip("<>")] = chr(code)
    return forms


def _joined(stretch: str) -> str:
    forms = _forms()
    units = [unit for unit in re.split("(\u0644[\u0622\u0623\u0625\u0627])|(.)", stretch) if unit]
    letters = [position for position, unit in enumerate(units) if not unicodedata.combining(unit[0])]
    for before, here, after in zip([-1, *letters], letters, [*letters[1:], -1], strict=False):
        own = forms.get(units[here], {})
        previous = before >= 0 and "initial" in forms.get(_base(units[before]), {}) and "final" in own
        following = after >= 0 and "initial" in own and "final" in forms.get(units[after], {})
        kind = {(True, True): "medial", (True, False): "final", (False, True): "initial"}.get((previous, following))
        units[here] = own.get(kind or "isolated", units[here])
    return "".join(units)


def _base(unit: str) -> str:
    """The letter under a presentation form that was set a step before."""
    return unicodedata.normalize("NFKC", unit)
