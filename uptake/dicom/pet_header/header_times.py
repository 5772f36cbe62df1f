"""Dates and times of DICOM headers, brought to the scanner's own clock."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

_DATE = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")
_TIME = re.compile(r"(\d{2}):?(\d{2})(?::?(\d{2})(?:\.(\d+))?)?")
_DATE_TIME = re.compile(r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(?:(\d{2})(?:\.(\d+))?)?([+-]\d{4})?")
_ZONE = re.compile(r"([+-])(\d{2})(\d{2})")


def combine(date: str, time: str) -> datetime | None:
    """A DA and a TM as one instant; None where either is empty, malformed or no finer than an hour.

    References
    ----------
    DICOM PS3.5 6.2 (DA, TM), with the separators of ACR-NEMA.
    """
    day, clock = _DATE.fullmatch(date.strip()), _TIME.fullmatch(time.strip())
    if day is None or clock is None:
        return None
    return _instant(*day.groups(), *clock.groups())


def parse_zone(text: str) -> timezone | None:
    """A ``&ZZXX`` suffix or Timezone Offset From UTC; None where it is empty or malformed."""
    found = _ZONE.fullmatch(text.strip())
    if found is None:
        return None
    sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if sign == "-" else offset) if offset < timedelta(days=1) else None


def parse_date_time(text: str, zone: timezone | None) -> tuple[datetime | None, bool]:
    """A DT on the scanner's clock.

    Parameters
    ----------
    text
        The value; it needs at least minutes.
    zone
        The header's own time zone, in which its DA and TM are written; None where it does not say.

    Returns
    -------
    instant
        Without time zone; None where the value is empty, malformed or no finer than an hour.
    zone_dropped
        Whether the value carries a time zone that could not be applied, as the header has none.

    References
    ----------
    DICOM PS3.5 6.2 (DT).
    """
    found = _DATE_TIME.fullmatch(text.strip())
    if found is None:
        return None, False
    *fields, suffix = found.groups()
    instant = _instant(*fields)
    own = parse_zone(suffix or "")
    if instant is None or own is None:
        return instant, False
    if zone is None:
        return instant, True
    return instant.replace(tzinfo=own).astimezone(zone).replace(tzinfo=None), False


def _instant(*fields: str | None) -> datetime | None:
    *parts, second, fraction = fields
    leap = second == "60"  # DICOM allows it, datetime does not
    year, month, day, hour, minute = (int(part or 0) for part in parts)
    try:
        whole = datetime(year, month, day, hour, minute, 59 if leap else int(second or 0))
    except ValueError:
        return None
    return whole + timedelta(seconds=float(f"0.{fraction or 0}") + leap)
