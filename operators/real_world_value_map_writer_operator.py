"""Operator: SUV factors in, DICOM RWVM out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from monai.deploy.core import Fragment, Operator, OperatorSpec

from uptake import result_files


class RealWorldValueMapWriterOperator(Operator):
    """Writes a real-world value map per exam, for viewers that cannot compute SUV.

    Input port ``results``: tuple of ``ExamResult``. Output port ``value_maps``: the RWVM data sets, one per exam.
    """

    def __init__(self, fragment: Fragment, *args: Any, staging: Path, **kwargs: Any) -> None:
        self._staging = staging
        super().__init__(fragment, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the ports."""
        spec.input("results")
        spec.output("value_maps")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Write and emit."""
        value_maps = result_files.write_real_world_value_maps(op_input.receive("results"), self._staging)
        op_output.emit(value_maps, "value_maps")
