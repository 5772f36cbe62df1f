"""A report being put together, and the finished report."""

from __future__ import annotations

from dataclasses import dataclass, field

from uptake.phantom.reports.draft import Mention, Piece, Pieces, placed, plain, wrapped


@dataclass(frozen=True, slots=True)
class ReportTruth:
    """What the text says, for those who read it by machine.

    Parameters
    ----------
    mentions
        Every SUVmax of a lesion in the text, in order; other SUVs (liver, blood pool, normal organs) are in none.
    sections
        Name, first and one-past-last character of each: ``indication``, ``technique``, ``comparison``, ``findings``,
        ``impression``, and the regions within the findings.
    highest_suv_max
        The largest current SUVmax, as printed; None without current disease.
    highest_by_region
        The same for each region that has one.
    category
        The intended change since the comparison; None for a first exam.
    """

    mentions: tuple[Mention, ...]
    sections: tuple[tuple[str, int, int], ...]
    highest_suv_max: float | None
    highest_by_region: tuple[tuple[str, float], ...]
    category: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """The text, its lines ended by line feeds, and the truth beside it."""

    text: str
    truth: ReportTruth


@dataclass(slots=True)
class Document:
    """Pieces of text in order, with the sections they belong to."""

    pieces: list[Piece] = field(default_factory=list)
    sections: list[tuple[str, int, int]] = field(default_factory=list)
    length: int = 0

    def add(self, pieces: Pieces) -> None:
        """Append pieces."""
        self.pieces.extend(pieces)
        self.length += sum(len(piece.text) for piece in pieces)

    def section(self, name: str, heading: str, lines: list[Pieces], *, run_on: bool = False) -> None:
        """A heading with its lines below; ``run_on`` makes one paragraph of them."""
        start = self.length
        self.add(plain(f"{heading}\n"))
        for index, line in enumerate(lines):
            if index:
                self.add(plain(" " if run_on else "\n"))
            self.add(line)
        self.sections.append((name, start, self.length))
        self.add(plain("\n"))

    def finished(self, category: str | None, *, capitals: bool, width: int) -> Report:
        """The report, in capitals and with broken lines where wanted, which moves no character."""
        text, mentions = placed(self.pieces)
        if capitals:
            text = text.upper()
        if width:
            text = wrapped(text, width)
        current = [mention for mention in mentions if mention.when == "current"]
        highest: dict[str, float] = {}
        for mention in current:
            highest[mention.region] = max(mention.value, highest.get(mention.region, 0.0))
        truth = ReportTruth(
            mentions,
            tuple(self.sections),
            max(highest.values(), default=None),
            tuple(highest.items()),
            category,
        )
        return Report(text, truth)
