"""The ``params`` of a request: an allow-list of keys, each with its kind, and nothing that names a file."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from apps.monai_label.server.refusal import Refusal

NEVER = frozenset(
    {"image", "label", "model", "model_filename", "model_file", "file", "path", "session", "session_id", "datastore"}
)
"""Keys that upstream lets ``params`` put over the query; no announced option may bring them in either."""

Check = Callable[[Any], Any]

_LONGEST = 64 * 1024
_MOST_POINTS = 1000
_TEXT = re.compile(r"[ -~]{0,128}")
_KEY = re.compile(r"[ -~]{1,64}")
_EXTENSIONS = (".nii.gz", ".nii", ".nrrd")


def read_params(text: str | bytes, allowed: Mapping[str, Check]) -> dict[str, Any]:
    """Parse and check ``params``; a key that is null is left out.

    Raises
    ------
    Refusal
        400: no JSON object, a key twice, a key that is not allowed, a value of another kind.
    """
    return _checked(read_json_object(text), allowed)


def read_infer_params(text: str | bytes, model: Mapping[str, Any]) -> dict[str, Any]:
    """As ``read_params``, of an inference with a model as ``/info/`` announces it.

    3D Slicer's module calls the label that its user draws ``label``: where it is the name of an announced label it is
    taken as ``label_name``. Under its own name it never goes further: upstream would read it as a file.
    """
    document = read_json_object(text)
    if document.get("label") in label_names(model) and "label_name" not in document:
        document["label_name"] = document.pop("label")
    return _checked(document, infer_checks(model))


def _checked(document: Mapping[str, Any], allowed: Mapping[str, Check]) -> dict[str, Any]:
    unknown = sorted(key for key in document if key not in allowed or key in NEVER)
    if unknown:
        raise Refusal(400, f"params has a key that is not allowed here; allowed are: {', '.join(sorted(allowed))}.")
    checked: dict[str, Any] = {}
    for key, value in document.items():
        if value is None:
            continue
        try:
            checked[key] = allowed[key](value)
        except (ValueError, TypeError, OverflowError) as error:
            raise Refusal(400, f"params: the value of {key} cannot be used.") from error
    return checked


def read_json_object(text: str | bytes) -> dict[str, Any]:
    """Parse a JSON object without NaN and without a key twice; a Refusal with 400 otherwise."""
    if len(text) > _LONGEST:
        raise Refusal(413, "params is too long.")
    try:
        document = json.loads(text or "{}", object_pairs_hook=_no_key_twice, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "params is not a JSON object with every key once.") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise Refusal(400, "params is not a JSON object.")
    return document


def infer_checks(model: Mapping[str, Any]) -> dict[str, Check]:
    """What ``params`` of an inference may hold, by what the model announces in ``/info/``: its options and clicks."""
    checks: dict[str, Check] = {
        "client_id": text_value,
        "result_extension": one_of(_EXTENSIONS),
        "result_dtype": one_of(("uint8",)),
        "result_compress": flag,
        "restore_label_idx": flag,
        "foreground": points,
        "background": points,
        "label_name": text_value,
        "label_prompt": label_values,
        "label_info": label_info,
    }
    if str(getattr(model.get("type"), "value", model.get("type"))) == "deepedit":
        checks.update({name: points for name in label_names(model) if _KEY.fullmatch(name)})
    checks.update(option_checks(model.get("config", {})))
    return {key: check for key, check in checks.items() if key not in NEVER}


def option_checks(config: Mapping[str, Any]) -> dict[str, Check]:
    """Checks for announced options: a value has the kind of the announced one, or is one of an announced list."""
    return {key: _like(value) for key, value in config.items() if key not in NEVER and _KEY.fullmatch(key)}


def label_names(model: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the labels that a model announces, as a list or a mapping."""
    return tuple(str(name) for name in model.get("labels", ()))


def text_value(value: Any) -> str:
    """A short printable text."""
    if not isinstance(value, str) or not _TEXT.fullmatch(value):
        raise ValueError("no short text")
    return value


def flag(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError("no flag")
    return value


def number(value: Any) -> float:
    """A finite number, also written as text, as a form's field is."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("no number")
    found = float(value)
    if not math.isfinite(found):
        raise ValueError("not finite")
    return int(found) if found.is_integer() else found


def points(value: Any) -> list[list[float]]:
    """Voxel indices, three to each point."""
    if not isinstance(value, list) or len(value) > _MOST_POINTS:
        raise ValueError("no list of points")
    return [_point(item) for item in value]


def label_info(value: Any) -> list[dict[str, Any]]:
    """Segments of a label file: ``name``, and ``idx`` where it is not the place in the list."""
    if not isinstance(value, list) or len(value) > 255 or not all(isinstance(item, dict) for item in value):
        raise ValueError("no list of segments")
    checked = []
    for place, item in enumerate(value, start=1):
        index = number(item.get("idx", place))
        if index != int(index) or not 1 <= index <= 255:
            raise ValueError("no label number")
        checked.append({"name": text_value(item.get("name")), "idx": int(index)})
    return checked


def label_values(value: Any) -> list[int]:
    """Values of labels: OHIF's class prompts."""
    if not isinstance(value, list) or len(value) > 255:
        raise ValueError("no list of label values")
    return [whole(1, 255)(item) for item in value]


def one_of(choices: tuple[Any, ...]) -> Check:
    """One of the values that are announced."""

    def check(value: Any) -> Any:
        if isinstance(value, list | dict) or value not in choices:
            raise ValueError("not announced")
        return value

    return check


def whole(low: int, high: int) -> Check:
    """A whole number from ``low`` to ``high``."""

    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError("out of range")
        return value

    return check


def _like(announced: Any) -> Check:
    if isinstance(announced, bool):
        return flag
    if isinstance(announced, int | float):
        return number
    if isinstance(announced, list | tuple):
        return one_of(tuple(announced))
    return text_value


def _point(item: Any) -> list[float]:
    if not isinstance(item, list) or len(item) != 3:
        raise ValueError("a point has three indices")
    found = [number(part) for part in item]
    if any(isinstance(part, str) for part in item) or max(map(abs, found)) > 1e5:
        raise ValueError("no voxel index")
    return found


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a key comes twice")
    return document


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON number")
