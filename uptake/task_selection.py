"""Which task a run does: the one asked for, or the one that tracer and body part call for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from uptake.errors import InputRefused
from uptake.exam import PreparedExam
from uptake.head_neck_exam import require_head_neck, why_not_head_neck
from uptake.inference.model_store import load_bundle
from uptake.inference.model_store.bundle_files import METADATA
from uptake.settings import RunSettings
from uptake.task import TaskChoice

HEAD_NECK = "head-neck"
HEAD_NECK_BUNDLE = "head_neck_mtv"
_LESIONS = "lesions"
_LATER = ("psma", "response")


def require_task(settings: RunSettings, models: Path) -> None:
    """Refuse, before any voxel is read, what cannot be done.

    Raises
    ------
    InputRefused
        If there is no such task yet, or its network is not installed.
    BundleRefused
        If the bundle is damaged or not there.
    """
    if settings.task in _LATER:
        raise InputRefused(
            f"The task {settings.task} is not there yet in this version of Uptake.",
            remedy="Choose auto, head-neck or lesions.",
        )
    if settings.network.bundle:
        load_bundle(models / settings.network.bundle)
    elif settings.task == HEAD_NECK and not _installed(models):
        raise InputRefused(
            f"The task {HEAD_NECK} needs the model bundle {HEAD_NECK_BUNDLE} with its weights, which is not installed.",
            remedy="Train it (uptake train, uptake models from-run), name another bundle, or use a threshold.",
        )


def choose_task(exams: Sequence[PreparedExam], settings: RunSettings, models: Path) -> TaskChoice:
    """The task of a run, the same for all its exams.

    ``auto`` is ``head-neck`` where every exam is FDG, with a CT, and of head and neck
    (``head_neck_exam.why_not_head_neck``), and the bundle is installed with weights; else ``lesions``.

    Raises
    ------
    InputRefused
        If ``head-neck`` was asked for and an exam is not one of head and neck in FDG PET/CT, or as ``require_task``.
    """
    require_task(settings, models)
    named = settings.network.bundle
    if settings.task == HEAD_NECK:
        for each in exams:
            require_head_neck(each)
        return TaskChoice(settings.task, HEAD_NECK, named or HEAD_NECK_BUNDLE, "It was asked for.")
    if named:
        return TaskChoice(settings.task, _LESIONS, named, f"The network {named} was named.")
    if settings.task == _LESIONS:
        return TaskChoice(settings.task, _LESIONS, "", "It was asked for, without a network.")
    against = _against_head_neck(exams, models)
    if against:
        return TaskChoice(settings.task, _LESIONS, "", f"Not {HEAD_NECK}: {against}.")
    why = "FDG PET/CT of head and neck, by the field of view or the header, and the network is installed."
    return TaskChoice(settings.task, HEAD_NECK, HEAD_NECK_BUNDLE, why)


def _against_head_neck(exams: Sequence[PreparedExam], models: Path) -> str:
    if not _installed(models):
        return f"no weights of {HEAD_NECK_BUNDLE} are installed"
    for number, each in enumerate(exams, start=1):
        against = why_not_head_neck(each)
        if against:
            return against if len(exams) == 1 else f"exam {number}: {against}"
    return ""


def _installed(models: Path) -> bool:
    """Whether the bundle is there with weights; BundleRefused where it is there but damaged."""
    folder = models / HEAD_NECK_BUNDLE
    return (folder / METADATA).is_file() and bool(load_bundle(folder).weights)
