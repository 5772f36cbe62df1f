"""From the facts to a report, in the words of one author."""

from __future__ import annotations

from zlib import crc32

import numpy as np

from uptake.phantom.reports.authors import AUTHORS, Author
from uptake.phantom.reports.document import Document, Report
from uptake.phantom.reports.draft import Pieces, plain
from uptake.phantom.reports.facts import REGIONS, ReportFacts
from uptake.phantom.reports.lesion_sentences import Wording, hottest_sentence, region_sentences
from uptake.phantom.reports.phrases import negatives, slots, table

_BQ_PER_MCI = 37e6
_MG_DL_PER_MMOL_L = 18.016  # glucose, 180.16 g/mol
_NEGATIVE_SHARE = 0.7
_INCIDENTAL_SHARE = 0.5


def write_report(facts: ReportFacts, *, author: str, seed: int) -> Report:
    """A report of the exam, with every lesion's SUVmax, and other numbers that are none.

    Parameters
    ----------
    author
        A name of ``authors.AUTHORS``.
    seed
        The same facts, author and seed give the same text.

    Raises
    ------
    ValueError
        For an unknown author.
    """
    if author not in AUTHORS:
        raise ValueError(f"no such author: {author!r}; there are {', '.join(AUTHORS)}")
    style = AUTHORS[author]
    rng = np.random.default_rng((seed, crc32(author.encode())))
    wording = Wording(style, rng, _common(facts, style, rng))
    document = Document()
    document.add((*wording.say("title"), *plain("\n\n")))
    for name, lines in (
        ("indication", [wording.say("indication")]),
        ("technique", [wording.say("technique", {"glucose": _glucose(facts, wording)})]),
        ("comparison", [wording.say("comparison" if facts.comparison_date else "comparison.none")]),
    ):
        document.section(name, wording.pick(f"heading.{name}"), lines)
        document.add(plain("\n"))
    _add_findings(document, wording, facts)
    document.section("impression", wording.pick("heading.impression"), _impression(wording, facts))
    return document.finished(facts.category, capitals=style.capitals, width=style.width)


def _common(facts: ReportFacts, style: Author, rng: np.random.Generator) -> dict[str, str | Pieces]:
    def one(slot: str) -> str:
        texts = slots("shared")[slot]
        return texts[int(rng.integers(len(texts)))]

    avid = one(f"avid.{facts.tracer}")
    places = [one(f"place.{region}") for region in REGIONS if any(f.region == region for f in facts.findings)]
    prior = facts.comparison_date
    return {
        "date": facts.exam_date.strftime(style.date_format),
        "prior_date": prior.strftime(style.date_format) if prior else "",
        "disease": one(f"indication.{facts.disease}"),
        "purpose": one("purpose.follow" if prior else "purpose.first"),
        "tracer": one(f"tracer.{facts.tracer}"),
        "mci": style.number(facts.activity_bq / _BQ_PER_MCI, 1),
        "mbq": style.number(facts.activity_bq / 1e6, 0),
        "minutes": style.number(facts.uptake_min, 0),
        "range": one(f"range.{facts.field}"),
        "kg": style.number(facts.weight_kg, 0),
        "ctdi": style.number(float(rng.uniform(2.0, 9.0)), 1),
        "dlp": style.number(float(rng.uniform(250.0, 900.0)), 0),
        "avid": avid,
        "a_avid": f"an {avid}" if avid.startswith("FDG") else f"a {avid}",
        "regions": " and ".join(", ".join(places).rsplit(", ", 1)),
        "stage": facts.stage,
    }


def _glucose(facts: ReportFacts, wording: Wording) -> Pieces:
    if facts.tracer != "fdg":
        return ()
    mg_dl = float(wording.rng.uniform(75.0, 165.0))
    return wording.say(
        "glucose",
        {
            "mgdl": wording.author.number(mg_dl, 0),
            "mmol": wording.author.number(mg_dl / _MG_DL_PER_MMOL_L, 1),
        },
    )


def _add_findings(document: Document, wording: Wording, facts: ReportFacts) -> None:
    start = document.length
    document.add(plain(f"{wording.pick('heading.findings')}\n"))
    for region in REGIONS:
        findings = [finding for finding in facts.findings if finding.region == region]
        if facts.field == "head-neck" and region != "head and neck" and not findings:
            continue
        lines = region_sentences(wording, findings)
        lines.extend(_normal(wording, facts, region))
        document.section(region, wording.pick(f"region.{region}"), lines, run_on=wording.author.run_on)
    document.sections.append(("findings", start, document.length))
    document.add(plain("\n"))


def _normal(wording: Wording, facts: ReportFacts, region: str) -> list[Pieces]:
    """Distractors: normal uptake, reference tissues, what is absent, and chance findings of CT; never a lesion."""
    rng, lines = wording.rng, []
    for organ, suv in facts.physiological:
        if _organ_region(organ) == region:
            value = wording.author.number(suv)
            lines.append(wording.say("physiological", {"organ": organ, "organ_suv": value}))
    if region == "abdomen and pelvis" and (reference := _reference(wording, facts)):
        lines.append(reference)
    names = [f"vertebra {f.site}" if f.site[1:].isdigit() else f.site for f in facts.findings]
    for negative in negatives():
        contradicted = any(word in name for word in negative.unless for name in names)
        if negative.region == region and not contradicted and rng.random() < _NEGATIVE_SHARE:
            lines.append(wording.say("negative", {"words": negative.words}))
    chance = [row["words"] for row in table("incidental") if row["region"] == region]
    if not lines or rng.random() < _INCIDENTAL_SHARE:
        text = chance[int(rng.integers(len(chance)))]
        cm = wording.author.number(float(rng.uniform(1.1, 4.0)), 1)
        text = text.format(mm=rng.integers(3, 12), cm=cm, yy=rng.integers(12, 20))
        lines.append(wording.say("incidental", {"text": text}))
    return lines


def _reference(wording: Wording, facts: ReportFacts) -> Pieces:
    """Liver and blood pool; nothing unless both are known."""
    if not (facts.liver_suv_mean and facts.blood_pool_suv_mean):
        return ()
    liver = plain(wording.author.number(facts.liver_suv_mean, 1))
    if facts.prior_liver_suv_mean is not None:
        prior = wording.author.number(facts.prior_liver_suv_mean, 1)
        liver = wording.say("liver.prior", {"liver": liver, "prior_liver": prior})
    return wording.say("liver", {"liver": liver, "blood": wording.author.number(facts.blood_pool_suv_mean, 1)})


def _organ_region(organ: str) -> str:
    for row in table("physiological"):
        if row["organ"] in organ.lower():
            return row["region"]
    return "abdomen and pelvis"


def _impression(wording: Wording, facts: ReportFacts) -> list[Pieces]:
    items: list[Pieces] = []
    if facts.category is not None:
        items.append(wording.say(f"category.{facts.category}"))
    elif any(finding.suv_max is not None for finding in facts.findings):
        items.append(wording.say("first"))
    items.append(hottest_sentence(wording, facts.findings))
    if facts.stage:
        items.append(wording.say("stage"))
    return [
        wording.say("impression.item", {"number": str(number), "text": item}) for number, item in enumerate(items, 1)
    ]
