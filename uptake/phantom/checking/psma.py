"""RECIP 1.0 and miTNM on noise-free measurements."""

from __future__ import annotations

from math import inf

from uptake.phantom.checking.cutoffs import Verdict, above, all_of, at_least, fact, first_of
from uptake.phantom.checking.measured import Measured, MeasuredLesion
from uptake.phantom.checking.pairs import change_percent, mtv_ml, new_lesions, total

_MOST_OLIGO = 3


def recip(before: Measured, after: Measured) -> Verdict | None:
    """CR, PR, SD or PD by total tumour volume and new lesions; None where there was no tumour at first.

    References
    ----------
    Gafita A et al., J Nucl Med 2022;63:1651-1658.
    """
    was, now = total(before, mtv_ml), total(after, mtv_ml)
    if was <= 0:
        return None
    appeared = bool(new_lesions(before, after))
    change = change_percent(was, now)
    cases = [
        ("CR", fact(not after.present)),
        ("PD", all_of([fact(appeared), at_least(change, 20.0)])),
        ("PR", all_of([fact(not appeared), at_least(-change, 30.0)])),
    ]
    category, margin = first_of(cases, "SD")
    return Verdict(category, margin, {"volume_ml": [was, now], "change_percent": change, "new_lesions": appeared})


def mitnm(exam: Measured) -> Verdict:
    """The stage as ``N1 M1b-o``: N by the number of regional nodes, M by the highest that any lesion gives.

    Counted are lesions above the blood pool; the margin says how clear of it the least of them is. Common iliac nodes
    are regional where ``body/sites.csv`` says so. The primary is not staged (miTx).

    References
    ----------
    Capobianco N et al., Eur J Nucl Med Mol Imaging 2022;49:517-526 (section "Model testing": N0, N1 single, N2
    multiple; bone u 1, o 2 to 3, d 4 or more lesions); Eiber M et al., J Nucl Med 2018;59:469-478 (PROMISE).
    """
    floor = exam.blood_pool.mean if exam.blood_pool else None
    counted: list[MeasuredLesion] = []
    margin = inf
    for lesion in exam.present:
        check = fact(True) if floor is None else above(lesion.suv_max, floor)
        margin = min(margin, check.margin)
        if check.holds:
            counted.append(lesion)
    nodes = sum(lesion.mitnm == "N" for lesion in counted)
    stage = f"{('N0', 'N1', 'N2')[min(nodes, 2)]} {_distant(counted)}"
    evidence = {
        "regional_nodes": nodes,
        "distant_nodes": sum(lesion.mitnm == "M1a" for lesion in counted),
        "bones": sum(lesion.mitnm == "M1b" for lesion in counted),
        "organs": sum(lesion.mitnm == "M1c" for lesion in counted),
        "blood_pool": floor,
    }
    return Verdict(stage, margin, evidence)


def _distant(counted: list[MeasuredLesion]) -> str:
    categories = {lesion.mitnm for lesion in counted}
    if "M1c" in categories:
        return "M1c"
    if "M1b" in categories:
        return f"M1b-{_bone_pattern(counted)}"
    return "M1a" if "M1a" in categories else "M0"


def _bone_pattern(counted: list[MeasuredLesion]) -> str:
    if any(lesion.kind == "marrow" for lesion in counted):
        return "dmi"
    bones = sum(lesion.mitnm == "M1b" for lesion in counted)
    return "u" if bones == 1 else "o" if bones <= _MOST_OLIGO else "d"
