"""The tables of wordings."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from uptake.phantom.reports.facts import Finding


@dataclass(frozen=True, slots=True)
class Negative:
    """Something normal that may be said, unless a finding's site has one of the given names in it."""

    region: str
    unless: tuple[str, ...]
    words: str


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """The rows of one of the package's tables."""
    with (files(__package__) / f"{name}.csv").open(encoding="utf-8") as rows:
        return tuple(csv.DictReader(rows))


@cache
def slots(name: str) -> dict[str, tuple[str, ...]]:
    """The wordings of an author, or those which all share, by what they say."""
    found: dict[str, list[str]] = {}
    for row in table(name):
        found.setdefault(row["slot"], []).append(row["text"])
    return {slot: tuple(texts) for slot, texts in found.items()}


@cache
def negatives() -> tuple[Negative, ...]:
    """Normal statements by region (``negatives.csv``)."""
    return tuple(Negative(row["region"], tuple(row["unless"].split("|")), row["words"]) for row in table("negatives"))


def region_of(site: str) -> str:
    """The report's region of a site of ``body/sites.csv``.

    Raises
    ------
    ValueError
        If ``site_words.csv`` does not know the site.
    """
    return _row(site)["region"]


def site_words(finding: Finding, rng: np.random.Generator) -> str:
    """How the finding's site may be put, in lower case: ``left level II cervical node``."""
    words = _row(finding.site)["words"].split("|")
    side = f"{finding.laterality} " if finding.laterality else ""
    return words[int(rng.integers(len(words)))].format(side=side)


def _row(site: str) -> dict[str, str]:
    base = site.removesuffix("_right").removesuffix("_left")
    for row in table("site_words"):
        if row["site"] == base:
            return row
    raise ValueError(f"site_words.csv has no site {site!r}")
