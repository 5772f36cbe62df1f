"""The listed rules by which invalid header values are repaired or left out, so that what we write is valid.

Each rule has a fault in words and a repair; ``VALUE_RULES`` is the whole list for single values, ``MODULE_RULES`` for
values that depend on each other. A value that a repair empties is left out (or written empty where the attribute must
be present). Warnings name the attribute, the fault and what was done, never the value: it may identify the patient.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from math import inf, isfinite

from pydicom import Dataset
from pydicom.valuerep import format_number_as_ds

_LIMITS = {"SH": 16, "LO": 64, "CS": 16, "ST": 1024, "LT": 10240, "DS": 16}
_ONE_LINE = frozenset({"SH", "LO", "PN", "CS", "DA", "TM", "AS", "DS", "UI"})
_PARAGRAPHS = frozenset({"ST", "LT"})
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_PARAGRAPH_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
_TRIAL_TYPE_2 = (
    "ClinicalTrialProtocolName",
    "ClinicalTrialSiteID",
    "ClinicalTrialSiteName",
    "ClinicalTrialTimePointID",
)
_NO_METHOD = "not stated by the source"


@dataclass(frozen=True, slots=True)
class ValueRule:
    """One rule: for which VRs, how the fault shows, and what is written instead.

    Parameters
    ----------
    vrs
        The value representations it holds for.
    fault
        Gives the fault in words, or an empty text where there is none.
    repair
        Gives the value to be written; empty leaves it out.
    outcome
        What was done, in a word.
    """

    vrs: frozenset[str]
    fault: Callable[[str, str], str]
    repair: Callable[[str, str], str]
    outcome: str = "repaired"


def repair_value(keyword: str, vr: str, value: str) -> tuple[str, tuple[str, ...]]:
    """Put one decoded value through ``VALUE_RULES``.

    Returns
    -------
    value
        Valid for its VR; empty where nothing could be kept.
    warnings
        One per rule that applied.

    References
    ----------
    DICOM PS3.5, 6.2 (value representations).
    """
    warnings: list[str] = []
    value = value.strip(" \x00")
    for rule in VALUE_RULES:
        fault = rule.fault(vr, value) if value and vr in rule.vrs else ""
        if fault:
            value = rule.repair(vr, value).strip(" ")
            warnings.append(f"{keyword} {fault}: {rule.outcome if value else 'left out'}.")
    return value, tuple(warnings)


def join_values(keyword: str, vr: str, values: list[str]) -> tuple[str, tuple[str, ...]]:
    """Make one value of several where the attribute may hold one only (a backslash in a text does that)."""
    if len(values) == 1:
        return values[0], ()
    joined = "/".join(values) if vr in ("SH", "LO", "PN") else values[0]
    outcome = "joined with slashes" if vr in ("SH", "LO", "PN") else "the first was kept"
    return joined, (f"{keyword} held {len(values)} values where one is allowed: {outcome}.",)


def repair_modules(header: Dataset) -> tuple[str, ...]:
    """Apply ``MODULE_RULES`` to a header in place; gives the warnings."""
    return tuple(warning for rule in MODULE_RULES if (warning := rule(header)))


def _controls(vr: str) -> re.Pattern[str]:
    return _PARAGRAPH_CONTROLS if vr in _PARAGRAPHS else _CONTROLS


def _too_long(vr: str, value: str) -> str:
    limit = _LIMITS[vr]
    return f"was {len(value)} characters, at most {limit} are allowed" if len(value) > limit else ""


def _cut(vr: str, value: str) -> str:
    return value[: _LIMITS[vr]]


def _name_fault(_vr: str, value: str) -> str:
    groups = value.split("=")
    if len(groups) > 3 or any(group.count("^") > 4 for group in groups):
        return "had more name groups or components than allowed"
    longest = max(len(group) for group in groups)
    return f"had a name group of {longest} characters, at most 64 are allowed" if longest > 64 else ""


def _name_repair(_vr: str, value: str) -> str:
    return "=".join("^".join(group.split("^")[:5])[:64] for group in value.split("=")[:3])


def _parsed(value: str, *formats: str) -> datetime | None:
    for form in formats:
        try:
            return datetime.strptime(value, form)
        except ValueError:
            continue
    return None


def _date_fault(_vr: str, value: str) -> str:
    valid = re.fullmatch(r"[0-9]{8}", value) and _parsed(value, "%Y%m%d")
    return "" if valid else "was no valid date"


def _date_repair(_vr: str, value: str) -> str:
    date = _parsed(value, "%Y.%m.%d", "%Y-%m-%d", "%Y/%m/%d", "%Y%m%d")
    return f"{date:%Y%m%d}" if date else ""


def _time_fault(_vr: str, value: str) -> str:
    return (
        ""
        if re.fullmatch(r"([01][0-9]|2[0-3])([0-5][0-9]([0-5][0-9](\.[0-9]{1,6})?|60)?)?", value)
        else "was no valid time"
    )


def _time_repair(_vr: str, value: str) -> str:
    time = _parsed(value, "%H:%M:%S", "%H:%M:%S.%f", "%H:%M")
    if time is None:
        return ""
    return f"{time:%H%M%S.%f}" if time.microsecond else f"{time:%H%M%S}"


def _age_fault(_vr: str, value: str) -> str:
    return "" if re.fullmatch(r"[0-9]{3}[DWMY]", value) else "was no valid age"


def _age_repair(_vr: str, value: str) -> str:
    match = re.fullmatch(r"([0-9]{1,3})\s*([DWMYdwmy])", value)
    return f"{int(match[1]):03d}{match[2].upper()}" if match else ""


def _number_fault(_vr: str, value: str) -> str:
    if not re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", value):
        return "was no number"
    return _too_long("DS", value)


def _number_repair(_vr: str, value: str) -> str:
    number = float(value) if _number_fault("DS", value) != "was no number" else inf
    return str(format_number_as_ds(number)) if isfinite(number) else ""


def _code_string_fault(_vr: str, value: str) -> str:
    if re.fullmatch(r"[A-Z0-9 _]*", value):
        return _too_long("CS", value)
    return "held characters that are not allowed in a code string"


def _code_string_repair(_vr: str, value: str) -> str:
    # A cut code would say something else, so an over-long one is left out.
    upper = value.upper()
    return "" if _code_string_fault("CS", upper) else upper


def _uid_fault(_vr: str, value: str) -> str:
    valid = re.fullmatch(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+", value) and len(value) <= 64
    return "" if valid else "is no valid UID"


VALUE_RULES: tuple[ValueRule, ...] = (
    ValueRule(
        _ONE_LINE | _PARAGRAPHS,
        lambda vr, value: "held control characters" if _controls(vr).search(value) else "",
        lambda vr, value: _controls(vr).sub("", value),
        "removed",
    ),
    ValueRule(
        _ONE_LINE | _PARAGRAPHS,
        lambda _vr, value: "held bytes outside its character set" if "\ufffd" in value else "",
        lambda _vr, value: value.replace("\ufffd", "?"),
        "replaced by question marks",
    ),
    ValueRule(frozenset({"SH", "LO", "ST", "LT"}), _too_long, _cut, "cut"),
    ValueRule(frozenset({"PN"}), _name_fault, _name_repair, "cut"),
    ValueRule(frozenset({"CS"}), _code_string_fault, _code_string_repair),
    ValueRule(frozenset({"DA"}), _date_fault, _date_repair),
    ValueRule(frozenset({"TM"}), _time_fault, _time_repair),
    ValueRule(frozenset({"AS"}), _age_fault, _age_repair),
    ValueRule(frozenset({"DS"}), _number_fault, _number_repair),
    # Another UID would take the object out of its study.
    ValueRule(frozenset({"UI"}), _uid_fault, lambda _vr, value: value, "kept, so that references still match"),
)


def _sex(header: Dataset) -> str:
    written = {"MALE": "M", "FEMALE": "F", "OTHER": "O"}
    value = str(header.get("PatientSex") or "")
    if value in ("", "M", "F", "O"):
        return ""
    header.PatientSex = written.get(value, "")
    return "PatientSex was none of M, F and O: " + ("repaired." if header.PatientSex else "left out.")


def _clinical_trial(header: Dataset) -> str:
    trial = [element.keyword for element in header if element.keyword.startswith("ClinicalTrial")]
    if not trial:
        return ""
    subject = header.get("ClinicalTrialSubjectID") or header.get("ClinicalTrialSubjectReadingID")
    if header.get("ClinicalTrialSponsorName") and header.get("ClinicalTrialProtocolID") and subject:
        for keyword in _TRIAL_TYPE_2:
            header.setdefault(keyword, "")
        return ""
    for keyword in trial:
        delattr(header, keyword)
    return "A required clinical trial attribute (sponsor, protocol or subject) was empty: the module was left out."


def _identity_removed(header: Dataset) -> str:
    value = header.get("PatientIdentityRemoved")
    if value not in (None, "", "YES", "NO"):
        del header.PatientIdentityRemoved
        return "PatientIdentityRemoved was neither YES nor NO: left out."
    stated = header.get("DeidentificationMethod") or header.get("DeidentificationMethodCodeSequence")
    if value == "YES" and not stated:
        header.DeidentificationMethod = _NO_METHOD
        return f"DeidentificationMethod was empty though required: filled with {_NO_METHOD!r}."
    return ""


MODULE_RULES: tuple[Callable[[Dataset], str], ...] = (_sex, _clinical_trial, _identity_removed)
