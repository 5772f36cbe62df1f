"""Finds the CT that belongs to a PET."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from uptake.dicom.exams.exam_grouping import acquired
from uptake.dicom.exams.series_ranking import ct_refusal, is_derived
from uptake.dicom.files.folder_scan import ScannedSeries
from uptake.errors import InputRefused, UnsafeInput
from uptake.exam import ImageSeries
from uptake.geometry import ImageGeometry

_LEAST_OVERLAP = 0.05


@dataclass(frozen=True, slots=True)
class Pairing:
    """The CT of an exam, or None; why others were left, by series UID; what the user should know."""

    ct: ImageSeries | None
    source: ScannedSeries | None
    reasons: dict[str, str]
    warnings: tuple[str, ...]


def pair_ct(
    pet: ImageSeries,
    source: ScannedSeries,
    candidates: Sequence[ScannedSeries],
    build: Callable[[ScannedSeries], ImageSeries],
) -> Pairing:
    """The CT in the PET's frame of reference that covers it best; else, with a warning, one of the same study.

    Of several that cover it alike (to a tenth), original goes before derived, then the same study, then the one
    acquired closest in time, then more slices, then the lower series number and UID.

    Parameters
    ----------
    pet, source
        The chosen PET, and its series as scanned.
    candidates
        CT series of the same patient.
    build
        Makes an ``ImageSeries`` or raises InputRefused.
    """
    reasons: dict[str, str] = {}
    warnings: list[str] = []
    usable: list[tuple[tuple[bool | float | int | str, ...], ScannedSeries, ImageSeries]] = []
    for series in candidates:
        facts = series.first.facts
        framed = bool(pet.frame_of_reference_uid) and facts.frame_of_reference_uid == pet.frame_of_reference_uid
        if not framed and facts.study_uid != pet.study_uid:
            reasons[facts.series_uid] = "another frame of reference and another study than the PET"
            continue
        refused = ct_refusal(series)
        try:
            if refused is not None:
                raise refused
            image = build(series)
        except UnsafeInput:
            raise
        except InputRefused as error:
            reasons[facts.series_uid] = error.reason
            if not _is_scout(error):
                warnings.append(f"{error.series}: left out: {error.attribute} {error.reason}")
            continue
        covered = overlap(pet.geometry, image.geometry)
        if covered < _LEAST_OVERLAP:
            reasons[facts.series_uid] = "it does not overlap the PET"
            continue
        usable.append((_rank(series, source, framed, covered), series, image))
    usable.sort(key=lambda entry: entry[0])
    if not usable:
        return Pairing(None, None, reasons, tuple(warnings))
    rank, chosen, image = usable[0]
    for _, series, _ in usable[1:]:
        reasons[series.first.facts.series_uid] = f"{chosen.label} fits the PET better"
    if rank[0]:
        warnings.append(
            f"{image.label}: paired by study alone, as its frame of reference is not the PET's; they may not be aligned"
        )
    return Pairing(image, chosen, reasons, tuple(warnings))


def overlap(pet: ImageGeometry, ct: ImageGeometry) -> float:
    """Share of the PET's volume that lies inside the CT's, from a lattice of its points."""
    lattice = np.meshgrid(*(np.linspace(0, size - 1, min(size, 17)) for size in pet.shape), indexing="ij")
    index = ct.index(pet.position_mm(np.stack(lattice, axis=-1).reshape(-1, 3)))
    inside = np.all((index > -0.5) & (index < np.asarray(ct.shape) - 0.5), axis=1)
    return float(inside.mean())


def _rank(series: ScannedSeries, source: ScannedSeries, framed: bool, covered: float) -> tuple[bool | float | str, ...]:
    facts = series.first.facts
    begun, pet_begun = acquired(series), acquired(source)
    apart = abs(begun - pet_begun) if begun is not None and pet_begun is not None else float("inf")
    return (
        not framed,
        -round(covered, 1),
        is_derived(series),
        facts.study_uid != source.first.facts.study_uid,
        apart,
        -len(series.instances),
        float("inf") if facts.number is None else facts.number,
        facts.series_uid,
    )


def _is_scout(error: InputRefused) -> bool:
    return error.attribute.startswith("ImageType")
