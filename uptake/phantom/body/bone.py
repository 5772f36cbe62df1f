"""How a bone is built: cortex outside, the same shapes a little smaller inside for the marrow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from uptake.geometry import Vector
from uptake.phantom.body import mirror
from uptake.phantom.body.mirror import mirrored
from uptake.phantom.body.parts import Ellipsoid, Loft, Part, Shape, Tube

_LEAST_MARROW_MM = 0.8


@dataclass(frozen=True, slots=True)
class Piece:
    """One shape of a bone with the thickness of its cortex and what fills it.

    Parameters
    ----------
    marrow
        A material's name, or None for compact bone throughout.
    """

    shape: Shape
    cortex_mm: float = 1.0
    marrow: str | None = "red_marrow"


def bone_parts(structure: str, pieces: Sequence[Piece]) -> tuple[Part, ...]:
    """The parts of one bone.

    All cortex comes before all marrow, so that pieces which overlap share one marrow space with no wall between.
    """
    cortex = [Part(piece.shape, structure, "cortical_bone") for piece in pieces]
    marrow = []
    for piece in pieces:
        inner = inset(piece.shape, piece.cortex_mm)
        if piece.marrow is not None and inner is not None:
            marrow.append(Part(inner, structure, piece.marrow))
    return (*cortex, *marrow)


def inset(shape: Shape, depth_mm: float) -> Shape | None:
    """The shape with its surface moved inwards by ``depth_mm``; None where nothing is left."""
    if isinstance(shape, Loft):
        return _inset_loft(shape, depth_mm)
    if isinstance(shape, Tube):
        enough = min(shape.start_radius_mm, shape.end_radius_mm) - depth_mm >= _LEAST_MARROW_MM
        return mirror.inset(shape, depth_mm) if enough else None
    return mirror.inset(shape, depth_mm) if min(shape.half_axes_mm) - depth_mm >= _LEAST_MARROW_MM else None


def _inset_loft(shape: Loft, depth_mm: float) -> Loft | None:
    first, last = shape.sections[0].z_mm + depth_mm, shape.sections[-1].z_mm - depth_mm
    if first >= last or min(min(s.half_x_mm, s.half_y_mm) for s in shape.sections) - depth_mm < _LEAST_MARROW_MM:
        return None
    sections = tuple(
        replace(
            section,
            z_mm=min(max(section.z_mm, first), last),
            half_x_mm=section.half_x_mm - depth_mm,
            half_y_mm=section.half_y_mm - depth_mm,
        )
        for section in shape.sections
    )
    cuts = tuple(replace(cut, offset_mm=cut.offset_mm - depth_mm) for cut in shape.cuts)
    return replace(shape, sections=sections, cuts=cuts)


def both_sides(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """The pieces of the left side and their mirror images."""
    left = tuple(pieces)
    return left + other_side(left)


def other_side(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """The mirror images of the pieces."""
    return tuple(replace(piece, shape=mirrored(piece.shape)) for piece in pieces)


def plate(centre_mm: Vector, along: Vector, upwards: Vector, half_axes_mm: Vector, exponent: float = 2.0) -> Ellipsoid:
    """A flat ellipsoid in the plane of two directions.

    Parameters
    ----------
    along, upwards
        Directions in the plate's plane: of its first and (made perpendicular) its third axis; any lengths.
    half_axes_mm
        Along, through and upwards.
    """
    first = np.asarray(along) / np.linalg.norm(along)
    third = np.asarray(upwards) - first * np.dot(upwards, first)
    third = third / np.linalg.norm(third)
    matrix = np.stack([first, np.cross(third, first), third], axis=1)
    # matrix = Rz Ry Rx: the angles about x, then y, then z.
    about_y = -np.arcsin(np.clip(matrix[2, 0], -1.0, 1.0))
    about_x = np.arctan2(matrix[2, 1], matrix[2, 2])
    about_z = np.arctan2(matrix[1, 0], matrix[0, 0])
    x, y, z = np.degrees([about_x, about_y, about_z]).tolist()
    return Ellipsoid(centre_mm, half_axes_mm, exponent, (x, y, z))
