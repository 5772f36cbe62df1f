"""Operator: regions in, pictures out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from monai.deploy.core import Fragment, Operator, OperatorSpec

from uptake import result_files
from uptake.settings import RunSettings


class FiguresWriterOperator(Operator):
    """Draws projections and the hottest lesions over CT.

    Input port ``results``: tuple of ``ExamResult``. Output port ``figures``: what the report places on its pages.
    """

    def __init__(self, fragment: Fragment, *args: Any, staging: Path, settings: RunSettings, **kwargs: Any) -> None:
        self._staging = staging
        self._settings = settings
        super().__init__(fragment, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the ports."""
        spec.input("results")
        spec.output("figures")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Draw and emit."""
        figures = result_files.write_figures(op_input.receive("results"), self._staging, self._settings)
        op_output.emit(figures, "figures")
