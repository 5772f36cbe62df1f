"""What the parts of the head and neck are put together with: mirrored pairs, bones with marrow, chains of rods."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from uptake.geometry import Vector
from uptake.phantom.body.parts import Cut, Ellipsoid, Loft, Part, Section, Shape, Tube

_Solid = TypeVar("_Solid", Ellipsoid, Tube)


def mirrored(shape: Shape) -> Shape:
    """The same shape on the body's other side (x changes its sign)."""
    match shape:
        case Tube():
            return replace(shape, start_mm=_across(shape.start_mm), end_mm=_across(shape.end_mm))
        case Loft():
            sections = tuple(replace(section, x_mm=-section.x_mm) for section in shape.sections)
            return replace(shape, sections=sections, cuts=_cuts_across(shape.cuts))
        case Ellipsoid():
            about_x, about_y, about_z = shape.rotation_deg
            return replace(
                shape,
                centre_mm=_across(shape.centre_mm),
                rotation_deg=(about_x, -about_y, -about_z),
                cuts=_cuts_across(shape.cuts),
            )


def pair(part: Part) -> tuple[Part, Part]:
    """A part drawn on the left (x > 0) and its mirror image, whose names say ``right`` where they said ``left``."""
    right = Part(mirrored(part.shape), _on_the_right(part.structure), _on_the_right(part.material))
    return right, part


def pairs(parts: Iterable[Part]) -> tuple[Part, ...]:
    """``pair`` of each part: all of the right side, then all of the left."""
    both = [pair(part) for part in parts]
    return tuple(right for right, _ in both) + tuple(left for _, left in both)


def inset(shape: _Solid, depth_mm: float) -> _Solid:
    """The shape with its surface moved inwards (for cortex thickness), or outwards where ``depth_mm`` is negative.

    Raises
    ------
    ValueError
        If nothing would be left.
    """
    if isinstance(shape, Tube):
        if min(shape.start_radius_mm, shape.end_radius_mm) <= depth_mm:
            raise ValueError(f"nothing is left of a rod inset by {depth_mm} mm")
        return replace(
            shape,
            start_radius_mm=shape.start_radius_mm - depth_mm,
            end_radius_mm=shape.end_radius_mm - depth_mm,
        )
    a, b, c = shape.half_axes_mm
    if min(a, b, c) <= depth_mm:
        raise ValueError(f"nothing is left of an ellipsoid inset by {depth_mm} mm")
    cuts = tuple(replace(cut, offset_mm=cut.offset_mm - depth_mm) for cut in shape.cuts)
    return replace(shape, half_axes_mm=(a - depth_mm, b - depth_mm, c - depth_mm), cuts=cuts)


def bone(structure: str, shape: _Solid, cortex_mm: float) -> tuple[Part, Part]:
    """A bone of the axial skeleton: compact bone, and red marrow inside it."""
    return Part(shape, structure, "cortical_bone"), Part(inset(shape, cortex_mm), structure, "red_marrow")


def chain(points_mm: Sequence[Vector], radii_mm: Sequence[float]) -> tuple[Tube, ...]:
    """Rods from point to point, with the radius at each."""
    rods = zip(points_mm[:-1], points_mm[1:], radii_mm[:-1], radii_mm[1:], strict=True)
    return tuple(Tube(start, end, start_radius, end_radius) for start, end, start_radius, end_radius in rods)


def loft(*sections: tuple[float, float, float, float, float], exponent: float = 2.0) -> Loft:
    """A loft from rows of z, x, y, half x, half y (mm)."""
    return Loft(tuple(Section(*section) for section in sections), exponent)


def _across(point: Vector) -> Vector:
    x, y, z = point
    return -x, y, z


def _cuts_across(cuts: tuple[Cut, ...]) -> tuple[Cut, ...]:
    return tuple(Cut(_across(cut.normal), cut.offset_mm) for cut in cuts)


def _on_the_right(name: str) -> str:
    return name.removesuffix("left") + "right" if name.endswith("_left") else name
