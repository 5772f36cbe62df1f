"""What thresholds and the tiny network reach on one system's test patients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.studies import _network, _thresholds
from benchmarks.studies._exams import StudyExam
from benchmarks.studies._scores import Overlap, auroc, average_precision, global_dice, mean_dice, overlap
from uptake.phantom.checking.anatomy import structures

Row = dict[str, object]
Mask = NDArray[np.bool_]

SPARED = "best fixed value, true brain and bladder removed"
_POSITIVE_SHARE = 0.5
_CLASSES = ("progression", "stable", "resolution")
_NAMED_STRUCTURES = 5


def thresholds_dice(exams: Sequence[StudyExam]) -> tuple[list[Row], Row]:
    """Dice of every threshold, and where the voxels lie that the best fixed one finds falsely."""
    rows = []
    for method in _thresholds.NAMED:
        found = [_thresholds.named(exam, method) for exam in exams]
        if all(mask is not None for mask in found):
            rows.append(_row(method, [_overlap(m, e) for m, e in zip(found, exams, strict=True) if m is not None]))
    swept = [[_overlap(mask, exam) for mask in _thresholds.swept(exam)] for exam in exams]
    best, best_mean, by_value = _best(swept)
    rows.append(_row(f"best fixed value, global ({_thresholds.SWEPT[best]:g})", by_value[best]))
    rows.append(_row(f"best fixed value, mean ({_thresholds.SWEPT[best_mean]:g})", by_value[best_mean]))
    rows.append(_row("every patient's own best fixed value", [max(patient, key=_dice) for patient in swept]))
    spared = [[_overlap(mask, exam) for mask in _thresholds.swept(exam, spared=True)] for exam in exams]
    for index in sorted({*_best(spared)[:2]}):
        value = f"{SPARED} ({_thresholds.SWEPT[index]:g})"
        rows.append(_row(value, [patient[index] for patient in spared]))
    return rows, _false_voxels(exams, best)


def _best(swept: Sequence[Sequence[Overlap]]) -> tuple[int, int, list[list[Overlap]]]:
    """The values of the highest global and mean Dice, and the exams' counts by value."""
    by_value = [[patient[index] for patient in swept] for index in range(len(_thresholds.SWEPT))]
    return (
        int(np.argmax([global_dice(each) for each in by_value])),
        int(np.argmax([mean_dice(each) for each in by_value])),
        by_value,
    )


def network_dice(net: torch.nn.Module, exams: Sequence[StudyExam]) -> Row:
    """Dice of the network at probability 0.5."""
    return _row("tiny PET-only network", [_overlap(_network_regions(net, exam) > 0, exam) for exam in exams])


def candidate_precision(net: torch.nn.Module, exams: Sequence[StudyExam]) -> Row:
    """Average precision of candidate regions, ranked by SUVmax and by the network's mean probability."""
    suv_max, probability, positive, lesions, covered = list[float](), list[float](), list[bool](), 0, 0
    for exam in exams:
        regions = _thresholds.candidates(exam)
        numbers = np.arange(1, int(regions.max()) + 1)
        truth = ndimage.mean(exam.lesions > 0, regions, numbers) >= _POSITIVE_SHARE
        suv_max += list(ndimage.maximum(exam.suv, regions, numbers))
        probability += list(ndimage.mean(_network.probability(net, exam), regions, numbers))
        positive += list(truth)
        true_regions = np.isin(regions, numbers[truth])
        lesions += len(np.unique(exam.lesions)) - 1
        covered += len(np.setdiff1d(np.unique(exam.lesions[true_regions]), [0]))
    return {
        "candidates": len(positive),
        "positive": int(np.sum(positive)),
        "lesions": lesions,
        "covered": covered,
        "suv_max": average_precision(suv_max, positive),
        "network": average_precision(probability, positive),
    }


def response_auroc(net: torch.nn.Module, exams: Sequence[StudyExam]) -> Row:
    """One-vs-rest areas of OncoNet's three classes, by changes a threshold user and the network's user can compute."""
    pairs = _pairs(exams)
    truth = np.array([before.intended["onconet"] for before, _ in pairs])
    found = {id(exam): _network_regions(net, exam) > 0 for exam in exams}
    measures: dict[str, Callable[[StudyExam], float]] = {
        "threshold: SUVmax of the whole body": lambda exam: float(exam.suv.max()),
        "threshold: volume above SUV 4": lambda exam: float(_above_4(exam).sum()),
        "threshold: TLG above SUV 4": lambda exam: float(exam.suv[_above_4(exam)].sum(dtype=np.float64)),
        "network: SUVmax of what it finds": lambda exam: float(exam.suv[found[id(exam)]].max(initial=0)),
        "network: volume of what it finds": lambda exam: float(found[id(exam)].sum()),
        "network: TLG of what it finds": lambda exam: float(exam.suv[found[id(exam)]].sum(dtype=np.float64)),
    }
    return {
        "pairs": dict(Counter(truth.tolist())),
        "rows": [{"name": name, **_areas(pairs, truth, measure)} for name, measure in measures.items()],
    }


def _above_4(exam: StudyExam) -> Mask:
    return _thresholds.kept(exam.suv >= 4, exam) > 0


def _areas(
    pairs: Sequence[tuple[StudyExam, StudyExam]], truth: NDArray[np.str_], measure: Callable[[StudyExam], float]
) -> Row:
    change = np.array([_change(measure(before), measure(after)) for before, after in pairs])
    scores = {"progression": change, "stable": -np.abs(change), "resolution": -change}
    areas = {name: auroc(scores[name], truth == name) for name in _CLASSES}
    return {**areas, "mean": float(np.mean(list(areas.values())))}


def _change(before: float, after: float) -> float:
    """From -1 (vanished) to 1 (appeared), in step with their ratio; 0 where both are 0."""
    return (after - before) / (after + before) if after + before else 0.0


def _pairs(exams: Sequence[StudyExam]) -> list[tuple[StudyExam, StudyExam]]:
    second = {exam.name: exam for exam in exams if exam.number == 2}
    return [(exam, second[exam.name]) for exam in exams if exam.number == 1]


def _network_regions(net: torch.nn.Module, exam: StudyExam) -> NDArray[np.uint16]:
    return _thresholds.kept(_network.probability(net, exam) >= 0.5, exam)


def _overlap(mask: Mask, exam: StudyExam) -> Overlap:
    return overlap(mask, exam.lesions > 0)


def _dice(exam: Overlap) -> float:
    return exam.dice if exam.lesion else 0.0


def _row(name: str, exams: Sequence[Overlap]) -> Row:
    return {"name": name, "global": global_dice(exams), "mean": mean_dice(exams)}


def _false_voxels(exams: Sequence[StudyExam], index: int) -> Row:
    """Of the voxels outside lesions found at ``SWEPT[index]``: in which structures most of them lie."""
    names = {each.number: name for name, each in structures().items()}
    count, lesion = Counter[str](), 0
    for exam in exams:
        mask = next(islice(_thresholds.swept(exam), index, None))
        numbers, voxels = np.unique(exam.structures[mask & (exam.lesions == 0)], return_counts=True)
        count.update({names.get(int(n), "outside the body"): int(v) for n, v in zip(numbers, voxels, strict=True)})
        lesion += int((mask & (exam.lesions > 0)).sum())
    total = sum(count.values())
    return {
        "threshold": _thresholds.SWEPT[index],
        "false_share": total / max(total + lesion, 1),
        "structures": {name: voxels / max(total, 1) for name, voxels in count.most_common(_NAMED_STRUCTURES)},
    }
