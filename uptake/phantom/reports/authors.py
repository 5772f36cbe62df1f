"""Who writes: habits that are not wordings. The wordings are in ``author_*.csv``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Author:
    """A style of reporting.

    Parameters
    ----------
    centimetres
        Sizes in cm with one decimal; else in whole mm.
    date_format
        As of ``datetime.strftime``.
    capitals
        The whole report.
    run_on
        A region's sentences make one paragraph; else each has its line.
    width
        Longest line, 0 for no limit.
    listed_from
        Findings of a region from this one on come in one comma list, weakest last; 0 for never.
    decimals
        Of SUVs.
    """

    name: str
    centimetres: bool = False
    date_format: str = "%Y-%m-%d"
    capitals: bool = False
    run_on: bool = False
    width: int = 0
    listed_from: int = 0
    decimals: int = 1

    def number(self, value: float, decimals: int | None = None) -> str:
        """The value rounded as this author does, half upwards on what ``repr`` shows (2.25 gives 2.3)."""
        step = Decimal(1).scaleb(-(self.decimals if decimals is None else decimals))
        return str(Decimal(repr(float(value))).quantize(step, rounding=ROUND_HALF_UP))

    def length(self, millimetres: float) -> str:
        """A size with its unit."""
        if self.centimetres:
            return f"{self.number(millimetres / 10, 1)} cm"
        return f"{self.number(millimetres, 0)} mm"


_AUTHORS = (
    Author("terse", date_format="%m/%d/%y", listed_from=8),
    Author("structured", date_format="%Y-%m-%d"),
    Author("narrative", centimetres=True, date_format="%B %d, %Y", run_on=True, listed_from=7),
    Author("capitals", centimetres=True, date_format="%m/%d/%Y", capitals=True, listed_from=9),
    Author("older", centimetres=True, date_format="%d.%m.%Y", run_on=True, width=72, listed_from=3),
    Author("dictated", date_format="%d %b %Y", run_on=True, listed_from=5, decimals=2),
)
AUTHORS: Mapping[str, Author] = MappingProxyType({author.name: author for author in _AUTHORS})
