"""Frozen dataclasses from plain JSON and back, strictly: what a class does not have is refused by its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def from_plain(kind: type[T], plain: Any, where: str = "") -> T:
    """Build a dataclass, and those within it, from what JSON holds.

    Parameters
    ----------
    kind
        A dataclass whose fields are plain types, tuples, mappings, dataclasses, or one of these or None.
    plain
        A JSON object.
    where
        Path of the object within the document, for messages.

    Raises
    ------
    ValueError
        If a key is unknown or lacking, or a value is of another type or out of its range; the text says where.
    """
    place = where or "the document"
    if not isinstance(plain, Mapping):
        raise ValueError(f"{place} must be an object")
    known = {each.name: each for each in fields(kind)}  # type: ignore[arg-type]  # a dataclass, by contract
    unknown = sorted(set(plain) - set(known))
    if unknown:
        raise ValueError(f"{place} has no {', '.join(map(repr, unknown))}; known are {', '.join(known)}")
    lacking = [
        name
        for name, each in known.items()
        if name not in plain and each.default is MISSING and each.default_factory is MISSING
    ]
    if lacking:
        raise ValueError(f"{place} lacks {', '.join(map(repr, lacking))}")
    hints = get_type_hints(kind)
    values = {name: _value(hints[name], value, f"{where}.{name}".lstrip(".")) for name, value in plain.items()}
    try:
        return kind(**values)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error


def to_plain(thing: Any) -> Any:
    """Dataclasses as JSON objects, tuples as lists."""
    if is_dataclass(thing) and not isinstance(thing, type):
        return to_plain(asdict(thing))
    if isinstance(thing, Mapping):
        return {str(key): to_plain(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [to_plain(each) for each in thing]
    return thing


def _value(hint: Any, value: Any, where: str) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _either(inner, value, where)
    if origin is tuple:
        return _tuple(inner, value, where)
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(inner[1], value, where)
    if isinstance(hint, type) and is_dataclass(hint):
        return from_plain(hint, value, where)
    return _scalar(hint, value, where)


def _scalar(hint: Any, value: Any, where: str) -> Any:
    if hint is Any:
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise ValueError(f"{where} must be {hint.__name__}, not {value!r}")
    return value


def _either(inner: tuple[Any, ...], value: Any, where: str) -> Any:
    if value is None and NoneType in inner:
        return None
    faults = []
    for hint in inner:
        if hint is not NoneType:
            try:
                return _value(hint, value, where)
            except ValueError as error:
                faults.append(str(error))
    raise ValueError("; ".join(faults))


def _mapping(inner: Any, value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{where} must be an object")
    return {str(key): _value(inner, each, f"{where}.{key}") for key, each in value.items()}


def _tuple(inner: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"{where} must be a list")
    if len(inner) == 2 and inner[1] is Ellipsis:
        return tuple(_value(inner[0], each, f"{where}[{index}]") for index, each in enumerate(value))
    if len(value) != len(inner):
        raise ValueError(f"{where} must have {len(inner)} entries")
    pairs = enumerate(zip(inner, value, strict=True))
    return tuple(_value(hint, each, f"{where}[{index}]") for index, (hint, each) in pairs)
