from __future__ import annotations

import csv
from importlib.resources import files

import numpy as np
import pytest
from numpy.typing import NDArray

from uptake.geometry import IDENTITY_AXES, ImageGeometry, Vector
from uptake.phantom.body.build import Build
from uptake.phantom.body.mapping import identity
from uptake.phantom.body.painting import Painted, paint
from uptake.phantom.body.parts import Part
from uptake.phantom.body.skeleton import skeleton_parts
from uptake.phantom.body.trunk_organs import trunk_organ_parts

_SPACING_MM = 4.0
_ORIGIN_MM = (-170.0, -130.0, -75.0)
_VOXEL_ML = _SPACING_MM**3 / 1000
_SOFT_G_ML = 1.05


# What others fill by design: the chest holds the heart and the domes, the heart its blood.
_HOLLOWED = ("lung_right", "lung_left", "heart")


class _Average(Build):
    """The person at the middle of every draw."""

    def vary(self, name: str, spread: float) -> float:
        return 1.0

    def shift(self, name: str, spread_mm: float) -> Vector:
        return 0.0, 0.0, 0.0


def _names(table: str) -> list[str]:
    with (files("uptake.phantom.body") / table).open(encoding="utf-8") as rows:
        return [row["name"] for row in csv.DictReader(rows)]


_STRUCTURES = {name: index + 1 for index, name in enumerate(_names("structures.csv"))}
_MATERIALS = {name: index + 1 for index, name in enumerate(_names("materials.csv"))}


def _painted(parts: tuple[Part, ...]) -> Painted:
    geometry = ImageGeometry((196, 66, 86), (_SPACING_MM,) * 3, _ORIGIN_MM, IDENTITY_AXES)
    return paint(geometry, parts, np.zeros(len(parts), np.float32), identity())


def _volume_ml(painted: Painted, structure: str, material: str | None = None) -> float:
    inside: NDArray[np.bool_] = painted.structures == _STRUCTURES[structure]
    if material is not None:
        inside &= painted.materials == _MATERIALS[material]
    return float(inside.sum()) * _VOXEL_ML


@pytest.fixture(scope="module")
def man() -> Painted:
    build = _Average(0, "M", 15.0, 1.0)
    return _painted((*trunk_organ_parts(build), *skeleton_parts(build, arms_up=True)))


@pytest.fixture(scope="module")
def woman() -> Painted:
    build = _Average(0, "F", 20.0, 1.0)
    return _painted((*trunk_organ_parts(build), *skeleton_parts(build, arms_up=True)))


@pytest.mark.parametrize(
    ("structures", "material", "mass_g"),
    [
        (("liver",), None, 1800.0),
        (("spleen",), None, 150.0),
        (("kidney_right", "kidney_left"), None, 310.0),
        (("heart",), None, 330.0),
        (("pancreas",), None, 140.0),
        (("stomach",), "stomach_wall", 150.0),
        (("bladder",), "urine", 200.0),
        (("gallbladder",), None, 58.0),
        (("adrenal_right", "adrenal_left"), None, 14.0),
        (("prostate",), None, 25.0),  # ICRP: 17 g; men of the age of the patients, about 30
        (("testes",), None, 35.0),
        (("small_bowel",), None, 1000.0),  # wall and content
        (("oesophagus",), None, 40.0),
    ],
)
def test_visible_organs_weigh_what_icrp_says(
    man: Painted, structures: tuple[str, ...], material: str | None, mass_g: float
) -> None:
    volume_ml = sum(_volume_ml(man, structure, material) for structure in structures)

    assert volume_ml * _SOFT_G_ML == pytest.approx(mass_g, rel=0.25)


def test_woman_has_her_own_organs(man: Painted, woman: Painted) -> None:
    # Body coordinates are the reference man's: a woman of 1.63 m has about 0.8 of these volumes.
    assert _volume_ml(woman, "uterus") * _SOFT_G_ML == pytest.approx(80.0 / 0.8, rel=0.25)
    assert _volume_ml(woman, "ovaries") * _SOFT_G_ML == pytest.approx(11.0, rel=0.25)
    assert _volume_ml(woman, "prostate") == 0.0
    assert _volume_ml(man, "uterus") == 0.0
    assert _volume_ml(man, "ovaries") == 0.0


def test_lungs_hold_a_resting_breath_and_the_right_one_is_larger(man: Painted) -> None:
    right, left = _volume_ml(man, "lung_right"), _volume_ml(man, "lung_left")

    assert 2800 < right + left < 4500
    assert 1.05 < right / left < 1.5


def test_paired_organs_match(man: Painted) -> None:
    for pair in ("kidney", "adrenal", "ureter"):
        right, left = (_volume_ml(man, f"{pair}_{side}") for side in ("right", "left"))
        assert right == pytest.approx(left, rel=0.2)


def test_organs_lie_in_order_and_on_their_side(man: Painted) -> None:
    def centre(structure: str) -> NDArray[np.float64]:
        voxels: NDArray[np.float64] = np.argwhere(man.structures == _STRUCTURES[structure]).mean(axis=0)[::-1]
        place: NDArray[np.float64] = voxels * _SPACING_MM + np.array(_ORIGIN_MM)
        return place

    downward = ("airway", "lung_right", "heart", "liver", "pancreas", "duodenum", "small_bowel", "bladder", "testes")
    heights = [centre(name)[2] for name in downward]
    assert heights == sorted(heights, reverse=True)
    assert centre("kidney_right")[2] < centre("kidney_left")[2]
    for right in ("liver", "gallbladder", "lung_right", "ureter_right", "duodenum"):
        assert centre(right)[0] < -10
    for left in ("spleen", "stomach", "lung_left", "ureter_left", "heart"):
        assert centre(left)[0] > 5


@pytest.mark.parametrize(("seed", "sex"), [(3, "M"), (4, "F")])
def test_no_organ_is_painted_away(seed: int, sex: str) -> None:
    build = Build(seed, sex, 15.0, 1.0)
    parts = trunk_organ_parts(build)
    whole = _painted((*parts, *skeleton_parts(build, arms_up=True)))

    for structure in {part.structure for part in parts} - {"body", "fat", "muscle", "skin", "mediastinum", *_HOLLOWED}:
        alone = _painted(tuple(part for part in parts if part.structure == structure))
        assert _volume_ml(whole, structure) > 0.6 * _volume_ml(alone, structure), structure


def test_every_draw_belongs_to_the_seed() -> None:
    build, same, other = (Build(seed, "F", 20.0, 1.0) for seed in (7, 7, 8))

    assert trunk_organ_parts(build) == trunk_organ_parts(same)
    assert trunk_organ_parts(build) != trunk_organ_parts(other)
    assert len(trunk_organ_parts(build)) == len(trunk_organ_parts(other))
