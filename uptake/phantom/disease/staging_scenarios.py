"""Patterns of head and neck cancer and of prostate cancer (miTNM), and the courses of the latter (RECIP)."""

from __future__ import annotations

from uptake.phantom.disease.scenario import Course, Scenario

HEAD_NECK = (
    Scenario("primary with nodes", "head-neck", weight=5),
    Scenario("primary alone", "head-neck", weight=2),
    Scenario("touching", "head-neck", weight=2),
    Scenario("necrotic", "head-neck", weight=2),
    Scenario("nodes alone", "head-neck", weight=1),
)


def _pattern(name: str, weight: float) -> Scenario:
    return Scenario(name, "prostate", {"mitnm": name}, weight)


PSMA = (
    _pattern("N0 M0", 2),
    _pattern("N1 M0", 2),
    _pattern("N2 M0", 1.5),
    _pattern("N0 M1a", 1),
    _pattern("N1 M1a", 1),
    _pattern("N2 M1a", 1),
    _pattern("N0 M1b-u", 1.5),
    _pattern("N1 M1b-u", 1),
    _pattern("N0 M1b-o", 1),
    _pattern("N2 M1b-o", 1),
    _pattern("N1 M1b-d", 1),
    _pattern("N2 M1b-d", 1.5),
    _pattern("N2 M1b-dmi", 1),
    _pattern("N0 M1c", 0.7),
    _pattern("N2 M1c", 0.8),
    Scenario("complete", "prostate", {"recip": "CR"}, 1, Course(resolved=1.0)),
    Scenario("partial", "prostate", {"recip": "PR"}, 1.5, Course(level=(0.4, 0.7), volume=(0.25, 0.5), resolved=0.2)),
    Scenario("stable", "prostate", {"recip": "SD"}, 1.5, Course(level=(0.85, 1.15), volume=(0.9, 1.08))),
    Scenario("grown without new", "prostate", {"recip": "SD"}, 0.7, Course(level=(1.0, 1.3), volume=(1.4, 1.7))),
    Scenario(
        "new but smaller",
        "prostate",
        {"recip": "SD"},
        0.7,
        Course(level=(0.6, 0.9), volume=(0.4, 0.55), new=(1, 1)),
    ),
    Scenario(
        "progressive",
        "prostate",
        {"recip": "PD"},
        1.5,
        Course(level=(1.0, 1.4), volume=(1.35, 1.7), new=(1, 4), new_level=(0.4, 0.9)),
    ),
    Scenario("near 30 % of volume", "prostate", {"recip": "PR"}, 1, Course(volume=(0.70, 0.71)), borderline=True),
)
