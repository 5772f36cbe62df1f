from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from uptake.phantom.reports.authors import AUTHORS
from uptake.phantom.reports.facts import REGIONS, Finding, ReportFacts
from uptake.phantom.reports.writer import write_report

FOLLOWED = (
    Finding("n1", "neck_level_2_left", "head and neck", "left", 8.34, 22.4, 11.25, "smaller"),
    Finding("n2", "neck_level_3_right", "head and neck", "right", 4.05, 11.0, 4.0, "stable"),
    Finding("l1", "lung_right", "chest", "right", 3.25, 9.0, None, "new"),
    Finding("m1", "subcarinal", "chest", "", 5.25, 14.0, 6.0, "cooler"),
    Finding("h1", "liver", "abdomen and pelvis", "", None, None, 7.2, "resolved"),
    Finding("h2", "liver", "abdomen and pelvis", "", 3.7, 18.0, 6.1, "merged"),
    *(
        Finding(f"b{i}", site, "musculoskeletal", "left" if "left" in site else "", 6.51 - i, None, 5.0 + i, "grown")
        for i, site in enumerate(("l3", "t7", "hip_bone_left", "hip_bone_left", "sacrum"))
    ),
    Finding("b9", "ribs_left", "musculoskeletal", "left", 0.96, None, None, "new"),
)
FOLLOW_UP = ReportFacts(
    exam_date=date(2025, 5, 6),
    tracer="fdg",
    disease="breast",
    activity_bq=3.1e8,
    uptake_min=61,
    weight_kg=71.2,
    findings=FOLLOWED,
    liver_suv_mean=2.21,
    blood_pool_suv_mean=1.54,
    comparison_date=date(2025, 1, 3),
    physiological=(("brain", 12.3), ("myocardium", 7.7), ("bowel", 4.6)),
    category="partial response",
    prior_liver_suv_mean=2.4,
)
FIRST = replace(
    FOLLOW_UP,
    tracer="psma-11",
    disease="prostate",
    findings=(
        Finding("p", "prostate", "abdomen and pelvis", "", 9.1, 18.0),
        Finding("q", "obturator_left", "abdomen and pelvis", "left", 5.55, 8.0),
    ),
    comparison_date=None,
    category=None,
    stage="miN1 M0",
    prior_liver_suv_mean=None,
)
SECTIONS = ("indication", "technique", "comparison", "findings", "impression")


@pytest.mark.parametrize("author", AUTHORS)
def test_every_suv_stands_at_its_span_rounded_half_up(author: str) -> None:
    report = write_report(FOLLOW_UP, author=author, seed=5)
    decimals = AUTHORS[author].decimals
    said = {(m.identity, m.when): m for m in report.truth.mentions if m.section == "findings"}
    wanted = {(f.identity, "current"): f.suv_max for f in FOLLOWED} | {
        (f.identity, "prior"): f.prior_suv_max for f in FOLLOWED
    }
    assert set(said) == {key for key, value in wanted.items() if value is not None}
    for key, mention in said.items():
        value = wanted[key]
        assert value is not None
        assert re.fullmatch(rf"\d+\.\d{{{decimals}}}", report.text[mention.start : mention.end])
        assert float(report.text[mention.start : mention.end]) == mention.value
        assert mention.value == pytest.approx(value, abs=0.5 * 10**-decimals + 1e-9)
    if decimals == 1:
        assert said["l1", "current"].value == 3.3  # 3.25: half upwards, as people round
        assert said["m1", "current"].value == 5.3


@pytest.mark.parametrize("author", AUTHORS)
def test_mentions_lie_in_their_regions_and_sections(author: str) -> None:
    report = write_report(FOLLOW_UP, author=author, seed=5)
    spans = {name: (start, end) for name, start, end in report.truth.sections}
    regions = {f.identity: f.region for f in FOLLOWED}
    for mention in report.truth.mentions:
        start, end = spans[mention.region if mention.section == "findings" else "impression"]
        assert start <= mention.start < mention.end <= end
        assert mention.region == regions[mention.identity]


@pytest.mark.parametrize("author", AUTHORS)
@pytest.mark.parametrize("facts", [FIRST, FOLLOW_UP], ids=["first", "follow-up"])
def test_every_author_gives_all_sections_and_regions_in_order(author: str, facts: ReportFacts) -> None:
    report = write_report(facts, author=author, seed=1)
    starts = {name: start for name, start, _ in report.truth.sections}
    assert set(starts) == {*SECTIONS, *REGIONS}
    assert [starts[name] for name in SECTIONS] == sorted(starts[name] for name in SECTIONS)
    assert [starts[name] for name in REGIONS] == sorted(starts[name] for name in REGIONS)
    for name, start, end in report.truth.sections:
        lines = report.text[start:end].splitlines()
        assert len(lines) > 1, name
        assert all(line == line.rstrip() for line in lines), name


@pytest.mark.parametrize("author", AUTHORS)
def test_highest_current_suv_is_the_hottest_lesions_not_an_organs_nor_a_prior(author: str) -> None:
    report = write_report(FOLLOW_UP, author=author, seed=2)
    assert report.truth.highest_suv_max == float(AUTHORS[author].number(8.34))
    assert dict(report.truth.highest_by_region)["chest"] == float(AUTHORS[author].number(5.25))
    assert report.truth.category == "partial response"
    # The distractors are there: normal organs, the liver now and before, and numbers that are no SUV.
    covered = {i for m in report.truth.mentions for i in range(m.start, m.end)}
    numbers = [m for m in re.finditer(r"\d+\.\d+", report.text) if m.start() not in covered]
    values = {float(m.group()) for m in numbers}
    assert {12.3, 7.7, 4.6, 2.2, 2.4, 1.5} <= values


@pytest.mark.parametrize("author", AUTHORS)
def test_a_first_exam_has_no_prior_values(author: str) -> None:
    for seed in range(5):
        report = write_report(FIRST, author=author, seed=seed)
        assert {m.when for m in report.truth.mentions} == {"current"}
        assert not re.search(r"previous(ly)? \d|\bwas \d|prior (max )?SUV|formerly|\bnew\b", report.text, re.IGNORECASE)
        assert "min1 m0" in report.text.lower()


@pytest.mark.parametrize("author", AUTHORS)
def test_the_same_seed_gives_the_same_report_and_another_seed_another(author: str) -> None:
    reports = [write_report(FOLLOW_UP, author=author, seed=seed) for seed in (1, 1, 2)]
    assert reports[0] == reports[1]
    assert reports[0].text != reports[2].text


def test_authors_differ_in_how_they_write() -> None:
    texts = {author: write_report(FOLLOW_UP, author=author, seed=1).text for author in AUTHORS}
    assert len(AUTHORS) >= 5
    assert texts["capitals"] == texts["capitals"].upper()
    assert "MAX SUV: 8.3" in texts["capitals"]
    assert "SUVmax 8.3, prior SUVmax 11.3" in texts["structured"]
    assert re.search(r"SUV max of 8\.3\b", texts["narrative"])
    assert "2.2 cm" in texts["narrative"]
    assert "22 mm" in texts["terse"]
    assert "SUV" in texts["dictated"]
    assert "8.34" in texts["dictated"]
    assert max(map(len, texts["older"].splitlines())) <= AUTHORS["older"].width


@pytest.mark.parametrize("author", AUTHORS)
def test_reports_are_plain_ascii_with_no_name_and_nothing_unfilled(author: str) -> None:
    for facts in (FIRST, FOLLOW_UP):
        text = write_report(facts, author=author, seed=3).text
        assert text.isascii()
        assert not re.search(r"[{}]|\bNone\b(?! at|\.)|  ", text)
        assert not re.search(r"\b(mr|mrs|ms|dr|patient name|digital\^|mrn|born)\b", text, re.IGNORECASE)


def test_nothing_is_called_normal_where_there_is_a_lesion() -> None:
    places = {"cervical lymph node stations", "lungs", "mediastinum and hila", "in the liver", "imaged skeleton"}
    for seed in range(20):
        text = write_report(FOLLOW_UP, author="narrative", seed=seed).text
        normal = [s for s in text.split(". ") if "There is no evidence" in s or s.startswith("No ")]
        assert normal
        assert not [s for s in normal if any(place in s for place in places)]


def test_lesions_of_one_site_are_told_apart_and_keep_their_name() -> None:
    for seed in range(10):
        text = write_report(FOLLOW_UP, author="structured", seed=seed).text
        names = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("- ") and " | SUVmax" in line]
        assert len(names) == len(set(names))
        hottest = re.search(r"Most intense lesion: (.*?), SUVmax", text)
        assert hottest is not None
        assert f"- {hottest[1][0].upper()}{hottest[1][1:]}" in text


@pytest.mark.parametrize("author", AUTHORS)
def test_no_disease_leaves_no_suv(author: str) -> None:
    clean = replace(FOLLOW_UP, findings=(), category="resolution")
    report = write_report(clean, author=author, seed=1)
    assert report.truth.mentions == ()
    assert report.truth.highest_suv_max is None
    assert re.search(r"complete|resolution", report.text, re.IGNORECASE)


@pytest.mark.parametrize("author", AUTHORS)
def test_a_head_and_neck_exam_is_silent_on_what_it_does_not_show(author: str) -> None:
    facts = replace(
        FOLLOW_UP,
        field="head-neck",
        findings=FOLLOWED[:2],
        liver_suv_mean=None,
        blood_pool_suv_mean=None,
        physiological=(("brain", 12.3),),
    )
    report = write_report(facts, author=author, seed=1)
    assert {name for name, _, _ in report.truth.sections} == {*SECTIONS, "head and neck"}
    assert not re.search("liver|thigh|abdomen", report.text, re.IGNORECASE)


def test_an_unknown_author_is_refused() -> None:
    with pytest.raises(ValueError, match="no such author"):
        write_report(FIRST, author="anonymous", seed=1)


@pytest.mark.parametrize("author", AUTHORS)
def test_many_lesions_all_keep_their_values(author: str) -> None:
    sites = [f"t{i}" for i in range(1, 13)] + ["ribs_left"] * 12
    many = tuple(
        Finding(f"b{i}", site, "musculoskeletal", "left" if "left" in site else "", 3.0 + 0.17 * i, None, 6.4 - 0.1 * i)
        for i, site in enumerate(sites)
    )
    report = write_report(replace(FOLLOW_UP, findings=many), author=author, seed=9)
    said = {(m.identity, m.when) for m in report.truth.mentions if m.section == "findings"}
    assert said == {(finding.identity, when) for finding in many for when in ("current", "prior")}
    # Nobody but the structured author gives each of two dozen lesions a line of its own.
    assert author == "structured" or re.search("also|additional|further|other", report.text, re.IGNORECASE)
