"""The PET of a planned exam: painted, blurred, and counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptake.geometry import ImageGeometry
from uptake.phantom.body.body import body_parts
from uptake.phantom.body.mapping import breathing_weight
from uptake.phantom.body.painting import Painted, paint
from uptake.phantom.physics.pet import Counts, blurred, with_noise
from uptake.phantom.plan import ExamPlan
from uptake.phantom.rendering.grids import body_mapping, fine_geometry, pet_geometry
from uptake.phantom.rendering.lesions import LesionShare, blend, lesion_share
from uptake.phantom.tracers.radionuclides import radiopharmaceutical
from uptake.phantom.tracers.texture import add_texture
from uptake.phantom.tracers.uptake import part_uptake
from uptake.volume import LabelMap, SuvVolume


@dataclass(frozen=True, slots=True, eq=False)
class RenderedPet:
    """A PET without its noise, and its truth on the same grid.

    Parameters
    ----------
    noise_free
        SUV after resolution, filter and breathing, g/ml.
    structures
        Numbers of ``body/structures.csv``; what lies under a lesion keeps its own.
    lesions
        1 is the first of the plan's lesions.
    volumes_ml
        Of each lesion as painted, its core included.
    path_cm
        By slice, how much water the photons of a pair cross on average.
    """

    noise_free: SuvVolume
    structures: LabelMap
    lesions: LabelMap
    volumes_ml: tuple[float, ...]
    path_cm: NDArray[np.float32]


def render_pet(exam: ExamPlan) -> RenderedPet:
    """Paint the exam's activity, blur it as its scanner does, and label its grid."""
    geometry = pet_geometry(exam)
    fine = fine_geometry(exam, geometry)
    mapping = body_mapping(exam)
    parts = body_parts(exam.body, arms_up=exam.pose.arms_up)
    uptake = part_uptake(exam.tracer, exam.body, parts)
    painted = paint(fine, parts, uptake, mapping)
    add_texture(painted.values, painted.materials, fine, exam.tracer, exam.tracer.seed)
    shares = [lesion_share(lesion, fine, mapping) for lesion in exam.lesions]
    for lesion, share in zip(exam.lesions, shares, strict=True):
        if share is not None:
            blend(painted.values, share, lesion.suv, lesion.core_suv)
    path_cm = _path_cm(painted, geometry)
    motion = exam.breath_mm * breathing_weight(mapping, fine)
    noise_free = blurred(
        SuvVolume(painted.values, fine), exam.scanner, geometry, axis_mm=_axis_mm(geometry), motion_mm=motion
    )
    del painted
    labels = paint(geometry, parts, uptake, mapping).structures.astype(np.uint16)
    lesions = _lesion_labels(shares, fine, geometry)
    volumes = tuple(_volume_ml(share, fine) for share in shares)
    return RenderedPet(noise_free, LabelMap(labels, geometry), lesions, volumes, path_cm)


def counted(rendered: RenderedPet, exam: ExamPlan, random: np.random.Generator) -> SuvVolume:
    """The PET with the noise of its injected activity, body and frame time."""
    counts = Counts(
        activity_bq=exam.activity_bq,
        weight_kg=exam.body.weight_kg,
        uptake_s=exam.tracer.uptake_s,
        half_life_s=radiopharmaceutical(exam.tracer.name).half_life_s,
        attenuation_cm=rendered.path_cm,
    )
    return with_noise(rendered.noise_free, exam.scanner, counts, random)


def _axis_mm(geometry: ImageGeometry) -> tuple[float, float]:
    x, y, _ = geometry.position_mm((np.asarray(geometry.shape) - 1) / 2).tolist()
    return x, y


def _path_cm(painted: Painted, geometry: ImageGeometry) -> NDArray[np.float32]:
    """A disc's mean chord, for a disc of the body's area in each slice (Cauchy: pi r / 2)."""
    area_mm2 = (painted.materials > 0).sum(axis=(1, 2)) * float(np.prod(painted.geometry.spacing_mm[1:]))
    chord_cm = np.pi / 2 * np.sqrt(area_mm2 / np.pi) / 10
    z = geometry.position_mm([(index, 0, 0) for index in range(geometry.shape[0])])[:, 2]
    fine_z = painted.geometry.position_mm([(index, 0, 0) for index in range(painted.geometry.shape[0])])[:, 2]
    path: NDArray[np.float32] = np.interp(z, fine_z, chord_cm).astype(np.float32)
    return path


def _volume_ml(share: LesionShare | None, fine: ImageGeometry) -> float:
    return 0.0 if share is None else float(share.whole.sum(dtype=np.float64)) * fine.voxel_volume_ml


def _lesion_labels(shares: list[LesionShare | None], fine: ImageGeometry, geometry: ImageGeometry) -> LabelMap:
    """PET voxels that are lesion for at least a half; the fullest voxel of a lesion that fills none so far."""
    labels = np.zeros(geometry.shape, np.uint16)
    ratio = np.rint(np.asarray(geometry.spacing_mm) / fine.spacing_mm).astype(int)
    start = np.rint(geometry.index(fine.position_mm((ratio - 1) / 2))).astype(int)
    for number, share in enumerate(shares, start=1):
        if share is None:
            continue
        fine_index = np.argwhere(share.whole > 0)
        weights = share.whole[tuple(fine_index.T)]
        voxels = (fine_index + [part.start for part in share.box]) // ratio + start
        inside = np.all((voxels >= 0) & (voxels < geometry.shape), axis=1)
        flat = np.ravel_multi_index(tuple(voxels[inside].T), geometry.shape)
        cells, which = np.unique(flat, return_inverse=True)
        filled = np.bincount(which, weights[inside]) / ratio.prod()
        if len(cells):
            labels.flat[cells[(filled >= 0.5) | (filled == filled.max())]] = number
    return LabelMap(labels, geometry)
