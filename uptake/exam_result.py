"""One exam with all that was found in it: what the writers and the report get."""

from __future__ import annotations

from dataclasses import dataclass

from uptake.exam import PreparedExam
from uptake.measurement import Findings


@dataclass(frozen=True, slots=True, eq=False)
class ExamResult:
    """A prepared exam and its findings; ``number`` counts the exams of a run in time order, from 1."""

    number: int
    prepared: PreparedExam
    findings: Findings

    @property
    def warnings(self) -> tuple[str, ...]:
        """Every warning that reading, conversion and assembly gave, once each, in order."""
        prepared = self.prepared
        every = (*prepared.exam.warnings, *prepared.conversion.warnings, *prepared.warnings)
        return tuple(dict.fromkeys(every))
