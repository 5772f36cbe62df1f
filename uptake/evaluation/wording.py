"""Names and numbers as a reader wants them."""

from __future__ import annotations

from uptake.reporting.number_format import NOT_AVAILABLE

_KNOWN = {"union": "All lesions", "any class": "All lesions, class ignored"}


def target_words(target: str) -> str:
    """A class or ``union`` in words."""
    return _KNOWN.get(target) or target.replace("_", " ").capitalize()


def number(value: float | None, digits: int = 3) -> str:
    """Fixed digits; ``n/a`` where there is none."""
    return NOT_AVAILABLE if value is None else f"{value:.{digits}f}"


def percent(value: float | None) -> str:
    """A share in percent; ``n/a`` where there is none."""
    return NOT_AVAILABLE if value is None else f"{100 * value:.1f} %"


def p_words(p: float | None, digits: int = 3) -> str:
    """A p-value, ``< 0.001`` below that; ``n/a`` where there is none."""
    if p is None:
        return NOT_AVAILABLE
    return f"< {10**-digits:.{digits}f}" if p < 10**-digits else f"{p:.{digits}f}"


def p_equation(p: float | None) -> str:
    """``p = 0.012`` or ``p < 0.001``."""
    words = p_words(p)
    return f"p {words}" if words.startswith("<") else f"p = {words}"


def plural(count: int, noun: str, several: str = "") -> str:
    """``1 patient``, ``2 patients``."""
    return f"{count} {noun if count == 1 else several or noun + 's'}"
