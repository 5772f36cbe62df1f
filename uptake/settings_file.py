"""Settings from a JSON file: the same keys that ``results.json`` prints under ``settings``."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from uptake.settings import NetworkSettings, RunSettings, SegmentationSettings

_HEAD_NECK = "head-neck"


@dataclass(frozen=True, slots=True)
class CommandLineChoices:
    """What the command line says of the settings, over what their file says; None where it is silent.

    Parameters
    ----------
    method
        For ``segmentation.method``; no network then.
    bundle, engine, fast
        For those of ``network``.
    task, structure_set
        As in ``RunSettings``.
    """

    method: str | None = None
    bundle: str | None = None
    engine: str | None = None
    task: str | None = None
    structure_set: bool | None = None
    fast: bool | None = None

    def __post_init__(self) -> None:
        if self.method is not None and (self.bundle is not None or self.engine is not None or self.fast):
            raise ValueError("a threshold method and a network were both asked for: choose one")
        if self.method is not None and self.task == _HEAD_NECK:
            raise ValueError(
                f"a threshold method and the task {_HEAD_NECK}, a network's, were both asked for: choose one"
            )
        if self.bundle == "":
            raise ValueError("a model bundle is named by its folder's name, which is not empty")


def load_settings(path: Path | None, choices: CommandLineChoices | None = None) -> RunSettings:
    """Build the settings of a run.

    A threshold method that is chosen, and no task with it, makes the task ``lesions``: nothing is chosen then.

    Parameters
    ----------
    path
        JSON file such as ``{"segmentation": {"method": "percent-41"}, "network": {"bundle": "head_neck_mtv"}}``; None
        for defaults.
    choices
        Of the command line.

    Raises
    ------
    ValueError
        If the file cannot be read, a key is unknown, a value is impossible, or choices contradict each other; the text
        says which.
    """
    choices = choices or CommandLineChoices()
    content = _read(path) if path is not None else {}
    segmentation = _only_known(content.pop("segmentation", {}), SegmentationSettings, "segmentation")
    network = _only_known(content.pop("network", {}), NetworkSettings, "network")
    run = _only_known(content, RunSettings, "settings")
    run |= _given(task=choices.task, structure_set=choices.structure_set)
    if choices.method is not None:
        segmentation["method"] = choices.method
        network["bundle"] = ""
    network |= _given(bundle=choices.bundle, engine=choices.engine, fast=choices.fast)
    if "method" in segmentation and not network.get("bundle"):
        run.setdefault("task", "lesions")
    if choices.method is not None and run["task"] in ("auto", _HEAD_NECK):
        run["task"] = "lesions"
    if choices.engine is not None and not network.get("bundle") and run.get("task") != _HEAD_NECK:
        raise ValueError(f"an engine runs a network: name the model bundle too, or the task {_HEAD_NECK}")
    try:
        return RunSettings(segmentation=SegmentationSettings(**segmentation), network=NetworkSettings(**network), **run)
    except TypeError as error:
        raise ValueError("a value in the settings has the wrong type") from error


def _given(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"the settings file cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise ValueError(f"the settings file is not JSON ({error})") from error
    if not isinstance(content, dict):
        raise ValueError("the settings file must hold one JSON object")
    return content


def _only_known(content: Any, target: type, where: str) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise ValueError(f"{where} must be a JSON object")
    known = {field.name for field in fields(target)}
    unknown = sorted(set(content) - known)
    if unknown:
        raise ValueError(f"{where} has no {', '.join(unknown)}; it has {', '.join(sorted(known))}")
    return dict(content)
