"""Finds every DICOM object under a folder, whatever the files are called, and groups images into series."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from os import DirEntry, scandir
from pathlib import Path

import pydicom
from pydicom import config
from pydicom.uid import MediaStorageDirectoryStorage, RealWorldValueMappingStorage

from uptake.dicom.files.directory_record import check_directory_record
from uptake.dicom.files.instance_header import WANTED, InstanceHeader, instance_header, series_label
from uptake.dicom.files.multiframe import MULTIFRAME_CLASSES, frame_headers
from uptake.dicom.files.raw_header import RawHeader, read_raw_header
from uptake.errors import NoExamFound

_READERS = 8  # files are small and opening them waits for the disk or the network
_BATCH = 64


@dataclass(frozen=True, slots=True)
class ScannedSeries:
    """The instances of one series as found, not yet sorted or judged."""

    instances: tuple[InstanceHeader, ...]

    @property
    def first(self) -> InstanceHeader:
        """An instance whose header was read whole, if there is one."""
        return next((instance for instance in self.instances if instance.complete), self.instances[0])

    @property
    def label(self) -> str:
        """The series in messages; no patient data."""
        facts = self.first.facts
        unit = "slice" if self.first.position is not None else "object"
        return series_label(facts.modality, facts.number, facts.description, len(self.instances), unit)


@dataclass(frozen=True, slots=True)
class FolderScan:
    """What an input folder holds.

    Parameters
    ----------
    series
        Every series of DICOM objects, images or not.
    real_world_value_maps
        Real World Value Mapping objects, each with the UIDs of its study and of the series it refers to.
    not_dicom
        How many files are something else.
    links_outside
        How many symbolic links led out of the folder and were not followed.
    warnings
        What was skipped and may matter.
    """

    series: tuple[ScannedSeries, ...]
    real_world_value_maps: tuple[tuple[Path, frozenset[str]], ...] = field(default=(), repr=False)
    not_dicom: int = 0
    links_outside: int = 0
    warnings: tuple[str, ...] = ()

    def __add__(self, other: FolderScan) -> FolderScan:
        """Both folders as one input; a series that lies in both is one series."""
        instances = [instance for series in (*self.series, *other.series) for instance in series.instances]
        return FolderScan(
            series=_group(instances),
            real_world_value_maps=self.real_world_value_maps + other.real_world_value_maps,
            not_dicom=self.not_dicom + other.not_dicom,
            links_outside=self.links_outside + other.links_outside,
            warnings=tuple(dict.fromkeys(self.warnings + other.warnings)),
        )


def scan_folder(folder: Path) -> FolderScan:
    """Read the headers of every DICOM file under a folder, or of a single file.

    Symbolic links are not followed: what they point at inside the folder is found there anyway, and what lies outside
    is not part of the input. Files without the Part 10 preamble are counted and skipped.

    Raises
    ------
    NoExamFound
        If there is no such folder or file.
    UnsafeInput
        If a file unfolds beyond the bound.

    References
    ----------
    DICOM PS3.10 7.1 (File Meta Information), 8.6 (DICOMDIR).
    """
    if not folder.exists():
        raise NoExamFound("the input folder does not exist.", remedy="Check the path.")
    walk = _Walk()
    paths = sorted(walk.files(folder.resolve()))
    batches = [paths[start : start + _BATCH] for start in range(0, len(paths), _BATCH)]
    with quiet_pydicom(), ThreadPoolExecutor(_READERS) as readers:
        found = [each for batch in readers.map(_read_batch, batches) for each in batch]
        return _assemble(folder.resolve(), found, walk)


@contextmanager
def quiet_pydicom() -> Iterator[None]:
    """Keep pydicom from warning about header values (its texts may carry them); values are judged elsewhere."""
    with warnings.catch_warnings(), config.disable_value_validation():
        warnings.filterwarnings("ignore", module="pydicom")
        yield


class _Walk:
    """Regular files under a folder, with a count of what was left."""

    def __init__(self) -> None:
        self.links_outside = 0
        self.unreadable = 0

    def files(self, root: Path) -> Iterator[Path]:
        if root.is_file():
            yield root
            return
        pending = [root]
        while pending:
            here = pending.pop()
            try:
                entries = list(scandir(here))
            except OSError:
                self.unreadable += 1
                continue
            for entry in entries:
                if entry.is_symlink():
                    self._note_link(entry, root)
                elif entry.is_dir(follow_symlinks=False):
                    pending.append(Path(entry.path))
                elif entry.is_file(follow_symlinks=False):
                    yield Path(entry.path)

    def _note_link(self, entry: DirEntry[str], root: Path) -> None:
        try:
            inside = Path(entry.path).resolve().is_relative_to(root)
        except (OSError, RuntimeError):  # a link to itself
            inside = True
        self.links_outside += not inside


def _read_batch(paths: Iterable[Path]) -> list[tuple[Path, RawHeader | None]]:
    return [(path, _read(path)) for path in paths]


def _read(path: Path) -> RawHeader | None:
    try:
        return read_raw_header(path, WANTED)
    except OSError:
        return RawHeader({}, "", None, complete=False)


def _assemble(root: Path, found: list[tuple[Path, RawHeader | None]], walk: _Walk) -> FolderScan:
    instances: list[InstanceHeader] = []
    maps: list[tuple[Path, frozenset[str]]] = []
    notes: list[str] = []
    lost = walk.unreadable
    for path, raw in found:
        if raw is None:
            continue
        if raw.media_class == MediaStorageDirectoryStorage:
            notes += check_directory_record(path, root)
            continue
        header = instance_header(path, raw)
        if not header.facts.series_uid:
            lost += 1
        elif header.facts.sop_class_uid in MULTIFRAME_CLASSES and raw.complete:
            instances += _frames(path, header)
        else:
            instances.append(header)
            if header.facts.sop_class_uid == RealWorldValueMappingStorage:
                maps.append((path, _referenced_uids(path) | {header.facts.study_uid}))
    if walk.links_outside:
        notes.append(f"{walk.links_outside} symbolic link(s) lead out of the input folder and were not followed")
    if lost:
        notes.append(f"{lost} file(s) or folder(s) could not be read or end before they name a series; slices may lack")
    return FolderScan(
        series=_group(instances),
        real_world_value_maps=tuple(maps),
        not_dicom=sum(raw is None for _, raw in found),
        links_outside=walk.links_outside,
        warnings=tuple(notes),
    )


def _group(instances: Iterable[InstanceHeader]) -> tuple[ScannedSeries, ...]:
    groups: dict[tuple[str, str, str], list[InstanceHeader]] = defaultdict(list)
    for instance in instances:
        facts = instance.facts
        groups[(facts.study_uid, facts.series_uid, facts.patient.patient_id)].append(instance)
    return tuple(ScannedSeries(tuple(members)) for members in groups.values())


def _frames(path: Path, header: InstanceHeader) -> tuple[InstanceHeader, ...]:
    try:
        return frame_headers(pydicom.dcmread(path, stop_before_pixels=True), header)
    except Exception:  # whatever is wrong inside: it matters only if the series is chosen
        return (replace(header, complete=False),)


def _referenced_uids(path: Path) -> frozenset[str]:
    """UIDs of the series that a Real World Value Mapping refers to; none where it cannot be read."""
    try:
        referenced = pydicom.dcmread(path).get("ReferencedSeriesSequence") or []
        return frozenset(str(series.get("SeriesInstanceUID", "")) for series in referenced) - {""}
    except Exception:  # another program's object must not stop the exam
        return frozenset()
