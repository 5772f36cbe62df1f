"""Operator: numbers and pictures in, PDF out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from monai.deploy.core import Fragment, Operator, OperatorSpec

from uptake import result_files
from uptake.settings import RunSettings


class ReportWriterOperator(Operator):
    """Writes ``report.pdf``, the same PDF encapsulated in DICOM, and a key image per exam.

    Input ports ``results``: tuple of ``ExamResult``, ``figures``: from the figures writer. Output port ``written``: a
    mark that the files are there.
    """

    def __init__(self, fragment: Fragment, *args: Any, staging: Path, settings: RunSettings, **kwargs: Any) -> None:
        self._staging = staging
        self._settings = settings
        super().__init__(fragment, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the ports."""
        spec.input("results")
        spec.input("figures")
        spec.output("written")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Write and emit the mark."""
        results, figures = op_input.receive("results"), op_input.receive("figures")
        result_files.write_reports(results, figures, self._staging, self._settings)
        op_output.emit("reports", "written")
