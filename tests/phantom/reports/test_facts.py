from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date
from importlib.resources import files

import pytest

from uptake.phantom.reports.authors import AUTHORS
from uptake.phantom.reports.facts import CATEGORIES, DISEASES, REGIONS, TRACERS, Finding, ReportFacts
from uptake.phantom.reports.phrases import negatives, region_of, slots, table

NODE = Finding("n", "hilar_left", "chest", "left", 4.0, 12.0)
FIRST = ReportFacts(date(2025, 1, 3), "fdg", "lymphoma", 3e8, 60, 70, (NODE,), 2.0, 1.5)


@pytest.mark.parametrize(
    "change",
    [
        {"region": "thorax"},
        {"fate": "gone"},
        {"laterality": "bilateral"},
        {"suv_max": 0.0},
        {"suv_max": None},
        {"fate": "resolved"},
        {"fate": "resolved", "suv_max": None},
    ],
)
def test_a_finding_that_cannot_be_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="n: "):
        replace(NODE, **change)


@pytest.mark.parametrize(
    "change",
    [
        {"tracer": "choline"},
        {"category": "cured", "comparison_date": date(2024, 1, 1)},
        {"category": "stable"},
        {"findings": (replace(NODE, prior_suv_max=3.0),)},
        {"findings": (replace(NODE, fate="new"),)},
        {"comparison_date": date(2025, 1, 3)},
    ],
)
def test_facts_that_contradict_the_comparison_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"no such|first exam|not before"):
        replace(FIRST, **change)


def test_every_site_has_a_region_and_words() -> None:
    with (files("uptake.phantom.body") / "sites.csv").open(encoding="utf-8") as rows:
        sites = [row["name"] for row in csv.DictReader(rows)]
    assert {region_of(site) for site in sites} == set(REGIONS)
    assert region_of("t12") == "musculoskeletal"
    assert region_of("tonsil_left") == "head and neck"
    with pytest.raises(ValueError, match="no site"):
        region_of("toe_left")


def test_every_author_has_every_wording() -> None:
    shared = slots("shared")
    needed = set(slots("author_structured")) - {"incidental"}
    for author in AUTHORS:
        own = slots(f"author_{author}")
        assert needed <= set(own), author
        if AUTHORS[author].listed_from:
            assert {"list.intro", "list.item", "list.item.prior", "list.item.new"} <= set(own)
        for text in own["suv.prior"]:
            assert text.index("{value}") < text.index("{prior}")
        assert all("{site}" in t.lower() for slot in ("baseline", "new", "followed", "resolved") for t in own[slot])
    assert {f"category.{category}" for category in CATEGORIES} <= set(shared)
    assert {f"indication.{disease}" for disease in DISEASES} <= set(shared)
    assert {f"tracer.{tracer}" for tracer in TRACERS} | {f"avid.{tracer}" for tracer in TRACERS} <= set(shared)
    assert {negative.region for negative in negatives()} <= set(REGIONS)
    assert {row["region"] for row in table("incidental")} == set(REGIONS)


@pytest.mark.parametrize(("value", "text"), [(2.25, "2.3"), (2.249, "2.2"), (0.05, "0.1"), (11.0, "11.0")])
def test_numbers_round_half_up(value: float, text: str) -> None:
    assert AUTHORS["terse"].number(value) == text


def test_sizes_come_in_the_authors_unit() -> None:
    assert AUTHORS["narrative"].length(14.5) == "1.5 cm"
    assert AUTHORS["terse"].length(14.5) == "15 mm"
