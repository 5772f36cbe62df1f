"""How far thresholds and a tiny PET-only network get on each system's digital patients.

``python -m benchmarks.studies.difficulty [SYSTEM ...]`` makes what exams are missing in ``build/studies``, scores the
named systems (all), and writes ``docs/digital-patients-difficulty.md`` from every system scored so far.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.studies import _difficulty_scores as scores
from benchmarks.studies import _network
from benchmarks.studies._difficulty_page import page
from benchmarks.studies._exams import StudyExam, study_exams
from uptake.phantom.cohort.specification import CohortSpecification
from uptake.phantom.designing import Wish
from uptake.phantom.plan import SYSTEMS

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "studies"
PAGE = ROOT / "docs" / "digital-patients-difficulty.md"
TRAIN_SEED, TEST_SEED = 1, 9000
# Both exams of a pair train the network, so that each system has about as many training exams.
TRAIN_PATIENTS = {"head-neck": 24, "breast-pairs": 12, "psma": 24, "response": 13}
# How many of the test cohort, and every how many: psma has 21 scenarios and response 13, and each test set must
# hold its many kinds of patient (response: some pairs of every class).
TEST_PATIENTS = {"head-neck": (12, 1), "breast-pairs": (12, 1), "psma": (24, 2), "response": (26, 1)}
STEPS = 500
NETWORK_SEED = 1
PROCESSES = 2


def main() -> int:
    """Score the named systems and write the page; exit 64 if one is unknown."""
    wanted = sys.argv[1:] or SYSTEMS
    unknown = set(wanted) - set(SYSTEMS)
    if unknown:
        print(f"no system named {', '.join(sorted(unknown))}; there are {', '.join(SYSTEMS)}", file=sys.stderr)
        return 64
    for system in wanted:
        figures = study(system)
        (FOLDER / f"{system}.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")
    known = {name: FOLDER / f"{name}.json" for name in SYSTEMS if (FOLDER / f"{name}.json").exists()}
    PAGE.write_text(page({name: json.loads(path.read_text()) for name, path in known.items()}), encoding="utf-8")
    return 0


def study(system: str) -> dict[str, Any]:
    """Make the exams, train, and score one system."""
    train_wishes, test_wishes = wishes(system)
    train = study_exams(FOLDER, train_wishes, processes=PROCESSES)
    test = study_exams(FOLDER, test_wishes, processes=PROCESSES)
    start = perf_counter()
    net = _network.train(train, seed=NETWORK_SEED, steps=STEPS)
    seconds = perf_counter() - start
    first = [exam for exam in test if exam.number == 1]
    thresholds, false = scores.thresholds_dice(first)
    figures: dict[str, Any] = {
        "train": _group(train, train_wishes, TRAIN_SEED),
        "test": _group(test, test_wishes, TEST_SEED),
        "thresholds": thresholds,
        "false": false,
        "network": {
            **scores.network_dice(net, first),
            "parameters": _network.parameters(net),
            "steps": STEPS,
            "seconds": seconds,
            "seed": NETWORK_SEED,
        },
    }
    if system == "psma":
        figures["candidates"] = scores.candidate_precision(net, first)
    if system == "response":
        figures["response"] = scores.response_auroc(net, test)
    return figures


def wishes(system: str) -> tuple[Sequence[Wish], Sequence[Wish]]:
    """The system's training and test patients."""
    size, every = TEST_PATIENTS[system]
    train = CohortSpecification(system, TRAIN_PATIENTS[system], TRAIN_SEED).wishes()
    return train, CohortSpecification(system, size, TEST_SEED).wishes()[::every]


def _group(exams: Sequence[StudyExam], asked: Sequence[Wish], seed: int) -> dict[str, int]:
    first = [exam for exam in exams if exam.number == 1]
    return {
        "seed": seed,
        "patients": len(first),
        "exams": len(exams),
        "failed": len(asked) - len(first),
        "with_lesions": sum(bool(exam.lesions.any()) for exam in first),
    }


if __name__ == "__main__":
    sys.exit(main())
