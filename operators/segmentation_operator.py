"""Operator: voxels in, regions out."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from monai.deploy.core import Fragment, Operator, OperatorSpec

from uptake import pipeline
from uptake.finding_plan import make_plan
from uptake.settings import RunSettings

_log = logging.getLogger("uptake")


class SegmentationOperator(Operator):
    """Finds lesions in every exam: with the network of the task, else regions of elevated uptake.

    Input port ``prepared``: tuple of ``PreparedExam``. Output port ``regions``: tuple of ``FoundRegions``.
    """

    def __init__(self, fragment: Fragment, *args: Any, settings: RunSettings, models: Path, **kwargs: Any) -> None:
        self._settings = settings
        self._models = models
        super().__init__(fragment, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the ports."""
        spec.input("prepared")
        spec.output("regions")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Choose the task and load its network once, segment every exam and emit."""
        prepared = op_input.receive("prepared")
        plan = make_plan(prepared, self._settings, self._models, _log.info)
        op_output.emit(tuple(pipeline.find_lesions(exam, plan) for exam in prepared), "regions")
