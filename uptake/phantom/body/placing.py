"""Moving, growing, mirroring and chaining shapes: what the organs are put together with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import asin, atan2, degrees

from uptake.geometry import Vector
from uptake.phantom.body import mirror
from uptake.phantom.body.build import Build
from uptake.phantom.body.parts import Cut, Ellipsoid, Loft, Part, Section, Shape, Tube

PathPoint = tuple[float, float, float, float]
_SIDES = (("right", "left"), ("left", "right"))


def chain(structure: str, material: str, points: Sequence[PathPoint]) -> tuple[Part, ...]:
    """Tubes end to end through points (x, y, z, radius), all in millimetres."""
    rods = mirror.chain([point[:3] for point in points], [point[3] for point in points])
    return tuple(Part(rod, structure, material) for rod in rods)


def pointing(direction: Vector) -> Vector:
    """Angles in degrees (about x, then y, then z) that turn the z axis to a direction."""
    x, y, z = direction
    length = (x * x + y * y + z * z) ** 0.5
    return degrees(asin(-y / length)), degrees(atan2(x, z)), 0.0


def moved(parts: Sequence[Part], by_mm: Vector) -> tuple[Part, ...]:
    """The parts displaced by (x, y, z) mm."""
    return tuple(replace(part, shape=_transformed(part.shape, 1.0, (0.0, 0.0, 0.0), by_mm)) for part in parts)


def grown(parts: Sequence[Part], factor: float, about_mm: Vector) -> tuple[Part, ...]:
    """The parts enlarged by a linear factor about a point that stays where it is."""
    return tuple(replace(part, shape=_transformed(part.shape, factor, about_mm, (0.0, 0.0, 0.0))) for part in parts)


def varied(parts: Sequence[Part], build: Build, name: str, about_mm: Vector) -> tuple[Part, ...]:
    """One organ as this person has it: 4 % linear spread in size (12 % in volume) and 2.5 mm in place."""
    return moved(grown(parts, build.vary(name, 0.04), about_mm), build.shift(name, 2.5))


def mirrored(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts on the other side of the body, names with ``_right`` and ``_left`` exchanged."""
    return tuple(
        Part(mirror.mirrored(part.shape), _other_side(part.structure), _other_side(part.material)) for part in parts
    )


def _other_side(name: str) -> str:
    for side, other in _SIDES:
        if name.endswith(f"_{side}"):
            return name.removesuffix(side) + other
    return name


def _transformed(shape: Shape, factor: float, about: Vector, by: Vector) -> Shape:
    def point(p: Vector) -> Vector:
        x, y, z = (a + factor * (v - a) + d for v, a, d in zip(p, about, by, strict=True))
        return x, y, z

    def cut(plane: Cut) -> Cut:
        fixed = sum(n * ((1 - factor) * a + d) for n, a, d in zip(plane.normal, about, by, strict=True))
        return Cut(plane.normal, factor * plane.offset_mm + fixed)

    if isinstance(shape, Tube):
        return Tube(
            point(shape.start_mm), point(shape.end_mm), factor * shape.start_radius_mm, factor * shape.end_radius_mm
        )
    cuts = tuple(cut(plane) for plane in shape.cuts)
    if isinstance(shape, Ellipsoid):
        a, b, c = shape.half_axes_mm
        axes = (factor * a, factor * b, factor * c)
        return replace(shape, centre_mm=point(shape.centre_mm), half_axes_mm=axes, cuts=cuts)
    sections = []
    for section in shape.sections:
        x, y, z = point((section.x_mm, section.y_mm, section.z_mm))
        sections.append(Section(z, x, y, factor * section.half_x_mm, factor * section.half_y_mm))
    return Loft(tuple(sections), shape.exponent, cuts)
