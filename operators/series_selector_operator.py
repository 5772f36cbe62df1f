"""Operator: headers in, exams out."""

from __future__ import annotations

from typing import Any

from monai.deploy.core import Operator, OperatorSpec

from uptake.dicom.exams.exam_reader import select_exams


class SeriesSelectorOperator(Operator):
    """Chooses the PET series of each exam and pairs its CT, with the reasons.

    Input port ``scan``: ``FolderScan``. Output port ``exams``: tuple of ``Exam`` in time order.
    """

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the ports."""
        spec.input("scan")
        spec.output("exams")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Select and emit."""
        op_output.emit(select_exams(op_input.receive("scan")), "exams")
