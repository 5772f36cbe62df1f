"""Change of single numbers: OncoNet's 25 % of SUVmax, and Moreau's SULpeak, TLG, PBI and PLI."""

from __future__ import annotations

from collections.abc import Callable

from uptake.phantom.checking.cutoffs import Verdict, above, at_least, first_of, opposite
from uptake.phantom.checking.measured import Measured, MeasuredLesion
from uptake.phantom.checking.pairs import change_percent, highest, mtv_ml, sul_peak, suv_max, tlg_g, total

_ONCONET_PERCENT = 25.0
_BONE_KINDS = frozenset({"bone", "marrow"})


def suv_max_change(before: Measured, after: Measured, *, thorax: bool = False) -> Verdict | None:
    """Progression, stable or resolution: the hottest lesion's SUVmax rose or fell by more than 25 %.

    Parameters
    ----------
    thorax
        Look at thoracic lesions only, as OncoNet's labels do.

    Returns
    -------
    Verdict or None
        None where the earlier exam has no such lesion.

    References
    ----------
    OncoNet (2021), section 2.1.
    """
    was, now = (_hottest(exam, thorax=thorax) for exam in (before, after))
    if was <= 0:
        return None
    change = change_percent(was, now)
    cases = [
        ("progression", above(change, _ONCONET_PERCENT)),
        ("resolution", opposite(at_least(change, -_ONCONET_PERCENT))),
    ]
    category, margin = first_of(cases, "stable")
    return Verdict(category, margin, {"suv_max": [was, now], "change_percent": change})


def biomarker_changes(before: Measured, after: Measured) -> dict[str, Verdict]:
    """Responder or non-responder by each biomarker that was not 0 at first: ``sulpeak``, ``tlg``, ``pbi``, ``pli``.

    References
    ----------
    Moreau 2022, "Automatic Segmentation of Metastatic Breast Cancer Lesions" (Cancers), sections 2.4 and 3.3: cut-offs
    -32 %, -43 %, -8 % and 0 %.
    """
    readings: dict[str, tuple[Callable[[Measured], float], float]] = {
        "sulpeak": (lambda exam: highest(exam, sul_peak), -32.0),
        "tlg": (lambda exam: total(exam, tlg_g), -43.0),
        "pbi": (bone_index, -8.0),
        "pli": (liver_index, 0.0),
    }
    found = {}
    for name, (reading, cutoff) in readings.items():
        was, now = reading(before), reading(after)
        if was > 0:
            found[name] = _response(was, now, cutoff)
    return found


def bone_index(exam: Measured) -> float:
    """PET bone index: volume of bone lesions over volume of bone; 0 where no bone is in the image."""
    return _share(exam, lambda lesion: lesion.kind in _BONE_KINDS, exam.bone_ml)


def liver_index(exam: Measured) -> float:
    """PET liver index: volume of liver lesions over volume of the liver; 0 where no liver is in the image."""
    return _share(exam, lambda lesion: lesion.kind == "liver", exam.liver_ml)


def _response(was: float, now: float, cutoff: float) -> Verdict:
    change = change_percent(was, now)
    # A cut-off of 0 % has no size to measure a distance by: whole percentages of the first value do.
    fallen = at_least(-change, -cutoff, unit=None if cutoff else 100.0)
    category = "responder" if fallen.holds else "non-responder"
    return Verdict(category, fallen.margin, {"values": [was, now], "change_percent": change})


def _share(exam: Measured, belongs: Callable[[MeasuredLesion], bool], whole_ml: float) -> float:
    part = sum(mtv_ml(lesion) for lesion in exam.present if belongs(lesion))
    return part / whole_ml if whole_ml > 0 else 0.0


def _hottest(exam: Measured, *, thorax: bool) -> float:
    return max((suv_max(each) for each in exam.present if each.in_thorax or not thorax), default=0.0)
