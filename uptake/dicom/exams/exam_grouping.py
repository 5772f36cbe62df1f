"""Whose series these are, and which of them were made in one exam."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from uptake.dicom.files.folder_scan import ScannedSeries
from uptake.exam import Patient

_SAME_ACQUISITION_S = 60.0


def group_by_patient(series: Iterable[ScannedSeries]) -> list[list[ScannedSeries]]:
    """Series of each patient.

    The Patient ID tells patients apart, where it is empty the name. The same ID with two birth dates is two patients:
    hospitals do give the same number twice. A missing birth date (de-identified) tells nothing.
    """
    every = list(series)
    dates: dict[str, set[str]] = defaultdict(set)
    for each in every:
        patient = each.first.facts.patient
        dates[_identifier(patient)] |= {patient.birth_date} - {""}
    groups: dict[tuple[str, str], list[ScannedSeries]] = defaultdict(list)
    for each in every:
        patient = each.first.facts.patient
        known = dates[_identifier(patient)]
        groups[(_identifier(patient), patient.birth_date if len(known) > 1 else "")].append(each)
    return list(groups.values())


def group_by_exam(pet: Sequence[ScannedSeries]) -> list[list[ScannedSeries]]:
    """PET series of one patient that belong to one exam.

    One study is one exam, however many acquisitions it has. Series of other studies belong to it where they were
    acquired in the same frame of reference at the same time: a reconstruction that was filed on its own.
    """
    groups: list[list[ScannedSeries]] = []
    for each in pet:
        own = [group for group in groups if any(_same_exam(each, member) for member in group)]
        rest = [group for group in groups if group not in own]
        groups = [*rest, [member for group in own for member in group] + [each]]
    return groups


def spelled_differently(series: Iterable[ScannedSeries]) -> bool:
    """Whether one patient's name is not the same in all series."""
    names = {_folded(each.first.facts.patient.name) for each in series}
    return len(names - {""}) > 1


def _same_exam(one: ScannedSeries, other: ScannedSeries) -> bool:
    first, second = one.first.facts, other.first.facts
    if first.study_uid == second.study_uid:
        return True
    if not first.frame_of_reference_uid or first.frame_of_reference_uid != second.frame_of_reference_uid:
        return False
    begun, also = acquired(one), acquired(other)
    return begun is not None and also is not None and abs(begun - also) <= _SAME_ACQUISITION_S


def acquired(series: ScannedSeries) -> float | None:
    """Earliest acquisition (else the series' start) as a number of seconds; only differences have a meaning."""
    times = [each.acquired for each in series.instances if each.acquired is not None]
    moment = min(times) if times else series.first.facts.started
    return None if moment is None else moment.timestamp()


def _identifier(patient: Patient) -> str:
    return patient.patient_id.strip() or f"name {_folded(patient.name)}"


def _folded(name: str) -> str:
    """The first component group of a person name, without case, padding and empty components."""
    parts = name.partition("=")[0].replace("^", " ").split()
    return " ".join(parts).casefold()
