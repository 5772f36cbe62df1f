"""Courses of metastatic breast cancer and lymphoma between two FDG exams, each far from every cut-off it decides."""

from __future__ import annotations

from uptake.phantom.disease.scenario import Course, Scenario

_CHANGE = ("sulpeak", "tlg", "pbi", "pli")


def _solid(percist: str, hottest: str, *, changes: str) -> dict[str, str]:
    """``changes``: one letter (r or n) each for SULpeak, TLG, PBI, PLI."""
    words = {"r": "responder", "n": "non-responder"}
    return {
        "percist": percist,
        "suvmax-25": hottest,
        "onconet": hottest,
        **{name: words[letter] for name, letter in zip(_CHANGE, changes, strict=True)},
    }


def _lymphoma(deauville: str, lugano: str, hottest: str) -> dict[str, str]:
    response = "responder" if hottest == "resolution" else "non-responder"
    # None of the lymphoma patients has a liver lesion, so that there is no liver index.
    changes = {name: response for name in _CHANGE if name != "pli"}
    return {"deauville": deauville, "lugano": lugano, "suvmax-25": hottest, "onconet": hottest, **changes}


_COMPLETE = Course(resolved=1.0, residual=True, level=(0.2, 0.25), volume=(0.3, 0.6))
_PARTIAL = Course(level=(0.38, 0.5), volume=(0.35, 0.65), resolved=0.2)
_STABLE = Course(level=(0.96, 1.05), volume=(1.15, 1.21))
_GROWN = Course(level=(1.55, 1.9), volume=(1.5, 2.0))
_NEW = Course(level=(0.97, 1.04), volume=(1.15, 1.2), new=(1, 3), new_level=(0.5, 0.7))

BREAST = (
    Scenario("complete", "breast", _solid("CMR", "resolution", changes="rrrr"), 2, _COMPLETE),
    Scenario("partial", "breast", _solid("PMR", "resolution", changes="rrrr"), 3, _PARTIAL, (4.5, 6.5)),
    Scenario(
        "cooler",
        "breast",
        _solid("PMR", "resolution", changes="rrnn"),
        1,
        Course(level=(0.33, 0.4), volume=(1.14, 1.18)),
        (5.0, 7.0),
    ),
    Scenario(
        "smaller",
        "breast",
        _solid("SMD", "stable", changes="nrrr"),
        1,
        Course(level=(0.96, 1.0), volume=(0.28, 0.36)),
        largest_ml=24.0,
    ),
    Scenario("stable", "breast", _solid("SMD", "stable", changes="nnnn"), 3, _STABLE),
    Scenario("grown", "breast", _solid("PMD", "progression", changes="nnnn"), 2, _GROWN, (3.0, 4.2)),
    Scenario("new", "breast", _solid("PMD", "stable", changes="nnnn"), 2, _NEW, (4.0, 5.5)),
    Scenario(
        "new and hot",
        "breast",
        _solid("PMD", "progression", changes="nnnn"),
        1,
        Course(level=(0.97, 1.04), volume=(1.15, 1.2), new=(1, 3), new_level=(1.5, 1.9)),
        (3.0, 4.0),
    ),
    Scenario(
        "mixed",
        "breast",
        _solid("PMD", "resolution", changes="rrrr"),
        1,
        Course(level=(0.38, 0.48), volume=(0.35, 0.6), new=(1, 1), new_level=(0.55, 0.75)),
        (5.0, 7.0),
    ),
    Scenario(
        "partial on another scanner",
        "breast",
        _solid("NOT_EVALUABLE", "resolution", changes="rrrr"),
        0.6,
        _PARTIAL,
        (4.5, 6.5),
        comparison="other scanner",
    ),
    Scenario(
        "stable but late",
        "breast",
        _solid("NOT_EVALUABLE", "stable", changes="nnnn"),
        0.6,
        _STABLE,
        comparison="late",
    ),
    Scenario(
        "not measurable",
        "breast",
        _solid("NOT_EVALUABLE", "resolution", changes="rrrr"),
        0.8,
        Course(resolved=1.0),
        (1.05, 1.2),
    ),
    Scenario(
        "near 30 % of uptake",
        "breast",
        {"percist": "PMR"},
        1,
        Course(level=(0.68, 0.69), volume=(0.98, 1.02)),
        borderline=True,
    ),
    Scenario(
        "near 25 % of uptake",
        "breast",
        {"suvmax-25": "progression"},
        1,
        Course(level=(1.23, 1.26), volume=(1.0, 1.05)),
        borderline=True,
    ),
)

RESPONSE = (
    Scenario("1 CMR", "lymphoma", _lymphoma("1", "CMR", "resolution"), 2, Course(resolved=1.0), (4.0, 8.0)),
    Scenario(
        "2 CMR",
        "lymphoma",
        _lymphoma("2", "CMR", "resolution"),
        1.5,
        Course(resolved=0.85, target="blood", volume=(0.7, 0.9)),
        (4.0, 8.0),
        14.0,
    ),
    Scenario(
        "3 CMR",
        "lymphoma",
        _lymphoma("3", "CMR", "resolution"),
        1.5,
        Course(resolved=0.85, target="between", volume=(0.7, 0.9)),
        (4.0, 8.0),
        18.0,
    ),
    Scenario(
        "4 PMR",
        "lymphoma",
        _lymphoma("4", "PMR", "resolution"),
        2,
        Course(resolved=0.5, target="moderate", volume=(0.6, 0.8)),
        (5.0, 8.0),
        12.0,
    ),
    Scenario(
        "5 PMR",
        "lymphoma",
        _lymphoma("5", "PMR", "resolution"),
        1.5,
        Course(level=(0.42, 0.48), volume=(0.5, 0.7), resolved=0.3),
        (9.5, 11.0),
        12.0,
    ),
    Scenario(
        "4 NMR",
        "lymphoma",
        _lymphoma("4", "NMR", "stable"),
        1.5,
        Course(level=(0.98, 1.03), volume=(1.08, 1.14)),
        (1.4, 1.48),
        12.0,
    ),
    Scenario(
        "5 NMR",
        "lymphoma",
        _lymphoma("5", "NMR", "stable"),
        1.5,
        Course(level=(0.96, 1.05), volume=(1.08, 1.14)),
        (4.2, 6.0),
    ),
    Scenario("5 PMD grown", "lymphoma", _lymphoma("5", "PMD", "progression"), 2, _GROWN, (3.0, 4.2)),
    Scenario("5 PMD new", "lymphoma", _lymphoma("5", "PMD", "stable"), 2, _NEW, (5.5, 7.5)),
    Scenario("solid complete", "breast", _solid("CMR", "resolution", changes="rrrr"), 1.5, _COMPLETE),
    Scenario("solid partial", "breast", _solid("PMR", "resolution", changes="rrrr"), 2, _PARTIAL, (4.5, 6.5)),
    Scenario("solid stable", "breast", _solid("SMD", "stable", changes="nnnn"), 2.5, _STABLE),
    Scenario("solid grown", "breast", _solid("PMD", "progression", changes="nnnn"), 2.5, _GROWN, (3.0, 4.2)),
    Scenario(
        "near the liver",
        "lymphoma",
        {"deauville": "4"},
        1,
        Course(resolved=0.85, target="liver", volume=(0.7, 0.9)),
        (4.0, 8.0),
        18.0,
        borderline=True,
    ),
    Scenario(
        "near 25 % of uptake",
        "lymphoma",
        {"suvmax-25": "resolution"},
        1,
        Course(level=(0.72, 0.73), volume=(0.95, 1.0)),
        (4.2, 6.0),
        borderline=True,
    ),
)
