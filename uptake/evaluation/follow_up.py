"""What became of patients: a table with the columns ``patient_id``, ``follow_up_days`` and ``event``.

``event`` is 1 (or true, yes) where the event was seen after that many days, and 0 (or false, no) where follow-up ended
without it. Other columns are ignored; a line without days says nothing of its patient. ``patient_id`` is DICOM's
Patient ID; for NIfTI the patient's folder, or the case.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from uptake.errors import InputRefused
from uptake.training.exams import patient_key

DIGITAL_TABLE = "cohort.csv"
_COLUMNS = ("patient_id", "follow_up_days", "event")
_EVENTS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Days from the exam to the event, or to the end of follow-up where none was seen."""

    days: float
    event: bool


def find_follow_up(data: Path, table: Path | None) -> Mapping[str, FollowUp]:
    """Follow-up by ``patient_key``: from the table that is named, else from a digital cohort's own, else none."""
    own = data / DIGITAL_TABLE
    if table is None and not own.is_file():
        return {}
    return read_follow_up(table or own)


def read_follow_up(table: Path) -> dict[str, FollowUp]:
    """Read a table.

    Returns
    -------
    dict
        By ``patient_key`` of the patient's ID.

    Raises
    ------
    InputRefused
        If it cannot be read, lacks a column, or a line makes no sense; the line is named, the patient is not.
    """
    try:
        with table.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            lines = list(reader)
            columns = tuple(reader.fieldnames or ())
    except (OSError, ValueError, csv.Error) as error:
        raise InputRefused(
            f"the follow-up table {table.name} cannot be read.", remedy="Give a CSV file in UTF-8."
        ) from error
    lacking = [each for each in _COLUMNS if each not in columns]
    if lacking:
        raise InputRefused(
            f"the follow-up table {table.name} has no column {lacking[0]}.",
            remedy=f"It needs the columns {', '.join(_COLUMNS)}.",
        )
    found: dict[str, FollowUp] = {}
    for number, line in enumerate(lines, start=2):
        if not (line["follow_up_days"] or "").strip():
            continue
        key = patient_key((line["patient_id"] or "").strip())
        if key in found:
            raise _refused(table, number, "has a patient whom an earlier line has too", "Keep one line per patient.")
        found[key] = _follow_up(line, table, number)
    return found


def _follow_up(line: Mapping[str, str | None], table: Path, number: int) -> FollowUp:
    try:
        days = float(line["follow_up_days"] or "")
    except ValueError:
        days = math.nan
    event = _EVENTS.get((line["event"] or "").strip().lower())
    if not 0.0 <= days < math.inf:
        raise _refused(table, number, "has no number of days, 0 or more", "Give days from the exam.")
    if event is None:
        raise _refused(table, number, "has an event that is neither 0 nor 1", "Give 1 if it was seen, else 0.")
    return FollowUp(days, event)


def _refused(table: Path, line: int, fault: str, remedy: str) -> InputRefused:
    return InputRefused(f"line {line} of the follow-up table {table.name} {fault}.", remedy=remedy)
