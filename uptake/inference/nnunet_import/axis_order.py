"""nnU-Net's order of axes, undone: it puts the axis with the longest voxels first; a bundle is always (z, y, x)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar, cast

from torch import Tensor

from uptake.networks.lesion_unet import LesionUnetSettings

_Value = TypeVar("_Value", int, float)


@dataclass(frozen=True, slots=True)
class AxisOrder:
    """Which of z (0), y (1), x (2) each axis of the plans is: nnU-Net's ``transpose_forward``.

    Raises
    ------
    ValueError
        If it is no order of the three axes.
    """

    forward: tuple[int, int, int] = (0, 1, 2)

    def __post_init__(self) -> None:
        if sorted(self.forward) != [0, 1, 2]:
            raise ValueError(f"transpose_forward must be an order of 0, 1, 2, not {self.forward}")

    @property
    def backward(self) -> tuple[int, int, int]:
        """Where in the plans z, y and x are."""
        return self.forward.index(0), self.forward.index(1), self.forward.index(2)

    def zyx(self, values: Sequence[_Value]) -> tuple[_Value, _Value, _Value]:
        """Three values of the plans, by z, y, x."""
        z, y, x = self.backward
        return values[z], values[y], values[x]

    def axes(self, axes: Sequence[int]) -> tuple[int, ...]:
        """Axes of the plans by their numbers in (z, y, x), ascending."""
        return tuple(sorted(self.forward[axis] for axis in axes))

    def volumes(self, tensor: Tensor) -> Tensor:
        """The tensor with its last three axes, which are the plans', as (z, y, x); one without such axes as it is."""
        if tensor.ndim != 5:
            return tensor
        z, y, x = self.backward
        return tensor.permute(0, 1, 2 + z, 2 + y, 2 + x)

    def settings(self, settings: LesionUnetSettings) -> LesionUnetSettings:
        """The same network on volumes (z, y, x)."""
        strides, kernels = (
            tuple(cast("tuple[int, int, int]", self.zyx(each)) for each in triples)
            for triples in (settings.strides, settings.kernels)
        )
        return replace(settings, strides=strides, kernels=kernels)
