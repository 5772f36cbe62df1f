from datetime import datetime, timedelta, timezone

import pytest

from uptake.dicom.pet_header.header_times import combine, parse_date_time, parse_zone

NOON = datetime(2020, 5, 17, 12, 0, 0)


@pytest.mark.parametrize(
    ("date", "time", "instant"),
    [
        ("20200517", "120000", NOON),
        ("20200517 ", "120000.250000 ", NOON + timedelta(seconds=0.25)),
        ("20200517", "1200", NOON),
        ("20200517", "115960", NOON),
        ("2020.05.17", "12:00:00", NOON),
        ("20200517", "12", None),
        ("20200517", "", None),
        ("", "120000", None),
        ("20200230", "120000", None),
        ("20200517", "250000", None),
        ("ANONYMIZED", "120000", None),
    ],
)
def test_date_and_time(date, time, instant):
    assert combine(date, time) == instant


@pytest.mark.parametrize(
    ("text", "zone", "instant", "dropped"),
    [
        ("20200517120000.00 ", "", NOON, False),
        ("202005171200", "", NOON, False),
        ("20200517100000+0000", "+0200", NOON, False),
        ("20200517233000-0500", "+0200", datetime(2020, 5, 18, 6, 30), False),
        ("20200517120000+0200", "", NOON, True),
        ("20200517120000", "+0200", NOON, False),
        ("20200517", "", None, False),
        ("2020051712", "", None, False),
        ("", "", None, False),
        ("yesterday", "", None, False),
    ],
)
def test_date_time_on_the_scanners_clock(text, zone, instant, dropped):
    assert parse_date_time(text, parse_zone(zone)) == (instant, dropped)


def test_zone():
    assert parse_zone("-0330") == timezone(-timedelta(hours=3, minutes=30))
    assert parse_zone("0200") is None
    assert parse_zone("+9900") is None
