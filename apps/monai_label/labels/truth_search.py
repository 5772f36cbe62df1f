"""Looks through segmentations that came another way than through this server: whose are truth, and whose are not."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from apps.monai_label.exams.exam_key import ExamKey
from apps.monai_label.exams.exam_source import ExamSource, SegmentationPlace
from apps.monai_label.labels.label_errors import LabelRefused
from apps.monai_label.labels.label_store import LabelStore
from apps.monai_label.labels.label_types import LabelOrigin, LabelVersion
from apps.monai_label.labels.ledger import LedgerEntry
from apps.monai_label.labels.mask_prints import all_known, digest_prints, print_masks, segment_prints
from apps.monai_label.labels.submission import FINAL
from uptake.dicom.annotations.segmentation_authorship import SegmentationAuthorship, read_authorship
from uptake.dicom.annotations.segmentation_reader import SegmentationObject, read_segmentation
from uptake.errors import InputRefused

_LOG = logging.getLogger(__name__)
_BY_HAND = frozenset({"MANUAL", "SEMIAUTOMATIC"})


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    place: SegmentationPlace
    author: SegmentationAuthorship
    image_id: str


def look_through(store: LabelStore, source: ExamSource) -> dict[LabelOrigin, int]:
    """Judge every segmentation that was not judged before; what is truth gets a version in the ledger.

    Machines' masks are noted first, so that a copy of one that a viewer saved under another type is told again.
    Without listed authors nothing is looked at: then only what was submitted here is truth.

    Returns
    -------
    dict
        How many were judged to be of each origin.

    Raises
    ------
    PacsUnavailable
        If the source does not answer; what was judged stays judged.
    """
    counts: dict[LabelOrigin, int] = dict.fromkeys(LabelOrigin, 0)
    if not store.settings.human_authors:
        return counts
    series: dict[str, list[SegmentationPlace]] = defaultdict(list)
    for place in source.segmentations(store.ledger.examined):
        series[place.series_uid].append(place)
    own = {each.place.sop_instance_uid for each in store.ledger.entries()}
    new = [place for places in series.values() for place in places if place.sop_instance_uid not in own]
    seen = list(_read_headers(store, new, source.keys())) if new else []
    for each in seen:
        if "AUTOMATIC" in each.author.algorithm_types:
            _note_machine(store, each)
            counts[LabelOrigin.machine] += 1
    for each in sorted(seen, key=lambda one: one.author.created):
        if "AUTOMATIC" not in each.author.algorithm_types:
            counts[_judge(store, each)] += 1
    counts[LabelOrigin.unknown] += len(new) - len(seen)
    for uid, places in series.items():
        store.ledger.examine(uid, len(places))
    return counts


def same_author(name: str, listed: Iterable[str]) -> bool:
    """Whether a Content Creator's Name is one of the listed; case, padding and empty components do not count."""
    return bool(_folded(name)) and _folded(name) in {_folded(each) for each in listed}


def _folded(name: str) -> str:
    return " ".join(name.partition("=")[0].replace("^", " ").split()).casefold()


def _read_headers(store: LabelStore, places: Iterable[SegmentationPlace], keys: Iterable[ExamKey]) -> Iterable[_Seen]:
    by_series = {key.pet_series_uid: key for key in keys}
    by_study: dict[str, list[ExamKey]] = defaultdict(list)
    for key in by_series.values():
        by_study[key.study_uid].append(key)
    for place in places:
        try:
            with store.stored.fetched(place) as path:
                author = read_authorship(path)
        except (InputRefused, FileNotFoundError):
            continue
        if (image_id := _image_of(author, by_series, by_study)) is not None:
            yield _Seen(place, author, image_id)


def _image_of(
    author: SegmentationAuthorship, by_series: Mapping[str, ExamKey], by_study: Mapping[str, list[ExamKey]]
) -> str | None:
    """The exam that a segmentation was drawn on: by its PET, else the only exam of its study (drawn on the CT)."""
    for uid in author.source_series_uids:
        if uid in by_series:
            return uid
    exams = by_study.get(author.study_uid, [])
    return exams[0].pet_series_uid if len(exams) == 1 else None


def _read(store: LabelStore, place: SegmentationPlace) -> SegmentationObject | None:
    try:
        with store.stored.fetched(place) as path:
            return read_segmentation(path)
    except (InputRefused, FileNotFoundError):
        return None


def _note_machine(store: LabelStore, seen: _Seen) -> None:
    found = _read(store, seen.place)
    if found is not None:
        masks = [found.mask(segment) for segment in found.segments]
        store.ledger.give_out(seen.image_id, print_masks(masks, found.geometry))


def _judge(store: LabelStore, seen: _Seen) -> LabelOrigin:
    """Whether a segmentation that no machine admits to is a listed author's; such a one is entered as truth."""
    by_hand = bool(seen.author.algorithm_types) and seen.author.algorithm_types <= _BY_HAND
    if not by_hand or not same_author(seen.author.author, store.settings.human_authors):
        return LabelOrigin.unknown
    found = _read(store, seen.place)
    try:
        prints = {} if found is None else segment_prints(found)
    except LabelRefused:
        return LabelOrigin.unknown
    if all_known(prints.values(), store.ledger.machine_masks(seen.image_id)):
        return LabelOrigin.machine
    if found is None or not {name.partition(" ")[0] for name in prints} <= set(store.classes.values()):
        _LOG.warning("segmentation %s has classes that are not ours: it is no truth", seen.place.sop_instance_uid)
        return LabelOrigin.unknown
    with store.ledger.exclusive():
        version = LabelVersion(
            sop_instance_uid=seen.place.sop_instance_uid,
            image_id=seen.image_id,
            tag=FINAL,
            origin=LabelOrigin.listed_author,
            author=seen.author.author,
            sha256=digest_prints(prints),
            number=store.ledger.last_number(seen.image_id) + 1,
            created=min(_moment(seen.author.created), time.time()),
        )
        store.ledger.add("found", LedgerEntry(version, seen.place, prints, "stored"))
    return LabelOrigin.listed_author


def _moment(created: str) -> float:
    digits = created.partition(".")[0]
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").timestamp()
    except ValueError:
        return 0.0
