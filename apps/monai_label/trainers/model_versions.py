"""Versions of every bundle: the shipped one, those trained here, which is used, and the way back.

::

    ROOT/<bundle>/
    ├── versions.json           which is in use, and all that happened
    ├── v2/<bundle>/ ...        a bundle like any other
    ├── cache/                  exams prepared for training
    └── job-.../                of a training that is running
"""

from __future__ import annotations

import re
import shutil
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from apps.monai_label.trainers.training_errors import VersionRefused
from apps.monai_label.trainers.verdict import Verdict
from apps.monai_label.trainers.version_state import (
    CHOSEN,
    PROMOTED,
    REFUSED,
    ROLLED_BACK,
    SHIPPED,
    VersionEvent,
    VersionState,
    read_state,
    write_state,
)
from uptake.errors import OutputFailed

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_EVENTS_KEPT = 200
JOB = "job"
"""How the folders of trainings begin."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training brings.

    Parameters
    ----------
    number
        That the new version was given.
    verdict
        How it was compared.
    learned_from, judges
        Keys of patients.
    exams
        That were learned from.
    """

    number: int
    verdict: Verdict
    learned_from: tuple[str, ...]
    judges: tuple[str, ...]
    exams: int


class ModelVersions:
    """All versions of all bundles; may be asked from several threads.

    Parameters
    ----------
    root
        Where versions are kept; no other server may use it.
    models
        The folder of the shipped bundles, which is never written.
    keep
        Trained versions whose files are kept, besides the one in use.
    """

    def __init__(self, root: Path, models: Path, keep: int = 5) -> None:
        if keep < 1:
            raise ValueError("at least one earlier version must be kept, to roll back to")
        self._root, self._models, self._keep = root, models, keep
        self._lock = threading.RLock()

    def current(self, name: str) -> Path:
        """Folder of the bundle that is in use; VersionRefused if its files are gone."""
        return self.folder(name, self.state(name).current)

    def current_number(self, name: str) -> int:
        """Number of the version in use."""
        return self.state(name).current

    def folder(self, name: str, number: int) -> Path:
        """Folder of the bundle of one version.

        Raises
        ------
        VersionRefused
            If there is none, or its files are gone.
        """
        home = self.home(name)
        folder = self._models / name if number == SHIPPED else home / f"v{number}" / name
        if not folder.is_dir():
            raise VersionRefused(
                f"version {number} of {name} is not there.", remedy="Use another version, or put the shipped one back."
            )
        return folder

    def home(self, name: str) -> Path:
        """Folder of all that belongs to a bundle here; VersionRefused for what cannot be a bundle's name."""
        if not _NAME.fullmatch(name):
            raise VersionRefused("that is no name of a model.", remedy="Name one that the server lists.")
        return self._root / name

    def state(self, name: str) -> VersionState:
        """What is remembered; UnreadableFile if it is damaged."""
        with self._lock:
            return read_state(self.home(name))

    def promote(self, name: str, candidate: Path, trained: Trained) -> int:
        """Take a new version into use; afterwards it is used, or (killed midway) the old one as before.

        Parameters
        ----------
        name
            Of the bundle.
        candidate
            Folder that holds the new bundle's folder, on the same disk; moved.
        trained
            The rest.

        Raises
        ------
        OutputFailed
            If the disk refuses.
        """
        with self._lock:
            state = self._with(name, trained)
            target = self.home(name) / f"v{trained.number}"
            try:
                shutil.rmtree(target, ignore_errors=True)  # left by a kill just here
                candidate.rename(target)
            except OSError as error:
                raise OutputFailed(f"The new version of {name} cannot be kept ({error.strerror}).") from error
            kept = (*state.kept, trained.number)
            event = _event(PROMOTED, trained)
            state = replace(state, kept=kept, events=(*state.events, event), current=trained.number)
            gone = [each for each in kept if each != state.current][: -self._keep]
            self._write(name, replace(state, kept=tuple(each for each in kept if each not in gone)))
            self._remove_unknown(name)
            return trained.number

    def refuse(self, name: str, trained: Trained) -> None:
        """Remember that a new version was worse; its weights are not kept."""
        with self._lock:
            state = self._with(name, trained)
            self._write(name, state.with_event(_event(REFUSED, trained), state.current))

    def roll_back(self, name: str, why: str = "") -> int:
        """Use the version that was in use before; its number.

        Raises
        ------
        VersionRefused
            If there is none.
        """
        with self._lock:
            state = self.state(name)
            number = state.used_before
            if number is None:
                raise VersionRefused(f"{name} has no earlier version.", remedy="Keep the one in use, or train it.")
            return self._use(name, number, ROLLED_BACK, why or f"back from version {state.current}")

    def use(self, name: str, number: int, why: str = "") -> int:
        """Use a version by its number; VersionRefused if it is not there."""
        with self._lock:
            return self._use(name, number, CHOSEN, why or f"chosen instead of version {self.state(name).current}")

    def clean(self, name: str) -> None:
        """Remove what a killed training left; the caller sees to it that none is running."""
        with self._lock:
            for each in self.home(name).glob(f"{JOB}-*"):
                shutil.rmtree(each, ignore_errors=True)
            self._remove_unknown(name)

    def described(self, name: str) -> dict[str, Any]:
        """Version in use and what happened, for people: no patient's key."""
        state = self.state(name)
        compared = [event for event in state.events if event.version == state.current and event.what == PROMOTED]
        return {
            "version": state.current,
            "versions": sorted({SHIPPED, *state.kept}),
            "best_metric": compared[-1].after if compared else None,
            "events": [
                {"what": event.what, "version": event.version, "at": event.at, "why": event.why}
                for event in state.events
            ],
        }

    def _with(self, name: str, trained: Trained) -> VersionState:
        state = self.state(name)
        # Of a version that was not promoted nothing is used, so that its patients may still judge.
        learned = trained.learned_from if trained.verdict.promoted else ()
        return replace(
            state,
            latest=max(state.latest, trained.number),
            judges=trained.judges,
            learned_from=tuple(sorted({*state.learned_from, *learned})),
        )

    def _use(self, name: str, number: int, what: str, why: str) -> int:
        self.folder(name, number)
        event = VersionEvent(what, number, time.time(), why)
        self._write(name, self.state(name).with_event(event, number))
        return number

    def _write(self, name: str, state: VersionState) -> None:
        write_state(replace(state, events=state.events[-_EVENTS_KEPT:]), self.home(name))

    def _remove_unknown(self, name: str) -> None:
        known = {f"v{number}" for number in self.state(name).kept}
        for each in self.home(name).glob("v*"):
            if each.is_dir() and re.fullmatch(r"v\d+", each.name) and each.name not in known:
                shutil.rmtree(each, ignore_errors=True)


def _event(what: str, trained: Trained) -> VersionEvent:
    found = trained.verdict
    return VersionEvent(
        what, trained.number, time.time(), found.why, found.before.mean, found.after.mean, trained.exams
    )
