"""What is remembered of a model's versions: one file, replaced whole, so that a kill leaves the old or the new."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from apps.monai_label.trainers.job_files import read_json, write_json
from uptake.errors import OutputFailed

STATE = "versions.json"
SCHEMA = "uptake.label-versions/1"
SHIPPED = 1
PROMOTED, REFUSED, ROLLED_BACK, CHOSEN = "promoted", "not promoted", "rolled back", "chosen"


@dataclass(frozen=True, slots=True)
class VersionEvent:
    """Something that happened to a model.

    Parameters
    ----------
    what
        ``promoted``, ``not promoted``, ``rolled back`` or ``chosen``.
    version
        The version that it is about: the new one, or the one that is used again.
    at
        Seconds since 1970, UTC.
    why
        In words.
    before, after
        Mean Dice of the version in use and the new one, where they were compared.
    exams
        That were learned from.
    """

    what: str
    version: int
    at: float
    why: str
    before: float | None = None
    after: float | None = None
    exams: int = 0


@dataclass(frozen=True, slots=True)
class VersionState:
    """All that is remembered.

    Parameters
    ----------
    current
        Number of the version in use; 1 for the shipped weights.
    latest
        Highest number that was given out, also to a version that was not promoted.
    kept
        Numbers of trained versions whose files are there.
    judges
        Keys of the patients that versions are compared by.
    learned_from
        Keys of the patients that any version learned from.
    events
        Oldest first.
    """

    schema: str = SCHEMA
    current: int = SHIPPED
    latest: int = SHIPPED
    kept: tuple[int, ...] = ()
    judges: tuple[str, ...] = ()
    learned_from: tuple[str, ...] = ()
    events: tuple[VersionEvent, ...] = ()

    def __post_init__(self) -> None:
        if self.schema != SCHEMA:
            raise ValueError(f"schema must be {SCHEMA}")
        if self.current not in (SHIPPED, *self.kept) or max((self.current, *self.kept)) > self.latest:
            raise ValueError("the version in use is none of those that are kept")

    def with_event(self, event: VersionEvent, current: int) -> VersionState:
        """Another version in use, and why."""
        return replace(self, current=current, events=(*self.events, event))

    @property
    def used_before(self) -> int | None:
        """The version that was in use before the present one, of those whose files are there; None if none is left."""
        order = [SHIPPED]
        for event in self.events:
            if event.what == ROLLED_BACK and event.version in order:
                del order[order.index(event.version) + 1 :]
            elif event.what in (PROMOTED, CHOSEN):
                order.append(event.version)
        earlier = [each for each in order[:-1] if each in (SHIPPED, *self.kept) and each != self.current]
        return earlier[-1] if earlier else None


def read_state(folder: Path) -> VersionState:
    """The state in a folder; that of a model which was never trained here where there is none.

    Raises
    ------
    UnreadableFile
        If it is damaged.
    """
    try:
        return read_json(folder / STATE, VersionState)
    except FileNotFoundError:
        return VersionState()


def write_state(state: VersionState, folder: Path) -> None:
    """Write the state whole; OutputFailed if the disk refuses."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / STATE, state)
    except OSError as error:
        raise OutputFailed(f"The versions of {folder.name} cannot be written ({error.strerror}).") from error
