"""Operator: numbers in, DICOM RTSTRUCT out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from monai.deploy.core import Fragment, Operator, OperatorSpec

from uptake import result_files


class StructureSetWriterOperator(Operator):
    """Writes an RT Structure Set per exam whose findings have regions for planning.

    Input port ``results``: tuple of ``ExamResult``. Output port ``written``: a mark that the files are there.
    """

    def __init__(self, fragment: Fragment, *args: Any, staging: Path, **kwargs: Any) -> None:
        self._staging = staging
        super().__init__(fragment, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the ports."""
        spec.input("results")
        spec.output("written")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Write and emit the mark."""
        result_files.write_structure_sets(op_input.receive("results"), self._staging)
        op_output.emit("structure sets", "written")
