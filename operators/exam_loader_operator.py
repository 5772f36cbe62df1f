"""Operator: folders in, headers out."""

from __future__ import annotations

from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

from monai.deploy.core import Fragment, Operator, OperatorSpec

from uptake.dicom.files.folder_scan import scan_folder


class ExamLoaderOperator(Operator):
    """Scans the input folders for DICOM headers; no pixel is read.

    Output port ``scan``: ``FolderScan``.
    """

    def __init__(self, fragment: Fragment, *args: Any, folders: tuple[Path, ...], **kwargs: Any) -> None:
        self._folders = folders
        super().__init__(fragment, *args, **kwargs)

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the ports."""
        spec.output("scan")

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Scan and emit."""
        op_output.emit(reduce(add, map(scan_folder, self._folders)), "scan")
