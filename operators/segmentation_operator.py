"""Operator: voxels in, regions out."""

from __future__ import annotations

from typing import Any

from monai.deploy.core import Fragment, Operator, OperatorSpec

from uptake import pipeline
from uptake.settings import RunSettings


class SegmentationOperator(Operator):
    """Finds regions of elevated uptake in every exam.

    Input port ``prepared``: tuple of ``PreparedExam``. Output port ``labels``: tuple of ``LabelMap``.
    """

    def __init__(self, fragment: Fragment, *args: Any, settings: RunSettings, **kwargs: Any) -> None:
        self._settings = settings
        super().__init__(fragment, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the ports."""
        spec.input("prepared")
        spec.output("labels")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Segment every exam and emit."""
        prepared = op_input.receive("prepared")
        op_output.emit(tuple(pipeline.find_lesions(exam, self._settings) for exam in prepared), "labels")
