"""Operator: regions in, DICOM SEG out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from monai.deploy.core import Fragment, Operator, OperatorSpec

from uptake import result_files


class SegmentationWriterOperator(Operator):
    """Writes a DICOM SEG per exam.

    Input port ``results``: tuple of ``ExamResult``. Output port ``segmentations``: the SEG data sets, one per exam.
    """

    def __init__(self, fragment: Fragment, *args: Any, staging: Path, **kwargs: Any) -> None:
        self._staging = staging
        super().__init__(fragment, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the ports."""
        spec.input("results")
        spec.output("segmentations")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Write and emit."""
        segmentations = result_files.write_segmentations(op_input.receive("results"), self._staging)
        op_output.emit(segmentations, "segmentations")
