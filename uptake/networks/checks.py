"""What a network's settings must fulfil; every refusal names its field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

Triple = tuple[int, int, int]


def whole_number(field: str, value: object, *, least: int) -> int:
    """The value itself, when it is a whole number of at least ``least``.

    Raises
    ------
    ValueError
        Otherwise; ``field`` is named.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{field} must be a whole number of at least {least}, not {value!r}")
    return value


def whole_numbers(field: str, values: object, *, count: int | None = None, least: int) -> tuple[int, ...]:
    """The values as a tuple, ``count`` of them (any count but 0 where None), each at least ``least``.

    Raises
    ------
    ValueError
        Otherwise; ``field`` is named.
    """
    listed = _listed(field, values, count)
    return tuple(whole_number(f"{field}[{index}]", value, least=least) for index, value in enumerate(listed))


def triples(field: str, values: object, *, count: int) -> tuple[Triple, ...]:
    """The values as ``count`` triples ``(z, y, x)`` of whole numbers of at least 1.

    Raises
    ------
    ValueError
        Otherwise; ``field`` is named.
    """
    listed = _listed(field, values, count)
    found = [whole_numbers(f"{field}[{index}]", value, count=3, least=1) for index, value in enumerate(listed)]
    return tuple(cast("Triple", each) for each in found)


def odd_triples(field: str, values: object, *, count: int) -> tuple[Triple, ...]:
    """As ``triples``, all odd: an even kernel has no centre, so its output would lie beside its input.

    Raises
    ------
    ValueError
        Otherwise; ``field`` is named.
    """
    found = triples(field, values, count=count)
    if any(size % 2 == 0 for each in found for size in each):
        raise ValueError(f"{field} must be odd, not {found}")
    return found


def positive(field: str, value: object) -> float:
    """The value as a float, when it is a number above 0.

    Raises
    ------
    ValueError
        Otherwise; ``field`` is named.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 < value < float("inf"):
        raise ValueError(f"{field} must be a number above 0, not {value!r}")
    return float(value)


def true_or_false(field: str, value: object) -> bool:
    """The value itself, when it is a bool.

    Raises
    ------
    ValueError
        Otherwise; ``field`` is named.
    """
    if not isinstance(value, bool):
        raise ValueError(f"{field} must be true or false, not {value!r}")
    return value


def fitting(shape: Sequence[int], channels: int, multiple: Triple) -> None:
    """Nothing, when a batch of this shape ``(n, c, z, y, x)`` goes through strides of ``multiple`` in all.

    Raises
    ------
    ValueError
        The batch has another number of axes or channels, a side that the strides do not divide, or is so small that one
        voxel is left at the bottom, which cannot be normalised.
    """
    if len(shape) != 5 or shape[1] != channels:
        raise ValueError(f"the network takes batches (n, {channels}, z, y, x), not {tuple(shape)}")
    if any(side % divisor for side, divisor in zip(shape[2:], multiple, strict=True)):
        raise ValueError(f"the network takes patches of sides that are multiples of {multiple}, not {tuple(shape[2:])}")
    if tuple(shape[2:]) == multiple:
        raise ValueError(f"the network takes patches larger than {multiple}: one voxel at the bottom has no variance")


def total_stride(strides: Sequence[Triple]) -> Triple:
    """What each side of a patch is divided by from the first stage to the last, ``(z, y, x)``."""
    z = y = x = 1
    for stride in strides:
        z, y, x = z * stride[0], y * stride[1], x * stride[2]
    return z, y, x


def _listed(field: str, values: object, count: int | None) -> Sequence[object]:
    """The values, when they are a list or tuple of the wanted length."""
    if not isinstance(values, list | tuple) or not values:
        raise ValueError(f"{field} must be a list, not {values!r}")
    if count is not None and len(values) != count:
        raise ValueError(f"{field} must have {count} entries, not {len(values)}")
    return values
