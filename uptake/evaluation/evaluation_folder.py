"""The folder of an evaluation.

::

    OUT/
    ├── evaluation.json          unfinished or done; what was evaluated, files, warnings
    ├── report.md, ...           as ``write_report`` names them; whole, or those of an earlier run
    ├── labels/                  kept by cohort, exam and method, so that an interrupted evaluation goes on
    └── cache/                   prepared exams, where no other cache is named
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from uptake.errors import OutputFailed, OutputNotEmpty
from uptake.evaluation.kept_labels import KeptLabels
from uptake.whole_file import put_whole

PAGE = "evaluation.json"
_SCHEMA = "uptake.evaluation/1"
_OWN = {PAGE, "labels", "cache"}


class EvaluationFolder:
    """Where an evaluation is written, new or gone on with.

    Parameters
    ----------
    path
        New, empty, or of an earlier evaluation.

    Raises
    ------
    OutputNotEmpty
        If it holds something else.
    OutputFailed
        If it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            if not (path / PAGE).exists():
                if {each.name for each in path.iterdir()} - {"cache"}:
                    raise OutputNotEmpty(
                        f"{path.name} holds something else than an evaluation.", remedy="Name a new folder."
                    )
                self._write({"status": "unfinished"})
        except OSError as error:
            raise _failed(error) from error

    @property
    def cache(self) -> Path:
        """For prepared exams."""
        return self.path / "cache"

    def labels(self, cohort: str) -> KeptLabels:
        """Labels kept of a cohort."""
        return KeptLabels(self.path / "labels" / cohort)

    def publish(self, write: Callable[[Path], None], page: Mapping[str, Any]) -> tuple[str, ...]:
        """Put new results in place of older ones.

        Parameters
        ----------
        write
            Writes them into the folder that it is given, whole or not at all.
        page
            What ``evaluation.json`` says beside status and files; it is written last.

        Returns
        -------
        tuple of str
            Relative paths of the results, sorted.

        Raises
        ------
        OutputFailed
            If the disk refuses.
        """
        write(self.path)
        try:
            results = [each for each in self.path.iterdir() if each.name not in _OWN and not each.name.startswith(".")]
            inside = [path for each in results for path in (each, *each.rglob("*")) if path.is_file()]
            files = tuple(sorted(str(path.relative_to(self.path)) for path in inside))
            self._write({"status": "done", **page, "files": files})
        except OSError as error:
            raise _failed(error) from error
        return files

    def _write(self, page: Mapping[str, Any]) -> None:
        text = json.dumps({"schema": _SCHEMA, **page}, ensure_ascii=False, indent=1, allow_nan=False)
        with put_whole(self.path / PAGE) as partial:
            partial.write_text(text + "\n", encoding="utf-8")


def _failed(error: OSError) -> OutputFailed:
    return OutputFailed(
        f"The evaluation cannot be written ({error.strerror}). Free some space or check permissions, then run again."
    )
