"""Operator: numbers, SEG and RWVM in, DICOM SR out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from monai.deploy.core import Fragment, Operator, OperatorSpec

from uptake import result_files


class MeasurementReportWriterOperator(Operator):
    """Writes a TID 1500 measurement report per exam, which refers to its SEG and its value map.

    Input ports ``results``: tuple of ``ExamResult``, ``segmentations``: the SEG data sets, ``value_maps``: the
    RWVM data sets. Output port ``written``: a mark that the files are there.
    """

    def __init__(self, fragment: Fragment, *args: Any, staging: Path, **kwargs: Any) -> None:
        self._staging = staging
        super().__init__(fragment, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the ports."""
        spec.input("results")
        spec.input("segmentations")
        spec.input("value_maps")
        spec.output("written")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Write and emit the mark."""
        results, segmentations = op_input.receive("results"), op_input.receive("segmentations")
        value_maps = op_input.receive("value_maps")
        result_files.write_measurement_reports(results, segmentations, value_maps, self._staging)
        op_output.emit("measurement reports", "written")
