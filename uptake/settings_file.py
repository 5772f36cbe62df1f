"""Settings from a JSON file: the same keys that ``results.json`` prints under ``settings``."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from uptake.settings import RunSettings, SegmentationSettings


def load_settings(path: Path | None, method: str | None = None) -> RunSettings:
    """Build the settings of a run.

    Parameters
    ----------
    path
        JSON file such as ``{"segmentation": {"method": "percent-41", "minimum_volume_ml": 1.0}}``; None for defaults.
    method
        Overrides the file's ``segmentation.method``.

    Raises
    ------
    ValueError
        If the file cannot be read, a key is unknown, or a value is impossible; the text says which.
    """
    content = _read(path) if path is not None else {}
    segmentation = _only_known(content.pop("segmentation", {}), SegmentationSettings, "segmentation")
    if method is not None:
        segmentation["method"] = method
    run = _only_known(content, RunSettings, "settings")
    try:
        return RunSettings(segmentation=SegmentationSettings(**segmentation), **run)
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
