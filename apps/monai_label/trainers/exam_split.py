"""Which patients judge versions, and which each fold is watched with: by hash, so that no later truth changes it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from apps.monai_label.trainers.training_errors import TrainingRefused

LEAST_PATIENTS = 3
"""One to judge by, one to watch with, one to learn from."""


@dataclass(frozen=True, slots=True)
class Part:
    """Keys of the patients that a fold is trained on, and of those that its epochs are chosen by."""

    train: tuple[str, ...]
    watch: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.train or set(self.train) & set(self.watch):
            raise ValueError("a fold needs patients to train on, and none of them to be watched with")


def judging_patients(
    patients: Collection[str], kept: Iterable[str], learned_from: Collection[str], share: float
) -> tuple[str, ...]:
    """Patients by whose exams versions are compared; no version ever learns from them.

    Parameters
    ----------
    patients
        Keys of all that have truth.
    kept
        Those that judged before; they stay.
    learned_from
        Whom any version has seen in training; they can judge no more.
    share
        Wanted of all, 0 to 1; one patient at the least.

    Raises
    ------
    TrainingRefused
        If there are fewer than three patients, or none who could judge.
    """
    if len(set(patients)) < LEAST_PATIENTS:
        raise TrainingRefused(
            f"{len(set(patients))} patient(s) have truth, and {LEAST_PATIENTS} are needed: to learn from, to watch "
            "the training with, and to compare versions by.",
            remedy="Submit the labels of more patients.",
        )
    judges = [each for each in kept if each in patients and each not in learned_from]
    wanted = max(1, round(share * len(set(patients))))
    free = _by_hash(set(patients) - set(judges) - set(learned_from), "judge")
    judges += free[: max(0, min(wanted - len(judges), len(set(patients)) - 2 - len(judges)))]
    if not judges:
        raise TrainingRefused(
            "every patient with truth had a part in an earlier version, so that nobody is left to compare by.",
            remedy="Submit the label of another patient.",
        )
    return tuple(sorted(judges))


def fold_parts(patients: Collection[str], folds: int, share: float) -> tuple[Part, ...]:
    """Split patients for each fold: a patient has a slot by hash for good, and a fold is watched with its slot's.

    So nobody who was trained on is watched with later. Of few patients that cannot be had: where nobody is in a fold's
    slot another one is watched with, and where most are in it, half of all at the most.

    Parameters
    ----------
    patients
        Keys of those to learn from; two at least where ``share`` is not 0.
    folds
        Networks.
    share
        Of the patients, to watch with, on average; 0 for none.

    Raises
    ------
    ValueError
        If there are too few patients.
    """
    order = _by_hash(set(patients), "watch")
    if folds < 1 or not 0.0 <= share <= 0.5 or len(order) < (2 if share else 1):
        raise ValueError("folds need patients to learn from, and another to watch with")
    slots = max(folds, round(1 / share)) if share else folds
    most = max(1, len(order) // 2)
    parts = []
    for fold in range(folds):
        own = [each for each in order if _number(each, "watch") % slots == fold][:most]
        watch = (own or [order[fold % len(order)]]) if share else []
        parts.append(Part(tuple(sorted(set(order) - set(watch))), tuple(sorted(watch))))
    return tuple(parts)


def _by_hash(patients: Iterable[str], salt: str) -> list[str]:
    return sorted(patients, key=lambda each: (_number(each, salt), each))


def _number(patient: str, salt: str) -> int:
    return int.from_bytes(hashlib.sha256(f"uptake label {salt} {patient}".encode()).digest()[:8], "big")
