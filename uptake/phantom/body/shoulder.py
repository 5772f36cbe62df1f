"""The shoulder girdle: clavicles and scapulae, which follow the arms."""

from __future__ import annotations

from uptake.geometry import Vector
from uptake.phantom.body.bone import Piece, bone_parts, other_side, plate
from uptake.phantom.body.build import Build
from uptake.phantom.body.mirror import chain
from uptake.phantom.body.parts import Ellipsoid, Part


def shoulder_parts(build: Build, *, arms_up: bool) -> tuple[Part, ...]:
    """Both clavicles and scapulae; with the arms up the clavicles rise and the scapulae turn outwards."""
    thickness = build.vary("clavicle", 0.06) * (0.9 if build.sex == "F" else 1.0)
    clavicle = clavicle_pieces(thickness, arms_up=arms_up)
    scapula = scapula_pieces(arms_up=arms_up)
    return (
        *bone_parts("scapula_left", scapula),
        *bone_parts("scapula_right", other_side(scapula)),
        *bone_parts("clavicle_left", clavicle),
        *bone_parts("clavicle_right", other_side(clavicle)),
    )


def clavicle_pieces(thickness: float = 1.0, *, arms_up: bool) -> tuple[Piece, ...]:
    """The left clavicle, from the manubrium to the acromion: an S, bowed forwards in its inner half."""
    rise = 14.0 if arms_up else 0.0
    course = (
        (24.0, -74.0, 668.0),
        (50.0, -72.0, 678.0 + 0.2 * rise),
        (82.0, -52.0, 685.0 + 0.45 * rise),
        (112.0, -24.0, 690.0 + 0.7 * rise),
        (146.0, -8.0, 694.0 + rise),
    )
    tubes = chain(course, tuple(r * thickness for r in (9.0, 6.8, 6.2, 6.2, 7.2)))
    return tuple(Piece(tube, 1.7) for tube in tubes)


def scapula_pieces(*, arms_up: bool) -> tuple[Piece, ...]:
    """The left scapula: a thin blade on the ribs' back, with its borders, its spine, the acromion and the socket."""
    turn = 1.0 if arms_up else 0.0
    inferior: Vector = (88.0 + 30.0 * turn, 80.0 - 18.0 * turn, 543.0 + 10.0 * turn)
    superior: Vector = (62.0 + 4.0 * turn, 74.0, 686.0 - 16.0 * turn)
    root: Vector = (66.0 + 2.0 * turn, 80.0, 655.0 - 14.0 * turn)  # where the spine leaves the medial border
    neck: Vector = (134.0, 22.0, 662.0 + 4.0 * turn)
    socket: Vector = (141.0, 12.0, 666.0 + 4.0 * turn)
    acromion: Vector = (156.0, 18.0, 700.0 + 8.0 * turn)
    centre = _mean(inferior, root, neck)
    along = _from_to(inferior, _mean(superior, neck))
    outwards = _from_to(root, neck)
    blade = plate(_towards(centre, inferior, 0.08), outwards, along, (34.0, 2.4, 58.0), 2.3)
    above = plate(_mean(superior, root, neck), outwards, along, (36.0, 2.2, 20.0), 2.3)
    borders = (
        *chain((superior, root, inferior), (2.8, 3.0, 5.0)),
        *chain((inferior, _towards(inferior, neck, 0.5), neck), (5.0, 5.0, 8.0)),
        *chain((superior, neck), (2.8, 5.0)),
    )
    spine = chain((root, _shifted(_towards(root, acromion, 0.55), (0.0, 16.0, 0.0)), acromion), (3.5, 5.0, 7.0))
    tip: Vector = (148.0, 0.0, acromion[2] + 2.0)
    hook: Vector = (124.0, -6.0, 684.0 + 6.0 * turn)
    beak: Vector = (136.0, -28.0, 672.0 + 6.0 * turn)
    coracoid = chain((neck, hook, beak), (7.0, 6.0, 5.0))
    return (
        Piece(blade, 0.9),
        Piece(above, 0.9),
        *(Piece(tube, 1.0) for tube in (*borders, *spine, *chain((acromion, tip), (7.0, 6.0)), *coracoid)),
        Piece(Ellipsoid(socket, (6.0, 12.0, 17.0)), 1.2),
    )


def _mean(*points: Vector) -> Vector:
    x, y, z = (sum(axis) / len(points) for axis in zip(*points, strict=True))
    return x, y, z


def _towards(start: Vector, end: Vector, share: float) -> Vector:
    x, y, z = (a + share * (b - a) for a, b in zip(start, end, strict=True))
    return x, y, z


def _from_to(start: Vector, end: Vector) -> Vector:
    return end[0] - start[0], end[1] - start[1], end[2] - start[2]


def _shifted(point: Vector, by: Vector) -> Vector:
    return point[0] + by[0], point[1] + by[1], point[2] + by[2]
