"""Two exams of one person beside each other: which lesions are new, and what each one was before."""

from __future__ import annotations

from collections.abc import Callable

from uptake.phantom.checking.measured import Measured, MeasuredLesion


def new_lesions(before: Measured, after: Measured) -> tuple[MeasuredLesion, ...]:
    """Lesions of the later exam that come from none of the earlier one."""
    return tuple(lesion for lesion in after.present if not ancestors(lesion, before))


def ancestors(lesion: MeasuredLesion, before: Measured) -> tuple[MeasuredLesion, ...]:
    """The lesions of the earlier exam that this one was, or that merged or split into it."""
    known = {other.identity: other for other in before.present}
    # A merged lesion may keep one name, but is held against all that went into it.
    names = sorted({lesion.identity, *lesion.parents})
    return tuple(known[name] for name in names if name in known)


def changes(
    before: Measured, after: Measured, value: Callable[[MeasuredLesion], float]
) -> dict[str, tuple[float, float]]:
    """For each lesion that was there before: its value then (the highest of those it came from) and now."""
    found = {}
    for lesion in after.present:
        if earlier := ancestors(lesion, before):
            found[lesion.identity] = (max(value(each) for each in earlier), value(lesion))
    return found


def change_percent(before: float, after: float) -> float:
    """``(after - before) / before`` in percent.

    Raises
    ------
    ValueError
        If there was nothing before.
    """
    if before <= 0:
        raise ValueError("a change from nothing has no percentage")
    return (after - before) / before * 100


def highest(exam: Measured, value: Callable[[MeasuredLesion], float]) -> float:
    """The highest value of all lesions that are there; 0 where there is none."""
    return max((value(lesion) for lesion in exam.present), default=0.0)


def total(exam: Measured, value: Callable[[MeasuredLesion], float]) -> float:
    """The sum over all lesions that are there."""
    return sum(value(lesion) for lesion in exam.present)


def suv_max(lesion: MeasuredLesion) -> float:
    """SUVmax of a lesion, g/ml."""
    return lesion.suv_max


def sul_peak(lesion: MeasuredLesion) -> float:
    """SULpeak of a lesion, g/ml."""
    return lesion.sul_peak


def tlg_g(lesion: MeasuredLesion) -> float:
    """Total lesion glycolysis of a lesion, g."""
    return lesion.tlg_g


def mtv_ml(lesion: MeasuredLesion) -> float:
    """Volume of a lesion, ml."""
    return lesion.mtv_ml
