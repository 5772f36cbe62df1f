"""Which version of an exam's label an account has seen, so that nobody overwrites what they never saw."""

from __future__ import annotations

from collections import OrderedDict

_MOST = 20_000


class SeenVersions:
    """Newest version number that each account saw of each exam; 0 for what was not seen."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, str], int] = OrderedDict()

    def mark(self, user: str, image_id: str, version: int) -> None:
        """The account sees this version now."""
        self._seen[user, image_id] = version
        self._seen.move_to_end((user, image_id))
        while len(self._seen) > _MOST:
            self._seen.popitem(last=False)

    def seen(self, user: str, image_id: str) -> int:
        """The version to expect when this account saves."""
        return self._seen.get((user, image_id), 0)
