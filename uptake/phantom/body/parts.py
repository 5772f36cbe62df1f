"""What a body is painted from: shapes in body coordinates, in painting order, each of one structure and material."""

from __future__ import annotations

from dataclasses import dataclass

from uptake.geometry import Vector


@dataclass(frozen=True, slots=True)
class Cut:
    """Keeps the half space ``normal . p <= offset_mm`` (``normal`` of length 1, body coordinates) of a shape."""

    normal: Vector
    offset_mm: float


@dataclass(frozen=True, slots=True)
class Ellipsoid:
    """A superellipsoid ``|x/a|^n + |y/b|^n + |z/c|^n <= 1``, turned about x, then y, then z, then cut by planes."""

    centre_mm: Vector
    half_axes_mm: Vector
    exponent: float = 2.0
    rotation_deg: Vector = (0.0, 0.0, 0.0)
    cuts: tuple[Cut, ...] = ()
    roughness_mm: float = 0.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Tube:
    """A round rod between two points with its own radius at each, with round ends."""

    start_mm: Vector
    end_mm: Vector
    start_radius_mm: float
    end_radius_mm: float


@dataclass(frozen=True, slots=True)
class Section:
    """A loft's outline at one height: a superellipse with its centre and half axes."""

    z_mm: float
    x_mm: float
    y_mm: float
    half_x_mm: float
    half_y_mm: float


@dataclass(frozen=True, slots=True)
class Loft:
    """A solid through two or more sections, in rising z, smooth between them (trunk, neck, lungs, thighs)."""

    sections: tuple[Section, ...]
    exponent: float = 2.0
    cuts: tuple[Cut, ...] = ()


Shape = Ellipsoid | Tube | Loft


@dataclass(frozen=True, slots=True)
class Part:
    """One shape to be painted over what is there.

    Parameters
    ----------
    structure
        A name of ``structures.csv``: what the truth label says.
    material
        A name of ``materials.csv``: what CT number and uptake it gets.
    """

    shape: Shape
    structure: str
    material: str
