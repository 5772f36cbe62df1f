"""The machine's last answer for a user and exam: edits by click start from it, as viewers do not send theirs."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from apps.monai_label.infers.placed_labels import PlacedLabels


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """Labels with announced values, and the version of the exam's truth when they were made."""

    labels: PlacedLabels
    truth_version: int


class Drafts:
    """Bounded in bytes and number, the least lately used go first; safe between threads."""

    def __init__(self, most_bytes: int = 256 * 1024 * 1024, most: int = 64) -> None:
        self._most_bytes, self._most = most_bytes, most
        self._kept: OrderedDict[tuple[str, str], Draft] = OrderedDict()
        self._lock = Lock()

    def keep(self, user: str, image_id: str, draft: Draft) -> None:
        """Keep a draft instead of the one before it; one larger than all the room is not kept."""
        with self._lock:
            self._kept.pop((user, image_id), None)
            if draft.labels.values.nbytes > self._most_bytes:
                return
            self._kept[user, image_id] = draft
            while len(self._kept) > self._most or self._bytes() > self._most_bytes:
                self._kept.popitem(last=False)

    def of(self, user: str, image_id: str, truth_version: int) -> Draft | None:
        """The draft, unless a newer truth was submitted since it was made."""
        with self._lock:
            draft = self._kept.get((user, image_id))
            if draft is None or draft.truth_version != truth_version:
                return None
            self._kept.move_to_end((user, image_id))
            return draft

    def _bytes(self) -> int:
        return sum(each.labels.values.nbytes for each in self._kept.values())
