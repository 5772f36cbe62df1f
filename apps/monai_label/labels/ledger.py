"""The ledger of labels: an append-only file that survives the process at any moment."""

from __future__ import annotations

import json
import os
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from apps.monai_label.exams.exam_source import SegmentationPlace
from apps.monai_label.labels.label_types import LabelOrigin, LabelVersion
from apps.monai_label.labels.mask_prints import MaskPrint
from uptake.errors import InputRefused, OutputFailed, UptakeError


class LedgerDamaged(UptakeError):
    """A line in the middle of the ledger cannot be read: it was changed by hand, or the disk is faulty."""


@dataclass(frozen=True, slots=True, eq=False)
class LedgerEntry:
    """A version with where its object is, what its masks are, and how far it got.

    ``state`` is ``pending`` (kept here, not yet in the source), ``stored``, ``refused`` (by the source) or ``spoiled``
    (the source gives back something else).
    """

    version: LabelVersion
    place: SegmentationPlace
    prints: Mapping[str, MaskPrint]
    state: str

    @property
    def is_truth(self) -> bool:
        """Whether it may teach a model."""
        return self.version.origin.is_truth and self.state in ("pending", "stored")


class Ledger:
    """JSON lines, each written and flushed to the disk before its effect is shown; shared by processes.

    Events: ``intent`` (a label is safe here and will be stored), ``stored``, ``refused``, ``spoiled``; ``found``
    (a listed author's label that somebody stored); ``given_out`` (masks that a machine made); ``examined`` (a series
    of segmentations that need not be looked at again).
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "ledger.jsonl"
        self._lock = threading.RLock()
        self._file_lock = FileLock(folder / ".ledger.lock")
        self._read_to = 0
        self._entries: dict[str, LedgerEntry] = {}
        self._images: dict[str, list[str]] = defaultdict(list)
        self._machine: dict[str, list[MaskPrint]] = defaultdict(list)
        self._examined: dict[str, int] = {}
        with self.exclusive():
            pass

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Nobody else writes while the block lasts, and all that others wrote is known."""
        with self._lock, self._file_lock:
            self._catch_up()
            yield

    def entries(self, image_id: str | None = None) -> list[LedgerEntry]:
        """Entries in the order they came, of one exam or of all."""
        with self.exclusive():
            found = list(self._entries) if image_id is None else self._images.get(image_id, [])
            return [self._entries[sop] for sop in found]

    def find(self, sop_instance_uid: str) -> LedgerEntry | None:
        """The entry of an object."""
        with self.exclusive():
            return self._entries.get(sop_instance_uid)

    def truths(self, image_id: str | None = None) -> list[LedgerEntry]:
        """Entries that are truth, by the time they were made: an old label that is found late stays old."""
        found = [each for each in self.entries(image_id) if each.is_truth]
        return sorted(found, key=lambda each: (each.version.created, each.version.number))

    def newest(self, image_id: str) -> LedgerEntry | None:
        """The exam's newest truth."""
        return next(reversed(self.truths(image_id)), None)

    def last_number(self, image_id: str) -> int:
        """The greatest version number ever given for the exam; 0 for none."""
        return max((each.version.number for each in self.entries(image_id)), default=0)

    def add(self, event: str, entry: LedgerEntry) -> None:
        """Write an ``intent`` or ``found`` label."""
        self._append(
            {
                "event": event,
                "version": asdict(entry.version),
                "place": asdict(entry.place),
                "prints": {name: each.to_json() for name, each in entry.prints.items()},
            }
        )

    def mark(self, event: str, sop_instance_uid: str) -> None:
        """Write that a label is ``stored``, ``refused`` or ``spoiled``."""
        self._append({"event": event, "sop_instance_uid": sop_instance_uid})

    def machine_masks(self, image_id: str) -> tuple[MaskPrint, ...]:
        """Masks of an exam that machines made."""
        with self.exclusive():
            return tuple(self._machine.get(image_id, ()))

    def give_out(self, image_id: str, prints: Iterable[MaskPrint]) -> None:
        """Write that masks of an exam are a machine's."""
        with self.exclusive():
            known = self._machine.get(image_id, [])
            new: list[MaskPrint] = []
            for each in prints:
                if not any(each.same(other) for other in (*known, *new)):
                    new.append(each)
            if new:
                self._append({"event": "given_out", "image": image_id, "prints": [each.to_json() for each in new]})

    def examined(self, series_uid: str, objects: int) -> bool:
        """Whether a series of segmentations was examined with that many objects in it."""
        return self._examined.get(series_uid) == objects

    def examine(self, series_uid: str, objects: int) -> None:
        """Write that a series was examined."""
        self._append({"event": "examined", "series": series_uid, "objects": objects})

    def _append(self, record: dict[str, Any]) -> None:
        line = json.dumps(record, separators=(",", ":"), allow_nan=False).encode() + b"\n"
        with self.exclusive():
            try:
                with self._path.open("r+b" if self._path.exists() else "x+b") as file:
                    # What a killed process left half written goes.
                    file.truncate(self._read_to)
                    file.seek(self._read_to)
                    file.write(line)
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as error:
                raise OutputFailed(f"The ledger of labels cannot be written ({error.strerror}).") from error
            if not self._read_to:
                flush_folder(self._path.parent)
            self._catch_up()

    def _catch_up(self) -> None:
        try:
            with self._path.open("rb") as file:
                file.seek(self._read_to)
                new = file.read()
        except FileNotFoundError:
            return
        whole = new[: new.rfind(b"\n") + 1]
        for line in whole.splitlines():
            try:
                self._apply(json.loads(line))
            except (ValueError, KeyError, TypeError, InputRefused) as error:
                raise LedgerDamaged(
                    f"{self._path.name} cannot be read at byte {self._read_to}. Put back a copy of it."
                ) from error
            self._read_to += len(line) + 1

    def _apply(self, record: dict[str, Any]) -> None:
        event = record["event"]
        if event in ("intent", "found"):
            values = record["version"]
            version = LabelVersion(**{**values, "origin": LabelOrigin(values["origin"])})
            entry = LedgerEntry(
                version,
                SegmentationPlace(**record["place"]),
                {name: MaskPrint.from_json(each) for name, each in record["prints"].items()},
                "pending" if event == "intent" else "stored",
            )
            if version.sop_instance_uid not in self._entries:
                self._images[version.image_id].append(version.sop_instance_uid)
            self._entries[version.sop_instance_uid] = entry
        elif event in ("stored", "refused", "spoiled"):
            old = self._entries[record["sop_instance_uid"]]
            new = LedgerEntry(old.version, old.place, old.prints, event)
            self._entries[old.version.sop_instance_uid] = new
        elif event == "given_out":
            self._machine[record["image"]] += [MaskPrint.from_json(each) for each in record["prints"]]
        elif event == "examined":
            self._examined[record["series"]] = int(record["objects"])
        else:
            raise ValueError(f"unknown event {event}")


def flush_folder(folder: Path) -> None:
    """Have the disk remember which files a folder holds."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
