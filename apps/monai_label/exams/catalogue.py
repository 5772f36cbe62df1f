"""The exams that a source lists: one PET series each, and which of them are the same patient's earlier ones."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from apps.monai_label.exams.exam_key import ExamKey, require_uid


@dataclass(frozen=True, slots=True)
class ListedExam:
    """The PET series of an exam, as a listing tells it.

    Parameters
    ----------
    patient, born
        Digests, which tell patients apart without naming them; empty where the listing is silent.
    started
        Date and time of the series as digits, ``YYYYMMDDHHMMSS``; empty where unknown. Hidden from ``repr``.
    instances
        How many objects the series has.
    ct_series_uid, frame_of_reference_uid
        Where the listing knows them.
    """

    series_uid: str
    study_uid: str
    patient: str = field(repr=False)
    born: str = field(repr=False)
    started: str = field(repr=False)
    instances: int
    ct_series_uid: str | None = None
    frame_of_reference_uid: str = ""

    def __post_init__(self) -> None:
        require_uid(self.series_uid)
        require_uid(self.study_uid)


def digest(*texts: str) -> str:
    """A short digest of a patient's identifiers; empty where the first of them is."""
    if not texts or not texts[0].strip():
        return ""
    return hashlib.sha256("\n".join(text.strip() for text in texts).encode()).hexdigest()[:32]


class Catalogue:
    """Listed exams in time order, by their image id."""

    def __init__(self, exams: Iterable[ListedExam]) -> None:
        ordered = sorted(exams, key=lambda each: (each.started, each.series_uid))
        self._exams = {each.series_uid: each for each in ordered}
        self._studies: dict[str, list[str]] = defaultdict(list)
        for each in ordered:
            self._studies[each.study_uid].append(each.series_uid)
        self._patients: dict[str, list[ListedExam]] = defaultdict(list)
        for each in self._exams.values():
            if each.patient:
                self._patients[each.patient].append(each)

    def __len__(self) -> int:
        return len(self._exams)

    def __iter__(self) -> Iterator[ListedExam]:
        return iter(self._exams.values())

    def find(self, image_id: str) -> ListedExam | None:
        """The exam of that image id."""
        return self._exams.get(image_id)

    def of_study(self, study_uid: str) -> tuple[str, ...]:
        """Image ids of a study's exams."""
        return tuple(self._studies.get(study_uid, ()))

    def earlier(self, image_id: str) -> tuple[ListedExam, ...]:
        """Earlier exams of the same patient, the latest first.

        The same Patient ID with two birth dates is two patients; a missing birth date tells nothing.
        """
        exam = self._exams[image_id]
        if not exam.patient or not exam.started:
            return ()
        found = [
            each
            for each in self._patients[exam.patient]
            if each.started and each.started < exam.started and each.study_uid != exam.study_uid
            if not (each.born and exam.born and each.born != exam.born)
        ]
        return tuple(reversed(found))

    def key(self, exam: ListedExam) -> ExamKey:
        """What others know an exam by."""
        prior = next(iter(self.earlier(exam.series_uid)), None)
        return ExamKey(
            pet_series_uid=exam.series_uid,
            study_uid=exam.study_uid,
            ct_series_uid=exam.ct_series_uid,
            frame_of_reference_uid=exam.frame_of_reference_uid,
            prior_pet_series_uid=None if prior is None else prior.series_uid,
        )
