"""Operator: numbers in, results.json out, when all else is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from monai.deploy.core import Fragment, IOSpec, Operator, OperatorSpec

from uptake import result_files
from uptake.exam_result import ExamResult
from uptake.settings import RunSettings


class ResultsWriterOperator(Operator):
    """Writes ``results.json`` after every other writer has left its mark, and keeps the results.

    Input ports ``results``: tuple of ``ExamResult``, ``written``: the marks of the writers that end the other branches.

    Attributes
    ----------
    results
        What was written; empty until then, so that a graph that stalled can be told from one that ran.
    """

    def __init__(self, fragment: Fragment, *args: Any, staging: Path, settings: RunSettings, **kwargs: Any) -> None:
        self._staging = staging
        self._settings = settings
        self.results: tuple[ExamResult, ...] = ()
        super().__init__(fragment, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the ports."""
        spec.input("results")
        spec.input("written", size=IOSpec.ANY_SIZE)

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Wait for the marks and write."""
        op_input.receive("written")
        results = op_input.receive("results")
        result_files.write_results(results, self._staging, self._settings)
        self.results = results
