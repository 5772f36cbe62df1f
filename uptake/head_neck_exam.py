"""Whether an exam is one for the head-and-neck network: its tracer, its CT, and what its field of view shows."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from uptake.dicom.exams.body_part import head_neck_hint
from uptake.errors import InputRefused
from uptake.exam import PreparedExam
from uptake.inference.head_neck_field import field_box
from uptake.inference.model_store.field_of_view import FieldOfView
from uptake.inference.network_grid import turned_geometry, turning
from uptake.regions.body_mask import body_mask
from uptake.volume import SuvVolume

_FDG = re.compile(r"fdg|des?o?xyglu[ck]", re.I)
_PSMA = re.compile(r"psma|dcf?pyl|piflufolastat|pylarify|locametz|illuccix|flotufolastat|posluma", re.I)
_OTHER = re.compile(
    r"dota|choline|cholin|fluciclovine|fapi|\bflt\b|thymidine|\bfes\b|estradiol|\bnaf\b|fluoride|\bfet\b|dopa|methionine"
    r"|florbeta|flutemetamol",
    re.I,
)
_FLUORINE = re.compile(r"fluor|\bf\W?18|18\W?f\b", re.I)
_FIELD = FieldOfView("head_neck", (320.0, 320.0))
# Shoulders are 33 to 50 cm across; nothing of a head or neck is.
_SHOULDERS_MM = 300.0
# From 11 cm below the shoulders' top (where the region that the network sees ends) to the diaphragm.
_CHEST_BELOW_MM = 200.0
_LEAST_CT_SHARE = 0.5
_SAMPLES = 50_000


@dataclass(frozen=True, slots=True)
class HeadNeckView:
    """What an exam's field of view shows.

    Parameters
    ----------
    shoulders
        Whether they are in it, so that the neck is too.
    below_mm
        Length of the body below the region that the network is shown.
    ct_share
        Share of the body in that region that the CT covers; 0 without a CT.
    """

    shoulders: bool
    below_mm: float
    ct_share: float


def head_neck_view(prepared: PreparedExam) -> HeadNeckView:
    """Look at the body's outline in the PET.

    Raises
    ------
    InputRefused
        If neither head nor neck is shown.
    """
    suv = prepared.suv
    turn = turning(suv.geometry, "LPS")
    grid = turned_geometry(suv.geometry, turn)
    body = body_mask(SuvVolume(np.ascontiguousarray(turn.turn(suv.array)), grid))
    try:
        box = field_box(body, grid, _FIELD)
    except InputRefused as error:
        raise InputRefused(error.reason, remedy=error.remedy, series=prepared.exam.pet.label) from error
    shadow = np.asarray(body[: box.stop[0]].any(axis=1))
    last = shadow.shape[1] - 1
    widths = np.where(shadow.any(axis=1), last - shadow[:, ::-1].argmax(axis=1) - shadow.argmax(axis=1) + 1, 0)
    voxels = np.argwhere(body[box.slices]) + np.asarray(box.start)
    places = grid.position_mm(voxels[:: max(len(voxels) // _SAMPLES, 1)])
    share = 0.0
    if prepared.ct is not None:
        index = prepared.ct.geometry.index(places)
        inside = (index > -0.5) & (index < np.asarray(prepared.ct.geometry.shape) - 0.5)
        share = float(inside.all(axis=1).mean())
    below = max(box.start[0] - int(shadow.any(axis=1).argmax()), 0) * grid.spacing_mm[0]
    return HeadNeckView(float(widths.max()) * grid.spacing_mm[2] >= _SHOULDERS_MM, below, share)


def require_head_neck(prepared: PreparedExam) -> HeadNeckView:
    """Refuse an exam that the head-and-neck network is not for.

    Raises
    ------
    InputRefused
        If the tracer is another than FDG by its name or nuclide, there is no CT or it does not overlap the PET, neither
        head nor neck is shown, or the CT covers less than half of them.
    """
    series = prepared.exam.pet.label
    _require_fdg(prepared)
    if prepared.ct is None:
        apart = any("does not overlap" in each.reason for each in prepared.exam.decisions)
        raise InputRefused(
            "the PET and the CT do not overlap." if apart else "there is no CT that belongs to this PET.",
            remedy="Give the PET and the CT of one examination; the head-and-neck network reads both.",
            series=series,
        )
    view = head_neck_view(prepared)
    if view.ct_share < _LEAST_CT_SHARE:
        raise InputRefused(
            f"the PET and the CT do not overlap enough: the CT covers {100 * view.ct_share:.0f} % of head and neck.",
            remedy="Give the CT of the same examination that shows head and neck.",
            series=series,
        )
    return view


def why_not_head_neck(prepared: PreparedExam) -> str:
    """Why an exam is not taken for one of head and neck when nobody said so; empty where it is.

    Careful: the tracer has to be stated as FDG, and either the field of view shows head, neck and shoulders and little
    of the body below the chest, or the header names head and neck.
    """
    if not _FDG.search(prepared.exam.acquisition.tracer):
        return "the tracer is not stated as FDG"
    try:
        view = require_head_neck(prepared)
    except InputRefused as error:
        return error.reason.rstrip(".")
    if head_neck_hint(prepared.exam.pet):
        return ""
    if not view.shoulders:
        return "the field of view does not show head, neck and shoulders"
    if view.below_mm > _CHEST_BELOW_MM:
        return "the field of view shows the body below the chest"
    return ""


def tracer_caveat(prepared: PreparedExam) -> str:
    """What to say of a tracer that is not known to be FDG, nor another; empty for FDG."""
    if _FDG.search(prepared.exam.acquisition.tracer):
        return ""
    return "The header does not state the tracer as FDG, which the network was trained for."


def _require_fdg(prepared: PreparedExam) -> None:
    acquisition = prepared.exam.acquisition
    tracer, nuclide = acquisition.tracer, acquisition.nuclide
    if _FDG.search(tracer):
        return
    found = ""
    if _PSMA.search(tracer):
        found = "the tracer is a PSMA ligand"
    elif _OTHER.search(tracer):
        found = "the tracer is not FDG"
    elif nuclide.strip() and not _FLUORINE.search(nuclide):
        found = "the nuclide is not fluorine-18"
    if found:
        raise InputRefused(
            f"{found}, and the head-and-neck network reads FDG alone.",
            remedy="Choose another task, or a threshold method.",
            series=prepared.exam.pet.label,
            attribute="RadiopharmaceuticalInformationSequence (0054,0016)",
        )
