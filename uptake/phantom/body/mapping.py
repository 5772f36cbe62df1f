"""Where a person's body lies in the scanner: from patient to body coordinates and back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, radians, sin

import numpy as np
from numpy.typing import ArrayLike, NDArray

from uptake.geometry import ImageGeometry, Vector
from uptake.phantom.body.build import build_of, fat_percent
from uptake.phantom.body.envelope import TABLE_TOP_MM, back_mm
from uptake.phantom.plan import BodyPlan, PosePlan

# The reference adult of the body coordinates: height, and the mass without fat that his painted outline amounts to
_REFERENCE_HEIGHT_M = 1.76
_REFERENCE_LEAN_KG = 60.5
_BODY_MM = ((-330.0, 330.0), (-200.0, 240.0), (-480.0, 1120.0))
_WIDE_MM, _WIDE_DEPTH_MM = 60.0, 9.0
_FINE_MM, _FINE_DEPTH_MM = 18.0, 2.2
_BEND_MM = 130.0
_NECK_MM = (640.0, 760.0)  # where the trunk's scale goes over into the head's
_HEAD_SHARE = 0.45  # skulls vary less than trunks
_TOLERANCE_MM = 0.01
_STEPS = 50


@dataclass(frozen=True, slots=True, eq=False)
class BodyMapping:
    """A body's size, pose and deformation: patient coordinates to body coordinates, and back.

    Parameters
    ----------
    turn
        Rotation ``(3, 3)`` from body to patient axes.
    origin_mm
        Where the body's origin lies in patient coordinates.
    size
        Scales of trunk x, trunk y, head x, head y and z, then the breath in mm.
    wide, fine, bend
        Displacements ``(z, y, x, 3)`` in mm at the knots of three lattices: the person's own, and the pose's.
    lattices
        For each, x, y, z of its first knot and its step, in mm.
    """

    turn: NDArray[np.float64]
    origin_mm: NDArray[np.float64]
    size: NDArray[np.float64]
    wide: NDArray[np.float32]
    fine: NDArray[np.float32]
    bend: NDArray[np.float32]
    lattices: NDArray[np.float64]

    @property
    def warped(self) -> bool:
        """Whether there is any deformation beyond scale and rotation."""
        return any(bool(knots.any()) for knots in (self.wide, self.fine, self.bend))

    def to_body(self, points_mm: ArrayLike) -> NDArray[np.float64]:
        """Body coordinates ``(n, 3)`` in mm of patient points ``(n, 3)`` (x, y, z)."""
        from uptake.phantom.body.warp import patient_to_body  # numba is slow to import

        points: NDArray[np.float64] = np.array(points_mm, dtype=np.float64).reshape(-1, 3)
        deformation = (self.wide, self.fine, self.bend, self.lattices)
        patient_to_body((self.turn, self.origin_mm, self.size), deformation, self.warped, points)
        return points

    def to_patient(self, points_mm: ArrayLike) -> NDArray[np.float64]:
        """Patient coordinates ``(n, 3)`` in mm of body points ``(n, 3)``, within 0.05 mm.

        A fixed point of the deformation, whose steepness is far below 1: each step leaves a small share of the error.
        """
        wanted = np.array(points_mm, dtype=np.float64).reshape(-1, 3)
        scales = self.size[:2], self.size[2:4]
        patient: NDArray[np.float64] = (wanted * (*scales[0], self.size[4])) @ self.turn.T + self.origin_mm
        for _ in range(_STEPS):
            missed = wanted - self.to_body(patient)
            patient += (missed * (*np.minimum(*scales), self.size[4])) @ self.turn.T
            if not missed.size or float(np.abs(missed).max()) < _TOLERANCE_MM:
                return patient
        raise ValueError("no patient point found for a body point: the deformation is too steep")

    def scale_at(self, z_mm: float) -> NDArray[np.float64]:
        """Patient mm for each mm of body x, y and z, at a height of the body."""
        head = float(np.interp(z_mm, _NECK_MM, (0.0, 1.0)))
        width, depth = (self.size[:2] + head * (self.size[2:4] - self.size[:2])).tolist()
        return np.array([width, depth, self.size[4]], dtype=np.float64)

    def local(self, centre_mm: Vector) -> BodyMapping:
        """A mapping without scale and deformation that puts this body point where this one does.

        The rotation stays. A lesion painted with it keeps its shape and volume.
        """
        there = self.to_patient(centre_mm)[0]
        return replace(identity(), turn=self.turn, origin_mm=there - self.turn @ np.asarray(centre_mm))


def identity() -> BodyMapping:
    """Body coordinates as they are: patient and body coordinates are the same."""
    return BodyMapping(
        turn=np.eye(3),
        origin_mm=np.zeros(3),
        size=np.array([1.0, 1.0, 1.0, 1.0, 1.0, 0.0]),
        wide=_still(),
        fine=_still(),
        bend=_still(),
        lattices=np.ones((3, 4)),
    )


def breathing_weight(mapping: BodyMapping, geometry: ImageGeometry) -> NDArray[np.float32]:
    """Share ``(z,)`` of the diaphragm's path by which each slice of an axial grid moves."""
    from uptake.phantom.body.warp import breathing_share  # numba is slow to import

    centre = mapping.to_patient([(0.0, 0.0, 400.0)])[0]
    slices = np.arange(geometry.shape[0]) * geometry.spacing_mm[0] + geometry.origin_mm[2]
    column = np.stack([np.full_like(slices, centre[0]), np.full_like(slices, centre[1]), slices], axis=1)
    heights = ((column - mapping.origin_mm) @ mapping.turn)[:, 2] / mapping.size[4]
    return np.array([breathing_share(z) for z in heights.tolist()], dtype=np.float32)


def table_mapping(body: BodyPlan, pose: PosePlan) -> BodyMapping:
    """Where the examination table lies: under the body's back, neither scaled nor turned nor deformed with the body."""
    x, y, z = pose.shift_mm
    resting = back_mm(build_of(body)) * float(_size(body)[1]) - TABLE_TOP_MM
    return replace(identity(), origin_mm=np.array((x, y + resting, z), dtype=np.float64))


def mapping_of(body: BodyPlan, pose: PosePlan, breath_mm: float = 0.0) -> BodyMapping:
    """A person's body in one pose.

    Parameters
    ----------
    body, pose
        Size and own deformation; rotation, place and bend.
    breath_mm
        How far the diaphragm has come down from the mean position; negative in expiration.

    Notes
    -----
    The trunk's width follows the mass without fat over height (fat lies outside in the envelope), the head's hardly
    follows anything. Rotations are about x, then y, then z.
    """
    wide, wide_first = _person_knots(body.seed, _WIDE_MM, _WIDE_DEPTH_MM)
    fine, fine_first = _person_knots(body.seed, _FINE_MM, _FINE_DEPTH_MM)
    size = _size(body)
    bend, bend_first = _bend_knots(pose, float(size[:5].max()))
    return BodyMapping(
        turn=rotation(pose.rotation_deg),
        origin_mm=np.array(pose.shift_mm, dtype=np.float64),
        size=np.array([*size, breath_mm]),
        wide=wide,
        fine=fine,
        bend=bend,
        lattices=np.array([(*wide_first, _WIDE_MM), (*fine_first, _FINE_MM), (*bend_first, _BEND_MM)]),
    )


def rotation(degrees: Vector) -> NDArray[np.float64]:
    """Rotation matrix ``(3, 3)`` of a turn about x, then y, then z."""
    (cx, sx), (cy, sy), (cz, sz) = ((cos(radians(a)), sin(radians(a))) for a in degrees)
    about_x = np.array([(1, 0, 0), (0, cx, -sx), (0, sx, cx)])
    about_y = np.array([(cy, 0, sy), (0, 1, 0), (-sy, 0, cy)])
    about_z = np.array([(cz, -sz, 0), (sz, cz, 0), (0, 0, 1)])
    turn: NDArray[np.float64] = np.ascontiguousarray(about_z @ about_y @ about_x, dtype=np.float64)
    return turn


def _size(body: BodyPlan) -> NDArray[np.float64]:
    """Scales of trunk x, trunk y, head x, head y and z."""
    build = build_of(body)
    tall = body.height_m / _REFERENCE_HEIGHT_M
    lean_kg = body.weight_kg * (1 - fat_percent(body) / 100)
    wide = float(np.clip((lean_kg / _REFERENCE_LEAN_KG / tall) ** 0.5, 0.78, 1.22))
    flat = build.vary("trunk depth", 0.03)
    head = tall**0.5
    return np.array([wide / flat, wide * flat, head, head, tall])


def _still() -> NDArray[np.float32]:
    return np.zeros((3, 3, 3, 3), dtype=np.float32)


def _lattice(step_mm: float) -> tuple[tuple[int, int, int], Vector]:
    """Knots (z, y, x) of a lattice over the body, and where its first one lies (x, y, z)."""
    x, y, z = (int(np.ceil((high - low) / step_mm)) + 3 for low, high in _BODY_MM)
    first = [low - step_mm for low, _ in _BODY_MM]
    return (z, y, x), (first[0], first[1], first[2])


def _person_knots(seed: int, step_mm: float, depth_mm: float) -> tuple[NDArray[np.float32], Vector]:
    """A person's own displacements; fading towards the head."""
    shape, first = _lattice(step_mm)
    knots = np.random.default_rng((seed, int(step_mm))).uniform(-depth_mm, depth_mm, (*shape, 3))
    heights = first[2] + step_mm * np.arange(shape[0])
    knots *= np.interp(heights, (660.0, 780.0), (1.0, _HEAD_SHARE))[:, None, None, None]
    return knots.astype(np.float32), first


def _bend_knots(pose: PosePlan, largest_scale: float) -> tuple[NDArray[np.float32], Vector]:
    """The pose's displacements: the largest, as the spline gives it at the knots, is ``bend_mm``."""
    shape, first = _lattice(_BEND_MM)
    if not pose.bend_mm:
        return np.zeros((*shape, 3), dtype=np.float32), first
    knots = np.random.default_rng((pose.bend_seed, int(_BEND_MM))).standard_normal((*shape, 3))
    smooth = knots
    for axis in range(3):  # the spline at a knot
        smooth = np.apply_along_axis(np.convolve, axis, smooth, (0.125, 0.75, 0.125), "valid")
    largest = float(np.linalg.norm(smooth, axis=-1).max())
    return (knots * (pose.bend_mm / largest / largest_scale)).astype(np.float32), first
