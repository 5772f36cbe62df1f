"""The models that MONAI Label lists: every bundle, the click tools and the edits, as its ``InferTask``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monailabel.interfaces.tasks.infer_v2 import InferTask, InferType

from apps.monai_label.infers.bundle_labels import (
    BUNDLE_PARAMS,
    BundleLine,
    bundle_labels,
    listed_bundle,
    unreadable_bundle,
)
from apps.monai_label.infers.click_tools import INTERACTIVE, LIVER, ClickTool
from apps.monai_label.infers.drafts import Draft, Drafts
from apps.monai_label.infers.edit_tools import PROMOTE, REMOVE, EditTool
from apps.monai_label.infers.exam_channels import Align
from apps.monai_label.infers.infer_errors import ModelUnavailable
from apps.monai_label.infers.infer_request import Exams, read_request
from apps.monai_label.infers.label_answer import LabelAnswer
from apps.monai_label.infers.label_files import write_labels
from apps.monai_label.infers.label_names import LabelNames, announced_labels
from apps.monai_label.infers.network_shelf import NetworkShelf
from apps.monai_label.infers.threshold_rules import RULES
from uptake.errors import BundleRefused, UptakeError
from uptake.inference.model_store import Bundle, load_bundle
from uptake.inference.model_store.listing import bundle_folders


def _align(prepared: Any, prior: Any) -> Any:
    from apps.monai_label.infers.prior_alignment import align_rigidly

    return align_rigidly(prepared, prior)


@dataclass(frozen=True, slots=True, eq=False)
class InferSettings:
    """What all tasks share.

    Parameters
    ----------
    current
        The folder of the version in use of a bundle, by its name; None for the shipped one.
    names
        The labels that the server announces; None to take them from the bundles.
    shelf
        Networks that are loaded.
    drafts
        What edits start from.
    scratch
        Where files of answers are written; the system's folder for temporary files if None.
    align
        Lays a prior exam on this one.
    """

    current: Callable[[str], Path] | None = None
    names: LabelNames | None = None
    shelf: NetworkShelf = field(default_factory=NetworkShelf)
    drafts: Drafts = field(default_factory=Drafts)
    scratch: Path | None = None
    align: Align = _align


class LabelTask(InferTask):
    """A task whose work is done by ``answer``; ``quick`` where it answers a click."""

    quick = True
    allowed: frozenset[str] = frozenset()

    def __init__(self, announced: Mapping[str, Any], exams: Exams, settings: InferSettings) -> None:
        super().__init__(dimension=3, **announced)
        self.exams, self.settings = exams, settings

    def is_valid(self) -> bool:
        """Whether it is listed; always, as one that is not available says why."""
        return True

    def answer(self, request: Mapping[str, Any]) -> LabelAnswer:
        """Answer a request in memory.

        Raises
        ------
        UptakeError
            If the request, the exam or the model does not do.
        """
        raise NotImplementedError

    def __call__(self, request: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Answer with a label file, which the caller removes, and its facts; errors as ``answer``."""
        wanted = read_request(request, self.allowed)
        answer = self.answer(request)
        file = write_labels(answer.placed, wanted.extension, self.settings.scratch, compressed=wanted.compressed)
        return str(file), answer.params


class BundleInfer(LabelTask):
    """The networks of a bundle, in the version that is in use."""

    quick = False
    allowed = BUNDLE_PARAMS

    def __init__(self, name: str, shipped: Path, exams: Exams, settings: InferSettings) -> None:
        self._name, self._shipped = name, shipped
        line = self._line_of(settings)
        kind = InferType.SEGMENTATION if line.available else InferType.OTHERS
        super().__init__({"type": kind, "labels": line.labels, "description": line.description}, exams, settings)

    def info(self) -> dict[str, Any]:
        """What is announced, of the version that is in use now."""
        line = self._line_of(self.settings)
        self.type = InferType.SEGMENTATION if line.available else InferType.OTHERS
        self.labels, self.description = line.labels, line.description
        return dict(super().info())

    def answer(self, request: Mapping[str, Any]) -> LabelAnswer:
        """See ``LabelTask``; ModelUnavailable where the bundle cannot be run, BundleRefused where it is broken."""
        read = read_request(request, self.allowed)
        folder = self._folder(self.settings)
        line = listed_bundle(self._name, load_bundle(folder))
        if not line.available:
            raise ModelUnavailable(line.description, remedy="Choose another model.")
        network = self.settings.shelf.of(folder)
        prepared = self.exams.exam(read.image_id)
        version = self.exams.truth_version(read.image_id)
        answer = bundle_labels(network, read, prepared, self.exams, self.settings.align)
        names = self.settings.names
        if names is not None:
            draft = names.renumbered(answer.placed, answer.names)
            self.settings.drafts.keep(read.user, read.image_id, Draft(draft, version))
        return answer

    def _folder(self, settings: InferSettings) -> Path:
        return settings.current(self._name) if settings.current is not None else self._shipped

    def _line_of(self, settings: InferSettings) -> BundleLine:
        try:
            return listed_bundle(self._name, load_bundle(self._folder(settings)))
        except UptakeError as error:  # also a version whose files are gone
            return unreadable_bundle(self._name, str(error))


class ClickInfer(LabelTask):
    """A tool that finds regions at clicks."""

    def __init__(self, tool: ClickTool, exams: Exams, settings: InferSettings) -> None:
        self.tool = tool
        labels = dict(tool.names.values)
        kind = InferType.DEEPGROW
        config: dict[str, Any] = {"label_name": list(labels)}
        if tool.rule is not None and tool.rule.needs_liver:
            labels[LIVER] = max(labels.values()) + 1
            kind, config = InferType.DEEPEDIT, {"liver_mean_sul": 0.0, "liver_sd_sul": 0.0}
        announced = {"type": kind, "labels": labels, "description": tool.description, "config": config}
        super().__init__(announced, exams, settings)
        self.allowed = tool.allowed

    def answer(self, request: Mapping[str, Any]) -> LabelAnswer:
        """See ``LabelTask``."""
        read = read_request(request, self.allowed)
        return self.tool.answer(read, self.exams.exam(read.image_id))


class EditInfer(LabelTask):
    """A tool that edits labels by click."""

    def __init__(self, tool: EditTool, exams: Exams, settings: InferSettings) -> None:
        self.tool = tool
        announced = {"type": InferType.DEEPEDIT, "labels": dict(tool.names.values), "description": tool.description}
        super().__init__(announced, exams, settings)
        self.allowed = tool.allowed

    def answer(self, request: Mapping[str, Any]) -> LabelAnswer:
        """See ``LabelTask``."""
        read = read_request(request, self.allowed)
        return self.tool.answer(read, self.exams.exam(read.image_id), self.exams, self.settings.drafts)


def init_infers(models: Path, exams: Exams, settings: InferSettings | None = None) -> dict[str, LabelTask]:
    """Make a task of every bundle of a folder, and of every tool; a broken bundle is listed with the reason.

    A bundle's name is its folder's; one that a tool has too is left to the tool.

    Raises
    ------
    BundleRefused
        If there is no such folder.
    """
    settings = settings or InferSettings()
    folders = bundle_folders(models)
    names = settings.names or announced_labels(_readable(folders))
    settings = InferSettings(settings.current, names, settings.shelf, settings.drafts, settings.scratch, settings.align)
    tasks: dict[str, LabelTask] = {each.name: BundleInfer(each.name, each, exams, settings) for each in folders}
    for rule in (*RULES, None):
        tool = ClickTool(rule, names)
        tasks[tool.name] = ClickInfer(tool, exams, settings)
    for name in (REMOVE, PROMOTE):
        tasks[name] = EditInfer(EditTool(name, names), exams, settings)
    return tasks


def _readable(folders: tuple[Path, ...]) -> list[Bundle]:
    found = []
    for folder in folders:
        try:
            found.append(load_bundle(folder))
        except BundleRefused:
            continue
    return found


__all__ = ["INTERACTIVE", "BundleInfer", "ClickInfer", "EditInfer", "InferSettings", "LabelTask", "init_infers"]
