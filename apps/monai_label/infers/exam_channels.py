"""What a network reads of an exam and the one before it, by what its bundle says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from apps.monai_label.infers.infer_errors import ModelUnavailable
from apps.monai_label.infers.infer_request import Exams
from uptake.exam import PreparedExam
from uptake.inference.model_store import Bundle
from uptake.volume import CtVolume, LabelMap, SuvVolume

Channels = dict[str, SuvVolume | CtVolume]
Align = Callable[[PreparedExam, PreparedExam], "PriorOnExam"]

OWN = frozenset({"PT", "CT"})
PRIOR = frozenset({"PRIOR_PT", "PRIOR_CT", "PRIOR_LESIONS"})


class PriorOnExam(Protocol):
    """An exam before this one, brought to lie on it."""

    def suv(self) -> SuvVolume:
        """Its SUV on this exam's PET grid."""

    def ct(self) -> CtVolume | None:
        """Its CT on this exam's PET grid, if it has one."""

    def labels(self, labels: LabelMap) -> LabelMap:
        """Labels on its PET's grid, on this exam's."""


def kinds_of(bundle: Bundle) -> frozenset[str]:
    """The kinds of channel that a bundle reads."""
    return frozenset(each.kind for each in bundle.inputs)


def why_unknown(bundle: Bundle) -> str:
    """Why no exam could be given to a bundle; empty where one could."""
    unknown = sorted(kinds_of(bundle) - OWN - PRIOR)
    return f"it reads {', '.join(unknown)}, which this server cannot prepare" if unknown else ""


def exam_channels(bundle: Bundle, prepared: PreparedExam, exams: Exams, align: Align) -> Channels:
    """Gather the volumes that a bundle reads; the prior exam is looked for and aligned only where it is read.

    Raises
    ------
    ModelUnavailable
        If the exam has no CT, no exam before it, or that one no CT or no submitted label, where the bundle reads it.
    """
    kinds = kinds_of(bundle)
    channels: Channels = {"PT": prepared.suv}
    if "CT" in kinds:
        if prepared.ct is None:
            raise _lacking(bundle, "a CT, and this exam has none that belongs to its PET", "Add the CT to the PACS.")
        channels["CT"] = prepared.ct
    wanted = kinds & PRIOR
    return channels | _prior_channels(bundle, prepared, exams, align) if wanted else channels


def _prior_channels(bundle: Bundle, prepared: PreparedExam, exams: Exams, align: Align) -> Channels:
    kinds = kinds_of(bundle)
    prior = exams.prior(prepared.exam.pet.series_uid)
    if prior is None:
        raise _lacking(bundle, "an exam before this one, and there is none", "Add the earlier exam to the PACS.")
    truth = exams.truth(prior.exam.pet.series_uid) if "PRIOR_LESIONS" in kinds else None
    if "PRIOR_LESIONS" in kinds and truth is None:
        raise _lacking(
            bundle, "the lesions of the exam before this one, which has no label", "Submit a label of that exam first."
        )
    if "PRIOR_CT" in kinds and prior.ct is None:
        raise _lacking(bundle, "the CT of the exam before this one, which has none", "Add that CT to the PACS.")
    aligned = align(prepared, prior)
    channels: Channels = {}
    if "PRIOR_PT" in kinds:
        channels["PRIOR_PT"] = aligned.suv()
    ct = aligned.ct() if "PRIOR_CT" in kinds else None
    if ct is not None:
        channels["PRIOR_CT"] = ct
    if truth is not None:
        labels = aligned.labels(truth)
        channels["PRIOR_LESIONS"] = SuvVolume((labels.array > 0).astype(np.float32), labels.geometry)
    return channels


def _lacking(bundle: Bundle, what: str, remedy: str) -> ModelUnavailable:
    return ModelUnavailable(f"The model {bundle.name} reads {what}.", remedy=remedy)
