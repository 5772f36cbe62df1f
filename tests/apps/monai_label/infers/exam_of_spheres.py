"""Exams in memory for the tools' tests: a block of tissue in air, hot spheres in it, and a datastore of it."""

from dataclasses import replace

import numpy as np

from tests.reporting.exam_factory import make_conversion, make_exam, make_series
from uptake.exam import PreparedExam
from uptake.geometry import ImageGeometry
from uptake.volume import CtVolume, SuvVolume

PET_UID, CT_UID = "1.2.3.1", "1.2.3.5"
GRID = ImageGeometry((40, 50, 60), (4.0, 4.0, 4.0), (-118.0, -98.0, -78.0))
CT_GRID = ImageGeometry((50, 120, 140), (3.0, 2.0, 2.0), (-139.0, -119.0, -73.5))
BODY_MM = (90.0, 70.0)  # half widths along x and y
TISSUE_SUV = 1.0


def places(grid):
    """x, y and z of every voxel, mm."""
    index = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1)
    return np.moveaxis(grid.position_mm(index), -1, 0)


def hot(grid, spheres=(), *, tissue=TISSUE_SUV, edge_mm=0.0):
    """SUV of tissue in air with spheres (centre x, y, z mm; radius mm; SUV), falling to half over ``edge_mm``."""
    x, y, z = places(grid)
    suv = np.where((abs(x) < BODY_MM[0]) & (abs(y) < BODY_MM[1]), tissue, 0.0)
    for (cx, cy, cz), radius, level in spheres:
        apart = np.sqrt((x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2)
        ball = level * (1 - 0.5 * apart / radius) if edge_mm else np.full(grid.shape, level)
        suv = np.where(apart <= radius, np.maximum(suv, ball), suv)
    return suv.astype(np.float32)


def exam_of(suv, grid=GRID, *, sul_factor=0.75, with_ct=False):
    """A prepared exam around an array."""
    exam = make_exam(grid, None, False, None)
    ct = None
    if with_ct:
        exam = replace(exam, ct=make_series("CT", "CT 2", CT_GRID))
        ct = CtVolume(np.zeros(CT_GRID.shape, np.float32), CT_GRID)
    return PreparedExam(exam, SuvVolume(suv, grid), ct, make_conversion(grid.shape[0], sul_factor))


def click(place_mm, grid=GRID):
    """[i, j, k] of the voxel at x, y, z mm, as a viewer sends it."""
    return [round(float(at)) for at in grid.index(place_mm)][::-1]


def voxel(place_mm, grid=GRID):
    """(z, y, x) of the voxel at x, y, z mm."""
    return tuple(click(place_mm, grid)[::-1])


class Store:
    """A datastore of one exam."""

    def __init__(self, exam, truth=None, prior=None, truths=None):
        self._exam, self._prior = exam, prior
        self.truths = truths or {PET_UID: truth}
        self.version = int(truth is not None)

    def exam(self, image_id):
        assert image_id == PET_UID
        return self._exam

    def prior(self, image_id):
        return self._prior

    def truth(self, image_id):
        return self.truths.get(image_id)

    def truth_version(self, image_id):
        return self.version
