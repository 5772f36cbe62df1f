"""Humeri, forearm bones and femora: red marrow at the trunk's end, fatty marrow beyond."""

from __future__ import annotations

import numpy as np

from uptake.geometry import Vector
from uptake.phantom.body.bone import Piece, bone_parts, other_side
from uptake.phantom.body.build import Build
from uptake.phantom.body.parts import Ellipsoid, Part, Tube
from uptake.phantom.body.pelvis_bones import HIP_JOINT_MM

SHOULDER_JOINT_MM = (165.0, 5.0, 670.0)
_ELBOW_MM = {True: (195.0, -5.0, 900.0), False: (215.0, 15.0, 390.0)}
_WRIST_MM = {True: (90.0, -30.0, 1020.0), False: (235.0, 0.0, 150.0)}
_KNEE_Z_MM = -400.0
_RED_SHARE = 0.3  # of a long bone's shaft, from the trunk's end, in the adult


def limb_parts(build: Build, *, arms_up: bool) -> tuple[Part, ...]:
    """Femora, humeri and forearm bones of both sides."""
    thickness = build.vary("long_bones", 0.04) * (0.9 if build.sex == "F" else 1.0)
    parts: list[Part] = []
    for name, pieces in (
        ("femur", femur_pieces(thickness)),
        ("humerus", humerus_pieces(thickness, arms_up=arms_up)),
        ("forearm", forearm_pieces(thickness, arms_up=arms_up)),
    ):
        parts.extend(bone_parts(f"{name}_left", pieces))
        parts.extend(bone_parts(f"{name}_right", other_side(pieces)))
    return tuple(parts)


def femur_pieces(thickness: float = 1.0) -> tuple[Piece, ...]:
    """The left femur, from its head in the hip joint to the condyles."""
    t = thickness
    neck: Vector = (116.0, 8.0, 38.0)
    shaft: Vector = (121.0, 8.0, 5.0)
    knee: Vector = (95.0, 2.0, _KNEE_Z_MM)
    upper, lower = _between(shaft, knee, _RED_SHARE), _between(shaft, knee, 0.8)
    return (
        Piece(Ellipsoid(HIP_JOINT_MM, (24.0, 24.0, 24.0)), 1.2),
        Piece(Tube(HIP_JOINT_MM, neck, 17.0 * t, 18.0 * t), 1.8),
        Piece(Ellipsoid((129.0, 14.0, 44.0), (14.0, 19.0, 22.0)), 1.5),  # greater trochanter
        Piece(Ellipsoid((106.0, 24.0, 8.0), (10.0, 9.0, 13.0)), 1.5),  # lesser trochanter
        Piece(Tube(neck, shaft, 18.5 * t, 16.5 * t), 3.0),
        Piece(Tube(shaft, upper, 16.0 * t, 14.0 * t), 5.0),
        Piece(Tube(upper, lower, 13.6 * t, 14.4 * t), 5.5, "fatty_marrow"),
        Piece(Tube(lower, knee, 14.8 * t, 25.0 * t), 2.0, "fatty_marrow"),
        Piece(Ellipsoid((95.0, 6.0, _KNEE_Z_MM), (36.0 * t, 28.0, 22.0), 2.3), 1.2, "fatty_marrow"),
    )


def humerus_pieces(thickness: float = 1.0, *, arms_up: bool) -> tuple[Piece, ...]:
    """The left humerus, from its head in the shoulder joint to the elbow."""
    t = thickness
    elbow = _ELBOW_MM[arms_up]
    neck = _between(SHOULDER_JOINT_MM, elbow, 0.12)
    upper, lower = _between(SHOULDER_JOINT_MM, elbow, _RED_SHARE), _between(SHOULDER_JOINT_MM, elbow, 0.82)
    return (
        Piece(Ellipsoid(SHOULDER_JOINT_MM, (22.0 * t, 22.0 * t, 22.0 * t)), 1.2),
        Piece(Tube(SHOULDER_JOINT_MM, neck, 21.0 * t, 15.0 * t), 1.5),
        Piece(Tube(neck, upper, 15.0 * t, 11.0 * t), 2.5),
        Piece(Tube(upper, lower, 10.8 * t, 10.8 * t), 4.0, "fatty_marrow"),
        Piece(Tube(lower, elbow, 11.0 * t, 17.0 * t), 2.2, "fatty_marrow"),
        Piece(Ellipsoid(elbow, (24.0 * t, 13.0 * t, 13.0 * t)), 1.2, "fatty_marrow"),
    )


def forearm_pieces(thickness: float = 1.0, *, arms_up: bool) -> tuple[Piece, ...]:
    """The left radius and ulna, side by side: the ulna thick at the elbow, the radius at the wrist."""
    elbow, wrist = np.asarray(_ELBOW_MM[arms_up]), np.asarray(_WRIST_MM[arms_up])
    aside = np.cross(wrist - elbow, (0.0, 1.0, 0.0))
    aside = aside / np.linalg.norm(aside) * 11.0
    start = elbow + 0.08 * (wrist - elbow)
    pieces = []
    for offset, near_mm, middle_mm, far_mm in ((aside, 9.0, 6.8, 12.5), (-aside, 12.0, 6.8, 7.5)):
        points = [_vector(point + offset) for point in (start, (start + wrist) / 2, wrist)]
        radii = [radius * thickness for radius in (near_mm, middle_mm, far_mm)]
        for i in range(2):
            pieces.append(Piece(Tube(points[i], points[i + 1], radii[i], radii[i + 1]), 2.2, "fatty_marrow"))
    return tuple(pieces)


def _between(start: Vector, end: Vector, share: float) -> Vector:
    return _vector(np.asarray(start) + share * (np.asarray(end) - np.asarray(start)))


def _vector(point: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Vector:
    x, y, z = point.tolist()
    return x, y, z
