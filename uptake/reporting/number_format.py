"""Numbers as people read them: sensible digits, never NaN, units spelt by the caller."""

from __future__ import annotations

import math

NOT_AVAILABLE = "n/a"


def suv_text(value: float | None) -> str:
    """An SUV or SUL with two decimals (one from 100 on); ``n/a`` where there is none."""
    if value is None or not math.isfinite(value):
        return NOT_AVAILABLE
    return f"{value:.2f}" if abs(value) < 100 else f"{value:.1f}"


def amount_text(value: float | None) -> str:
    """A volume in ml or a TLG in g: three digits or more, no exponent; ``n/a`` where there is none."""
    if value is None or not math.isfinite(value):
        return NOT_AVAILABLE
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}" if abs(value) < 1000 else f"{value:.0f}"


def factor_text(value: float) -> str:
    """A conversion factor with six significant digits."""
    return f"{value:.6g}" if math.isfinite(value) else NOT_AVAILABLE
