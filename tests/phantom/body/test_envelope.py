"""Outlines: fat follows build, skin closes, weight comes out about right."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import label

from uptake.geometry import ImageGeometry
from uptake.phantom.body.build import Build
from uptake.phantom.body.envelope import TABLE_TOP_MM, back_mm, envelope_parts, table_parts
from uptake.phantom.body.mapping import identity
from uptake.phantom.body.packing import numbers_by_name
from uptake.phantom.body.painting import paint

GRID = ImageGeometry((133, 60, 110), (10.0, 6.0, 5.0), (-272.5, -190.0, -230.0))


@cache
def structures(build: Build, *, arms_up: bool = True) -> NDArray[np.uint8]:
    parts = envelope_parts(build, arms_up=arms_up)
    return paint(GRID, parts, np.zeros(len(parts), np.float32), identity()).structures


def share(labels: NDArray[np.uint8], name: str) -> float:
    return float((labels == numbers_by_name("structures.csv")[name]).sum() / (labels > 0).sum())


def row(z_mm: float) -> int:
    return round((z_mm - GRID.origin_mm[2]) / GRID.spacing_mm[0])


def test_fat_follows_the_build() -> None:
    thin, fat = (structures(Build(1, "M", fat_mm, 1.0)) for fat_mm in (8.0, 32.0))
    assert share(thin, "fat") < 0.30
    assert share(fat, "fat") > 0.40
    assert (fat > 0).sum() > 1.2 * (thin > 0).sum()


def test_the_reference_man_has_the_size_of_a_man() -> None:
    labels = structures(Build(1, "M", 15.0, 1.0))
    trunk = labels[row(0.0) : row(700.0)]
    litres = (trunk > 0).sum() * GRID.voxel_volume_ml / 1000
    # Cristy and Eckerman's trunk: 40 x 20 x 70 cm elliptic cylinder with the arms in it, 43.8 l; here without most.
    assert 33 < litres < 46
    waist = labels[row(330.0)] > 0
    assert waist.any(axis=0).sum() * GRID.spacing_mm[2] == pytest.approx(2 * (138 + 15 + 1.5), abs=8)


@pytest.mark.parametrize("arms_up", [True, False])
def test_the_body_is_one_piece_and_symmetric(arms_up: bool) -> None:
    labels = structures(Build(1, "F", 22.0, 1.0), arms_up=arms_up)
    assert label(labels > 0)[1] == 1
    mirrored = labels[:, :, ::-1]
    assert (labels != mirrored).mean() < 1e-3


def test_arms_are_where_the_pose_says() -> None:
    up, down = (structures(Build(1, "M", 15.0, 1.0), arms_up=each) for each in (True, False))
    beside_head = np.s_[row(860.0), :, : round((-130 + 272.5) / 5)]
    beside_trunk = np.s_[row(300.0), :, : round((-190 + 272.5) / 5)]
    assert up[beside_head].any()
    assert not down[beside_head].any()
    assert down[beside_trunk].any()
    assert not up[beside_trunk].any()


def test_only_women_have_breasts() -> None:
    man, woman = (structures(Build(1, sex, 20.0, 1.0)) for sex in "MF")
    added_ml = ((woman > 0).sum() - (man > 0).sum()) * GRID.voxel_volume_ml
    assert 300 < added_ml < 900


def test_the_back_rests_on_the_table() -> None:
    build = Build(1, "M", 15.0, 1.0)
    lowest = np.flatnonzero((structures(build) > 0).any(axis=(0, 2))).max() * GRID.spacing_mm[1] + GRID.origin_mm[1]
    assert back_mm(build) == pytest.approx(lowest, abs=7)
    fine = ImageGeometry(shape=(1, 120, 1), spacing_mm=(10.0, 0.5, 5.0), origin_mm=(0.0, 110.0, 300.0))
    solid = np.array([part.material == "table" for part in table_parts()], np.float32)
    table = paint(fine, table_parts(), solid, identity()).values[0, :, 0]
    first, last = np.flatnonzero(table > 0.5)[[0, -1]]
    assert 110.0 + 0.5 * first == pytest.approx(TABLE_TOP_MM, abs=0.5)
    assert table[(first + last) // 2] == 0  # hollow
