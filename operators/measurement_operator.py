"""Operator: regions in, numbers out."""

from __future__ import annotations

from typing import Any

from monai.deploy.core import Fragment, Operator, OperatorSpec

from uptake import pipeline
from uptake.exam_result import ExamResult
from uptake.settings import RunSettings


class MeasurementOperator(Operator):
    """Measures every region on the original SUV grid.

    Input ports ``prepared``: tuple of ``PreparedExam``, ``labels``: tuple of ``LabelMap``. Output port ``results``:
    tuple of ``ExamResult``.
    """

    def __init__(self, fragment: Fragment, *args: Any, settings: RunSettings, **kwargs: Any) -> None:
        self._settings = settings
        super().__init__(fragment, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the ports."""
        spec.input("prepared")
        spec.input("labels")
        spec.output("results")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Measure every exam and emit."""
        pairs = zip(op_input.receive("prepared"), op_input.receive("labels"), strict=True)
        results = tuple(
            ExamResult(number, prepared, pipeline.measure_lesions(prepared, labels, self._settings))
            for number, (prepared, labels) in enumerate(pairs, start=1)
        )
        op_output.emit(results, "results")
