"""Settings from a JSON file: the same keys that ``results.json`` prints under ``settings``."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from uptake.settings import NetworkSettings, RunSettings, SegmentationSettings


def load_settings(
    path: Path | None, method: str | None = None, *, bundle: str | None = None, engine: str | None = None
) -> RunSettings:
    """Build the settings of a run.

    Parameters
    ----------
    path
        JSON file such as ``{"segmentation": {"method": "percent-41"}, "network": {"bundle": "head_neck_mtv"}}``; None
        for defaults.
    method
        Overrides the file's ``segmentation.method``, and its network, if any.
    bundle, engine
        Override those of the file's ``network``.

    Raises
    ------
    ValueError
        If the file cannot be read, a key is unknown, a value is impossible, or choices contradict each other; the text
        says which.
    """
    if method is not None and (bundle is not None or engine is not None):
        raise ValueError("a threshold method and a network were both asked for: choose one")
    content = _read(path) if path is not None else {}
    segmentation = _only_known(content.pop("segmentation", {}), SegmentationSettings, "segmentation")
    network = _only_known(content.pop("network", {}), NetworkSettings, "network")
    if method is not None:
        segmentation["method"] = method
        network["bundle"] = ""
    network |= {key: value for key, value in (("bundle", bundle), ("engine", engine)) if value is not None}
    if engine is not None and not network.get("bundle"):
        raise ValueError("an engine runs a network: name the model bundle too")
    if bundle == "":
        raise ValueError("a model bundle is named by its folder's name, which is not empty")
    run = _only_known(content, RunSettings, "settings")
    try:
        return RunSettings(segmentation=SegmentationSettings(**segmentation), network=NetworkSettings(**network), **run)
    except TypeError as error:
        raise ValueError("a value in the settings has the wrong type") from error


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
