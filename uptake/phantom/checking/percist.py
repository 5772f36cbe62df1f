"""PERCIST 1.0 on noise-free measurements."""

from __future__ import annotations

from uptake.phantom.checking.cutoffs import Check, Verdict, above, all_of, any_of, at_least, fact, first_of, opposite
from uptake.phantom.checking.measured import Measured
from uptake.phantom.checking.pairs import change_percent, changes, highest, new_lesions, sul_peak, tlg_g, total
from uptake.phantom.plan import ExamPlan

NOT_EVALUABLE = "NOT_EVALUABLE"
# The noisy image's liver varies by up to 15 %, which raises the threshold a lesion must reach to be measurable.
_LIVER_NOISE = 0.15


def percist(plans: tuple[ExamPlan, ExamPlan], exams: tuple[Measured, Measured]) -> Verdict:
    """CMR, PMR, SMD, PMD or NOT_EVALUABLE by the hottest lesion's SULpeak.

    Exams whose scanners, uptake times, activities or livers differ too much are not evaluable, and so is a baseline
    without a measurable lesion. Times and activities stand in the header exactly, so they have no margin.

    References
    ----------
    Wahl RL et al., J Nucl Med 2009;50 Suppl 1:122S-150S; O JH, Lodge MA, Wahl RL, Radiology 2016;280:576-584.
    """
    before, after = exams
    comparable = _comparable(plans, exams)
    measurable = _measurable(before, diseased=_liver_diseased(exams))
    evaluable = all_of([*comparable.values(), measurable])
    evidence: dict[str, object] = {
        "sul_peak": [highest(before, sul_peak), highest(after, sul_peak)],
        "tlg_g": [total(before, tlg_g), total(after, tlg_g)],
        "new_lesions": [lesion.identity for lesion in new_lesions(before, after)],
        "not_comparable": [reason for reason, check in comparable.items() if not check.holds],
        "measurable": measurable.holds,
    }
    if not evaluable.holds:
        return Verdict(NOT_EVALUABLE, evaluable.margin, evidence)
    category, margin = first_of(_cases(before, after), "SMD")
    return Verdict(category, min(margin, evaluable.margin), evidence)


def _cases(before: Measured, after: Measured) -> list[tuple[str, Check]]:
    was, now = highest(before, sul_peak), highest(after, sul_peak)
    change = change_percent(was, now)
    tlg_change = change_percent(total(before, tlg_g), total(after, tlg_g))
    per_lesion = [
        all_of([above(change_percent(*pair), 30.0), above(pair[1] - pair[0], 0.8)])
        for pair in changes(before, after, sul_peak).values()
    ]
    risen = all_of([above(change, 30.0), above(now - was, 0.8)])
    more_glycolysis = all_of([above(tlg_change, 75.0), Check(now >= was, abs(change) / 100)])
    fallen = all_of([at_least(-change, 30.0), at_least(was - now, 0.8)])
    return [
        ("PMD", fact(bool(new_lesions(before, after)))),
        ("CMR", _all_at_background(after)),
        ("PMD", any_of([risen, more_glycolysis])),
        ("PMR", all_of([fallen, opposite(any_of(per_lesion))])),
    ]


def _all_at_background(after: Measured) -> Check:
    """Whether no lesion's SULpeak exceeds the liver's mean or the blood pool's mean + 2 SD."""
    checks = []
    for lesion in after.present:
        for region, spreads in ((after.liver, 0.0), (after.blood_pool, 2.0)):
            if region is not None:
                limit = (region.mean + spreads * region.sd) * after.sul_per_suv
                checks.append(opposite(above(lesion.sul_peak, limit)))
    return all_of(checks)


def _measurable(before: Measured, *, diseased: bool) -> Check:
    region, factor = (before.blood_pool, 2.0) if diseased else (before.liver, 1.5)
    if region is None:
        return fact(False)
    hottest = highest(before, sul_peak)
    clear = (factor * region.mean + 2 * region.sd) * before.sul_per_suv
    noisy = clear + 2 * _LIVER_NOISE * region.mean * before.sul_per_suv
    check = at_least(hottest, clear)
    if not check.holds:
        return check
    # What only the noise-free image calls measurable lies too near the cut-off to promise anything.
    return Check(True, min(check.margin, max(0.0, hottest / noisy - 1 + 0.1)))


def _comparable(plans: tuple[ExamPlan, ExamPlan], exams: tuple[Measured, Measured]) -> dict[str, Check]:
    first, second = plans
    uptake_min = [plan.tracer.uptake_s / 60 for plan in plans]
    return {
        "scanner or reconstruction": fact(_reconstruction(first) == _reconstruction(second)),
        "uptake times differ by more than 15 min": fact(abs(uptake_min[1] - uptake_min[0]) <= 15),
        "uptake time under 50 min": fact(min(uptake_min) >= 50),
        "activities differ by more than 20 %": fact(abs(second.activity_bq / first.activity_bq - 1) <= 0.20),
        "liver": _same_reference(exams, diseased=_liver_diseased(exams)),
    }


def _reconstruction(plan: ExamPlan) -> tuple[object, ...]:
    scanner = plan.scanner
    return scanner.name, scanner.pet_spacing_mm, scanner.fwhm_mm, scanner.fwhm_edge_mm, scanner.filter_mm


def _same_reference(exams: tuple[Measured, Measured], *, diseased: bool) -> Check:
    """Whether the liver (the blood pool where the liver is diseased) agrees within 20 % and 0.3 SUL."""
    regions = [exam.blood_pool if diseased else exam.liver for exam in exams]
    sul = [region.mean * exam.sul_per_suv for region, exam in zip(regions, exams, strict=True) if region is not None]
    if len(sul) < 2:
        return fact(False)
    difference = abs(sul[1] - sul[0])
    return all_of([opposite(above(difference / sul[0], 0.20)), opposite(above(difference, 0.3))])


def _liver_diseased(exams: tuple[Measured, Measured]) -> bool:
    return any(lesion.kind == "liver" for exam in exams for lesion in exam.present)
