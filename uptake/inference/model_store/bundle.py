"""A model bundle: what a network reads, what it answers, how it was made, and where its weights are."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from uptake.inference.model_store.graphs import ExportedGraph, require_graphs_fit
from uptake.inference.model_store.input_channels import InputChannel
from uptake.inference.model_store.label_classes import LabelClass
from uptake.inference.model_store.sampling import Preprocessing, Tiling

Plain = None | bool | int | float | str | tuple["Plain", ...] | dict[str, "Plain"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_VERSION = re.compile(r"(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})")


@dataclass(frozen=True, slots=True)
class NetworkSpecification:
    """Which network, and how large.

    Parameters
    ----------
    name
        The network's module in ``uptake.networks``.
    settings
        Its settings as plain JSON; lists become tuples, so that two bundles can be compared and the network's
        settings can be built from them directly.
    parameters
        Numbers in one weights file; filled in when the bundle is saved.
    flops_per_patch
        Floating-point operations (multiply and add count as two) for one patch; 0 where it was not counted.
    """

    name: str
    settings: Mapping[str, Any]
    parameters: int = 0
    flops_per_patch: int = 0

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"network name {self.name!r} must be lower case letters, digits and underscores")
        if self.parameters < 0 or self.flops_per_patch < 0:
            raise ValueError("a network's parameters and operations cannot be negative")
        object.__setattr__(self, "settings", {str(key): _plain(value) for key, value in self.settings.items()})


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What the weights were trained on; ``digital_patients_only`` is said wherever the weights' results are shown."""

    description: str
    digital_patients_only: bool
    exams: int

    def __post_init__(self) -> None:
        if not self.description.strip():
            raise ValueError("the training data must be described")
        if self.exams < 0:
            raise ValueError("the number of training exams cannot be negative")


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure of merit: its name, value, the class it is for (empty: all), and the data it was measured on."""

    name: str
    value: float
    measured_on: str
    class_name: str = ""

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"metric {self.name!r} is not a finite number")


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """One fold's weights: POSIX path inside the bundle, SHA-256 in lower-case hex, size, and the fold's number."""

    path: str
    sha256: str
    size_bytes: int
    fold: int


@dataclass(frozen=True, slots=True)
class Bundle:
    """One network with all that is needed to run it and to say what it is.

    Parameters
    ----------
    name, version
        ``lower_case`` and ``1.2.3``.
    task, description, authors, copyright, references
        Plain words, as MONAI's bundle specification asks for them.
    inputs
        The channels in their order.
    preprocessing, tiling
        Grid, resampling, patches and their blending.
    classes
        By value, from 0 (background) upwards without gaps.
    network, training, metrics
        See there.
    needs_uptake
        The oldest Uptake that can run it.
    folder
        Where it was loaded from or saved to.
    weights
        One file per fold; empty until the bundle is saved.
    graphs
        Quantised graphs of the folds, where they were made and accepted.

    Raises
    ------
    ValueError
        If a part is impossible or two parts contradict each other.
    """

    name: str
    version: str
    task: str
    description: str
    authors: str
    copyright: str
    inputs: tuple[InputChannel, ...]
    preprocessing: Preprocessing
    tiling: Tiling
    classes: tuple[LabelClass, ...]
    network: NetworkSpecification
    training: TrainingData
    metrics: tuple[Metric, ...] = ()
    references: tuple[str, ...] = ()
    needs_uptake: str = "0.1.0"
    folder: Path = field(default=Path(), compare=False)
    weights: tuple[WeightsFile, ...] = ()
    graphs: tuple[ExportedGraph, ...] = ()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"name {self.name!r} must be lower case letters, digits and underscores")
        version_parts(self.version)
        version_parts(self.needs_uptake)
        _check_classes(self.classes)
        _check_channels(self.inputs)
        _check_settings(self.network.settings, len(self.inputs), len(self.classes))
        names = {each.name for each in self.classes}
        _check_metrics(self.metrics, names)
        _check_folds([each.fold for each in self.weights])
        require_graphs_fit(self.graphs, {each.fold: each.sha256 for each in self.weights}, names)

    @property
    def folds(self) -> tuple[int, ...]:
        """The folds that have weights, ascending."""
        return tuple(sorted(each.fold for each in self.weights))


def version_parts(version: str) -> tuple[int, int, int]:
    """``1.2.3`` as three numbers; ValueError for anything else."""
    match = _VERSION.fullmatch(version)
    if match is None:
        raise ValueError(f"version {version!r} must be three numbers such as 1.0.0")
    return int(match[1]), int(match[2]), int(match[3])


def _check_classes(classes: tuple[LabelClass, ...]) -> None:
    if [each.value for each in classes] != list(range(len(classes))) or len(classes) < 2:
        raise ValueError("classes must be numbered 0, 1, 2, ... in order, background first, and at least one more")
    if len({each.name for each in classes}) != len(classes):
        raise ValueError("two classes have the same name")


def _check_channels(inputs: tuple[InputChannel, ...]) -> None:
    if "PT" not in {each.kind for each in inputs}:
        raise ValueError("no input channel is a PET: every network here reads at least one of kind PT")
    if len({each.name for each in inputs}) != len(inputs):
        raise ValueError("two input channels have the same name")


def _check_settings(settings: Mapping[str, Any], channels: int, classes: int) -> None:
    for key, count, what in (("in_channels", channels, "input channels"), ("classes", classes, "classes")):
        if key in settings and settings[key] != count:
            raise ValueError(f"the network's settings say {key} {settings[key]}, but {count} {what} are listed")


def _check_metrics(metrics: tuple[Metric, ...], names: set[str]) -> None:
    for each in metrics:
        if each.class_name and each.class_name not in names:
            raise ValueError(f"metric {each.name!r} is for class {each.class_name!r}, which the bundle does not have")


def _check_folds(folds: list[int]) -> None:
    if len(set(folds)) != len(folds) or any(fold < 0 for fold in folds):
        raise ValueError("every weights file needs a fold number of its own, from 0 upwards")


def _plain(value: Any) -> Plain:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("a network's settings hold a number that is not finite")
        return value
    if isinstance(value, list | tuple):
        return tuple(_plain(each) for each in value)
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    raise ValueError(f"a network's settings hold a {type(value).__name__}, which plain JSON cannot")
