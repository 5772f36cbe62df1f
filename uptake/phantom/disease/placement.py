"""Room for lesions in one person's body: inside an organ or a bone, or in soft tissue about a lymph-node station."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from uptake.geometry import ImageGeometry, Vector
from uptake.phantom.body.body import body_parts
from uptake.phantom.body.mapping import identity, mapping_of
from uptake.phantom.body.packing import numbers_by_name
from uptake.phantom.body.painting import paint
from uptake.phantom.disease.sites import Site
from uptake.phantom.plan import BodyPlan, PosePlan

_SPACING_MM = 5.0
_LOW_MM, _HIGH_MM = (-250.0, -160.0, -60.0), (250.0, 155.0, 955.0)
_STATION_REACH_MM = 26.0
_GAP_MM = 7.0
_HOT_GAP_MM = 9.0
_FARTHEST_VOXELS = 8
# A node may push these aside; all else (airway, vessels, organs, bone) it may not.
_SOFT = ("body", "fat", "muscle", "mediastinum", "brown_fat")
_SOFT_PRIMARY = (*_SOFT, "pharynx", "larynx", "tongue", "airway", "nasal_cavity", "vocal_cords", "oesophagus")
# An arm's bones lie elsewhere in the next exam, but for the head of the humerus: lesions keep to it.
_MOVING = ("humerus",)
_MARROW = ("red_marrow", "fatty_marrow")

Sphere = tuple[Vector, float]


@dataclass(frozen=True, slots=True, eq=False)
class Atlas:
    """A person's painted anatomy in body coordinates on a 5 mm grid.

    Parameters
    ----------
    structures, materials
        uint8 ``(z, y, x)``: numbers of ``structures.csv``, and rows of ``materials.csv`` counted from 1 (0 outside).
    suv
        Uptake of the healthy tissue, g/ml.
    cool
        Where no physiological uptake would spill into a lesion.
    soft, soft_primary
        What a node, or a tumour of the throat, may replace.
    shrink
        Smallest ratio of patient to body millimetres.
    """

    structures: NDArray[np.uint8]
    materials: NDArray[np.uint8]
    suv: NDArray[np.float32]
    cool: NDArray[np.bool_]
    soft: NDArray[np.bool_]
    soft_primary: NDArray[np.bool_]
    geometry: ImageGeometry
    shrink: float

    def place(self, where: Site, radius_mm: float, rng: np.random.Generator, taken: Sequence[Sphere]) -> Vector | None:
        """A centre for a lesion of that radius (in the patient's millimetres), or None where there is no room.

        Parameters
        ----------
        where
            The station or structure.
        radius_mm
            Of the lesion, largest half axis.
        rng
            Source of the choice among good places.
        taken
            Centres (body coordinates) and radii (patient) of the lesions that are there.
        """
        radius = radius_mm / self.shrink
        index, inside = self._candidates(where)
        if index.size == 0:
            return None
        points = self.geometry.position_mm(index)
        short = np.maximum(0.0, radius - inside) / radius
        hot = np.maximum(0.0, radius + _HOT_GAP_MM - _distance_mm(self.cool, index)) / _HOT_GAP_MM
        cost = 3.0 * short + (0.0 if where.region == "liver" else 3.0) * hot + rng.gumbel(0.0, 0.25, len(index))
        if not _in_organ(where) and (where.region != "bone" or where.name.startswith(_MOVING)):
            cost += np.linalg.norm(points - np.asarray(where.anchor_mm), axis=1) / 12.0
        good = short < (0.25 if _in_organ(where) else 0.75)
        for centre, other in taken:
            gap = np.linalg.norm(points - np.asarray(centre), axis=1) - radius - other / self.shrink
            good &= gap > _GAP_MM
        if not good.any():
            return None
        best = points[int(np.argmin(np.where(good, cost, np.inf)))]
        x, y, z = (best + rng.uniform(-0.4, 0.4, 3) * _SPACING_MM).tolist()
        return x, y, z

    def background(self, centre: Vector, radius_mm: float) -> float:
        """Mean uptake of the healthy tissue in the shell of 8 mm about a lesion, g/ml."""
        radius = radius_mm / self.shrink
        middle = self.geometry.index(centre)
        reach = ceil((radius + 8.0) / _SPACING_MM) + 1
        low = np.maximum(np.rint(middle).astype(int) - reach, 0)
        high = np.minimum(np.rint(middle).astype(int) + reach + 1, self.geometry.shape)
        box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        grid = np.stack(np.meshgrid(*[np.arange(s.start, s.stop) for s in box], indexing="ij"), axis=-1)
        distance = np.linalg.norm((grid - middle) * _SPACING_MM, axis=-1)
        shell = (distance > radius) & (distance < radius + 8.0)
        return float(self.suv[box][shell].mean()) if shell.any() else 0.0

    def _candidates(self, where: Site) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Voxels a centre may lie in, and how far from its surroundings each is, in mm."""
        if not where.structure:
            allowed = self.soft_primary if where.mitnm == "T" else self.soft
            index = self._near(where.anchor_mm, _STATION_REACH_MM)
            index = index[allowed[tuple(index.T)]]
            return index, _distance_mm(allowed, index)
        mask = self.structures == numbers_by_name("structures.csv")[where.structure]
        if where.region == "bone":
            mask &= np.isin(self.materials, [numbers_by_name("materials.csv")[name] for name in _MARROW])
        index = np.argwhere(mask)
        if index.size == 0:
            return index, np.zeros(0, np.float32)
        if not _in_organ(where):
            # A lesion may be larger than its bone or gland: as deep in it as can be counts as fully inside.
            index = index[_deep(mask, index)]
            return index, np.full(len(index), 1e3, np.float32)
        # The nearest voxel outside is counted to its middle, half a voxel beyond the surface.
        return index, _distance_mm(mask, index) - _SPACING_MM / 2

    def _near(self, centre: Vector, reach_mm: float) -> NDArray[np.intp]:
        middle = np.rint(self.geometry.index(centre)).astype(int)
        steps = ceil(reach_mm / _SPACING_MM)
        span = np.arange(-steps, steps + 1)
        offsets = np.stack(np.meshgrid(span, span, span, indexing="ij"), axis=-1).reshape(-1, 3)
        offsets = offsets[np.linalg.norm(offsets, axis=1) * _SPACING_MM <= reach_mm]
        index = middle + offsets
        within = np.all((index >= 0) & (index < self.geometry.shape), axis=1)
        return np.asarray(index[within], np.intp)


def atlas_of(body: BodyPlan, uptake: Mapping[str, float], hot_suv: float) -> Atlas:
    """The atlas of a body.

    Parameters
    ----------
    body
        Whose anatomy.
    uptake
        SUV by material name, g/ml; materials that are absent take none.
    hot_suv
        What counts as hot, g/ml.
    """
    structures, materials, geometry = _painted(body)
    table = np.zeros(256, np.float32)
    for name, number in numbers_by_name("materials.csv").items():
        table[number] = uptake.get(name, 0.0)
    suv = table[materials]
    numbers = numbers_by_name("structures.csv")
    soft, soft_primary = (
        np.isin(structures, [numbers[name] for name in names]) & (materials > 0) for names in (_SOFT, _SOFT_PRIMARY)
    )
    return Atlas(structures, materials, suv, suv < hot_suv, soft, soft_primary, geometry, _shrink(body))


@lru_cache(maxsize=4)
def _painted(body: BodyPlan) -> tuple[NDArray[np.uint8], NDArray[np.uint8], ImageGeometry]:
    x, y, z = (ceil((high - low) / _SPACING_MM) for low, high in zip(_LOW_MM, _HIGH_MM, strict=True))
    geometry = ImageGeometry((z, y, x), (_SPACING_MM,) * 3, _LOW_MM)
    parts = body_parts(body, arms_up=True)
    painted = paint(geometry, parts, np.zeros(len(parts), np.float32), identity())
    return painted.structures, painted.materials, geometry


@lru_cache(maxsize=8)
def _shrink(body: BodyPlan) -> float:
    mapping = mapping_of(body, PosePlan())
    ends = np.array([(-80.0, 0, 330), (80, 0, 330), (0, -60, 330), (0, 60, 330), (0, 0, 250), (0, 0, 600)])
    patient = mapping.to_patient(ends)
    lengths = [np.linalg.norm(patient[i + 1] - patient[i]) / np.linalg.norm(ends[i + 1] - ends[i]) for i in (0, 2, 4)]
    return float(min(lengths))


def _distance_mm(mask: NDArray[np.bool_], index: NDArray[np.intp]) -> NDArray[np.float32]:
    """How far some voxels are from the nearest one outside a mask, up to about 45 mm."""
    if index.size == 0:
        return np.zeros(0, np.float32)
    low = np.maximum(index.min(axis=0) - _FARTHEST_VOXELS, 0)
    high = index.max(axis=0) + _FARTHEST_VOXELS + 1
    box = mask[tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))]
    distance = ndimage.distance_transform_edt(np.pad(box, 1), sampling=_SPACING_MM)
    return np.asarray(distance[tuple((index - low + 1).T)], np.float32)


def _in_organ(where: Site) -> bool:
    return where.region in ("liver", "lung", "spleen")


def _deep(mask: NDArray[np.bool_], index: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which voxels of a thin structure have the most of their six neighbours in it."""
    neighbours = np.zeros(len(index), np.intp)
    for axis in range(3):
        for step in (-1, 1):
            shifted = index.copy()
            shifted[:, axis] = np.clip(shifted[:, axis] + step, 0, mask.shape[axis] - 1)
            neighbours += mask[tuple(shifted.T)]
    return np.asarray(neighbours >= np.quantile(neighbours, 0.6))
