"""Operator: regions in, numbers out."""

from __future__ import annotations

from typing import Any

from monai.deploy.core import Operator, OperatorSpec

from uptake import pipeline
from uptake.exam_result import ExamResult


class MeasurementOperator(Operator):
    """Measures every region on the original SUV grid.

    Input ports ``prepared``: tuple of ``PreparedExam``, ``regions``: tuple of ``FoundRegions``. Output port
    ``results``: tuple of ``ExamResult``.
    """

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the ports."""
        spec.input("prepared")
        spec.input("regions")
        spec.output("results")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Measure every exam and emit."""
        pairs = zip(op_input.receive("prepared"), op_input.receive("regions"), strict=True)
        results = tuple(
            ExamResult(number, prepared, pipeline.measure_lesions(prepared, regions))
            for number, (prepared, regions) in enumerate(pairs, start=1)
        )
        op_output.emit(results, "results")
