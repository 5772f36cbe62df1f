"""Remembers which PET series of a study is its exam's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from apps.monai_label.exams.catalogue import ListedExam, digest
from uptake.whole_file import put_whole


class PetChoices:
    """Which PET was chosen of which series, on disk: the series of a study seldom change."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, str | None] = {}
        self._changed = False
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            content = {}
        if isinstance(content, dict):
            self._known = {key: uid for key, uid in content.items() if uid is None or isinstance(uid, str)}

    def of(self, series: list[ListedExam], look: Callable[[list[ListedExam]], str | None]) -> str | None:
        """The chosen series of a study's; ``look`` is asked once for the same series with as many objects."""
        members = sorted(f"{each.series_uid} {each.instances}" for each in series)
        key = digest(series[0].study_uid, *members)
        if key not in self._known:
            self._known[key] = look(series)
            self._changed = True
        return self._known[key]

    def save(self) -> None:
        """Write what is new."""
        if self._changed:
            with put_whole(self._path) as partial:
                partial.write_text(json.dumps(dict(self._known)), encoding="utf-8")
            self._changed = False
