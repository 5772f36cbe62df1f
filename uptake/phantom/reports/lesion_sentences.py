"""How an author words the lesions: one by one, or the weaker ones of a region in a list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from uptake.phantom.reports.authors import Author
from uptake.phantom.reports.draft import Mention, Piece, Pieces, fill, plain
from uptake.phantom.reports.facts import Finding
from uptake.phantom.reports.phrases import site_words, slots


@dataclass(slots=True)
class Wording:
    """An author's choice of words in one report.

    Parameters
    ----------
    common
        Values of placeholders that are the same throughout, such as ``avid``.
    """

    author: Author
    rng: np.random.Generator
    common: Mapping[str, str | Pieces]
    _names: dict[str, str] = field(default_factory=dict)
    _seen: Counter[str] = field(default_factory=Counter)

    def pick(self, slot: str) -> str:
        """One of the author's wordings, or of those that all share."""
        own = slots(f"author_{self.author.name}")
        texts = own[slot] if slot in own else slots("shared")[slot]
        return texts[int(self.rng.integers(len(texts)))]

    def say(self, slot: str, values: Mapping[str, str | Pieces] | None = None) -> Pieces:
        """A wording with its placeholders filled."""
        return fill(self.pick(slot), {**self.common, **(values or {})})

    def site(self, finding: Finding) -> str:
        """The lesion's name in this report: the same wherever it is mentioned, and told from others at its site."""
        if finding.identity not in self._names:
            words = site_words(finding, self.rng)
            earlier = self._seen[words]
            self._seen[words] += 1
            ordinals = slots("shared")["ordinal"]
            if earlier:
                words = f"{ordinals[min(earlier, len(ordinals)) - 1]} {words}"
            self._names[finding.identity] = words
        return self._names[finding.identity]


def region_sentences(wording: Wording, findings: Sequence[Finding]) -> list[Pieces]:
    """Sentences on the lesions of one region, the most intense first, the resolved ones last."""
    order = sorted(findings, key=lambda finding: -(finding.suv_max or 0.0))
    present = [finding for finding in order if finding.suv_max is not None]
    own = present
    if wording.author.listed_from and len(present) > wording.author.listed_from:
        own = present[: wording.author.listed_from - 1]
    lines = [_sentence(wording, finding) for finding in own]
    if len(own) < len(present):
        lines.append(_list(wording, present[len(own) :]))
    lines.extend(_sentence(wording, finding) for finding in order if finding.suv_max is None)
    return lines


def hottest_sentence(wording: Wording, findings: Sequence[Finding]) -> Pieces:
    """The impression's sentence on the most intense lesion."""
    present = [finding for finding in findings if finding.suv_max is not None]
    if not present:
        return wording.say("hottest.none")
    hottest = max(present, key=lambda finding: finding.suv_max or 0.0)
    return wording.say("hottest", {"site": wording.site(hottest), "suv": _suv(wording, hottest, "impression")})


def _sentence(wording: Wording, finding: Finding) -> Pieces:
    slot = finding.fate if finding.fate in ("baseline", "new", "resolved") else "followed"
    values: dict[str, str | Pieces] = {"site": wording.site(finding), "slice": str(wording.rng.integers(20, 280))}
    values["size"] = ""
    if finding.long_axis_mm is not None:
        values["size"] = wording.say("size", {"length": wording.author.length(finding.long_axis_mm)})
    if slot == "resolved":
        values["prior"] = (_number(wording, finding, "prior", "findings"),)
    else:
        values["suv"] = _suv(wording, finding, "findings")
    if slot == "followed":
        values["change"] = wording.pick(f"change.{finding.fate}")
    return wording.say(slot, values)


def _list(wording: Wording, findings: Sequence[Finding]) -> Pieces:
    pieces = wording.say("list.intro")
    for index, finding in enumerate(findings):
        if index:
            pieces += plain(" and " if index == len(findings) - 1 else ", ")
        values = _values(wording, finding, "findings")
        values["site"] = wording.site(finding)
        slot = "list.item"
        if finding.fate == "new":
            slot = "list.item.new"
        elif finding.prior_suv_max is not None:
            slot = "list.item.prior"
        pieces += wording.say(slot, values)
    return pieces + plain(".")


def _suv(wording: Wording, finding: Finding, section: str) -> Pieces:
    return wording.say("suv" if finding.prior_suv_max is None else "suv.prior", _values(wording, finding, section))


def _values(wording: Wording, finding: Finding, section: str) -> dict[str, str | Pieces]:
    values: dict[str, str | Pieces] = {"value": (_number(wording, finding, "current", section),)}
    if finding.prior_suv_max is not None:
        values["prior"] = (_number(wording, finding, "prior", section),)
    return values


def _number(wording: Wording, finding: Finding, when: str, section: str) -> Piece:
    value = finding.suv_max if when == "current" else finding.prior_suv_max
    if value is None:
        raise ValueError(f"{finding.identity} has no {when} SUV")
    text = wording.author.number(value)
    return Piece(text, Mention(0, 0, float(text), finding.identity, when, finding.region, section))
