"""Deauville score and Lugano category on noise-free measurements."""

from __future__ import annotations

from uptake.phantom.checking.cutoffs import Check, Verdict, above, all_of, any_of, at_least, fact, first_of, opposite
from uptake.phantom.checking.measured import Measured
from uptake.phantom.checking.pairs import change_percent, changes, highest, new_lesions, suv_max

# Choices, since the criteria leave them to the reader: markedly above the liver, and more or less than before.
MARKEDLY = 2.0
CHANGE_PERCENT = 25.0


def deauville(before: Measured, after: Measured) -> Verdict:
    """1 to 5 by the hottest lesion's SUVmax against the means of blood pool and liver; a new lesion gives 5.

    References
    ----------
    Barrington SF et al., J Clin Oncol 2014;32:3048-3058.
    """
    hottest = highest(after, suv_max)
    category, margin = first_of(_scores(before, after), "5")
    evidence = {
        "suv_max": hottest,
        "blood_pool": after.blood_pool.mean if after.blood_pool else None,
        "liver": after.liver.mean if after.liver else None,
        "new_lesions": [lesion.identity for lesion in new_lesions(before, after)],
    }
    return Verdict(category, margin, evidence)


def lugano(before: Measured, after: Measured) -> Verdict:
    """CMR, PMR, NMR or PMD: the score, and whether uptake fell or rose by more than 25 %.

    References
    ----------
    Cheson BD et al., J Clin Oncol 2014;32:3059-3068.
    """
    score = deauville(before, after)
    appeared = bool(new_lesions(before, after))
    was, now = highest(before, suv_max), highest(after, suv_max)
    evidence: dict[str, object] = {"score": score.category, "suv_max": [was, now], "new_lesions": appeared}
    if appeared:
        return Verdict("PMD", score.margin, evidence)
    if not before.present:
        return Verdict("CMR" if score.category in "123" else "PMD", score.margin, evidence)
    change = change_percent(was, now)
    liver = after.liver.mean if after.liver else 0.0
    risen = [
        all_of([above(change_percent(*pair), CHANGE_PERCENT), above(pair[1], liver)])
        for pair in changes(before, after, suv_max).values()
        if liver > 0
    ]
    cases = [
        ("CMR", _at_most_liver(after)),
        ("PMD", any_of([above(change, CHANGE_PERCENT), *risen])),
        ("PMR", opposite(at_least(change, -CHANGE_PERCENT))),
    ]
    category, margin = first_of(cases, "NMR")
    return Verdict(category, margin, evidence)


def _scores(before: Measured, after: Measured) -> list[tuple[str, Check]]:
    if after.liver is None or after.blood_pool is None:
        # Without both regions there is no score: whatever comes out has no margin.
        return [("NOT_EVALUABLE", Check(True, 0.0))]
    hottest, liver = highest(after, suv_max), after.liver.mean
    return [
        ("5", fact(bool(new_lesions(before, after)))),
        ("1", fact(not after.present)),
        ("2", opposite(above(hottest, after.blood_pool.mean))),
        ("3", opposite(above(hottest, liver))),
        ("4", opposite(above(hottest, MARKEDLY * liver))),
    ]


def _at_most_liver(after: Measured) -> Check:
    if not after.present:
        return fact(True)
    if after.liver is None:
        return Check(False, 0.0)
    return opposite(above(highest(after, suv_max), after.liver.mean))
