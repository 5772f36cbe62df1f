"""Operator: exams in, voxels out."""

from __future__ import annotations

from typing import Any

from monai.deploy.core import Operator, OperatorSpec

from uptake.exam_preparation import prepare


class ExamAssemblyOperator(Operator):
    """Reads the voxels of every exam: PET as SUV, CT as HU.

    Input port ``exams``: tuple of ``Exam``. Output port ``prepared``: tuple of ``PreparedExam``.
    """

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the ports."""
        spec.input("exams")
        spec.output("prepared")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Prepare every exam and emit."""
        op_output.emit(tuple(prepare(exam) for exam in op_input.receive("exams")), "prepared")
