from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from uptake.geometry import ImageGeometry
from uptake.phantom.body.build import Build
from uptake.phantom.body.head_neck import head_neck_parts
from uptake.phantom.body.mapping import identity
from uptake.phantom.body.packing import numbers_by_name
from uptake.phantom.body.painting import Painted, paint

SPACING_MM = 1.5
GEOMETRY = ImageGeometry((210, 160, 134), (SPACING_MM,) * 3, (-99.75, -124.25, 645.75))
# ICRP 89 table 2.8, adult man: g; densities in g/ml from ICRU 46. Cerebellum is part of the brain's mass.
MASSES_G = {
    ("brain", "cerebellum"): (1450.0, 1.04),
    ("parotid_right", "parotid_left"): (50.0, 1.045),
    ("submandibular_right", "submandibular_left"): (25.0, 1.045),
    ("thyroid",): (20.0, 1.05),
    ("tonsil_right", "tonsil_left"): (3.0, 1.03),
    ("eye_right", "eye_left"): (15.0, 1.03),
    ("lacrimal_gland_right", "lacrimal_gland_left"): (1.3, 1.04),
}
# Body coordinates x, y, z (mm) that other parts of the body rely on.
PLACES_MM = {
    "lacrimal_gland_left": (45, -72, 865),
    "eye_left": (32, -75, 855),
    "parotid_left": (58, 0, 800),
    "tonsil_left": (17, -22, 790),
    "submandibular_left": (28, -32, 765),
    "vocal_cords": (0, -38, 722),
    "thyroid": (0, -30, 700),
}


@cache
def painted(seed: int) -> Painted:
    parts = head_neck_parts(Build(seed, "M", fat_mm=15.0, muscle=1.0))
    return paint(GEOMETRY, parts, np.zeros(len(parts), np.float32), identity())


def of_structures(body: Painted, *names: str) -> NDArray[np.bool_]:
    return np.isin(body.structures, [numbers_by_name("structures.csv")[name] for name in names])


def of_materials(body: Painted, *names: str) -> NDArray[np.bool_]:
    return np.isin(body.materials, [numbers_by_name("materials.csv")[name] for name in names])


def volume_ml(mask: NDArray[np.bool_]) -> float:
    return float(mask.sum()) * SPACING_MM**3 / 1000


def centre_mm(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    middle: NDArray[np.float64] = np.argwhere(mask).mean(0)[::-1] * SPACING_MM + np.array(GEOMETRY.origin_mm)
    return middle


@pytest.mark.parametrize("names", MASSES_G, ids=lambda names: names[0])
def test_visible_organs_have_the_reference_mans_masses(names: tuple[str, ...]) -> None:
    mass_g, density = MASSES_G[names]
    mean_ml = np.mean([volume_ml(of_structures(painted(seed), *names)) for seed in (1, 3)])
    assert mean_ml * density == pytest.approx(mass_g, rel=0.2)


@pytest.mark.parametrize("name", PLACES_MM)
def test_organs_lie_at_their_landmarks(name: str) -> None:
    assert centre_mm(of_structures(painted(1), name)) == pytest.approx(PLACES_MM[name], abs=5.0)


@pytest.mark.parametrize("name", ["parotid", "submandibular", "tonsil", "eye", "lacrimal_gland"])
def test_right_and_left_are_alike(name: str) -> None:
    right, left = (of_structures(painted(1), f"{name}_{side}") for side in ("right", "left"))
    assert volume_ml(right) == pytest.approx(volume_ml(left), rel=0.05)
    assert centre_mm(right) == pytest.approx(centre_mm(left) * [-1, 1, 1], abs=0.5)
    assert centre_mm(left)[0] > 0


def test_grey_and_white_matter_have_a_living_brains_ratio() -> None:
    """More grey than white, and not twice as much (Luders E et al., Neuroreport 2002;13:2371-2374)."""
    grey, white = (volume_ml(of_materials(painted(1), f"brain_{kind}")) for kind in ("grey", "white"))
    assert 1.0 < grey / white < 1.7


def test_brain_is_enclosed_by_fluid_and_bone() -> None:
    body = painted(1)
    brain = of_materials(body, "brain_grey", "cerebellum")
    shell = ndimage.binary_dilation(brain) & ~brain
    inside = of_materials(body, "csf", "cortical_bone", "red_marrow", "brain_white", "spinal_cord")
    assert (shell & ~inside).sum() < 0.002 * shell.sum()


def test_cord_runs_in_one_piece_from_the_brain_to_the_chest_and_touches_no_bone() -> None:
    body = painted(1)
    cord = of_structures(body, "spinal_cord")
    _, pieces = ndimage.label(cord)
    heights = np.flatnonzero(cord.any((1, 2))) * SPACING_MM + GEOMETRY.origin_mm[2]
    assert pieces == 1
    assert heights.min() < 690
    assert heights.max() > 818
    bone = of_structures(body, "cervical_spine", "skull")
    assert not (ndimage.binary_dilation(cord) & bone).any()


def test_air_passes_from_the_nose_to_the_windpipe() -> None:
    body = painted(1)
    labels, _ = ndimage.label(of_materials(body, "air", "airway"))
    nasopharynx, windpipe = (_label_at(labels, point) for point in ((0.0, -18.0, 820.0), (0.0, -26.0, 697.0)))
    assert nasopharynx == windpipe != 0
    inside_nose = of_structures(body, "nasal_cavity") & (labels == nasopharynx)
    assert volume_ml(inside_nose) > 5


def test_vertebrae_carry_marrow_and_stand_apart() -> None:
    body = painted(1)
    spine = of_structures(body, "cervical_spine")
    marrow = spine & of_materials(body, "red_marrow")
    column = marrow.copy()
    column[:, :, np.abs(np.arange(134) * SPACING_MM + GEOMETRY.origin_mm[0]) > 6] = False
    column[:, np.arange(160) * SPACING_MM + GEOMETRY.origin_mm[1] > 36] = False
    labels, found = ndimage.label(column)
    large = [n for n in range(1, found + 1) if (labels == n).sum() * SPACING_MM**3 > 500]
    assert len(large) == 6  # C2 to C7; the atlas has no body
    assert 75 < volume_ml(spine) < 125


def test_the_whole_list_is_the_same_for_the_same_person_and_not_for_another() -> None:
    build = Build(5, "F", fat_mm=20.0, muscle=0.9)
    assert head_neck_parts(build) == head_neck_parts(build)
    assert head_neck_parts(build) != head_neck_parts(Build(6, "F", fat_mm=20.0, muscle=0.9))


def _label_at(labels: NDArray[np.int32], point_mm: tuple[float, float, float]) -> int:
    index = np.rint((np.array(point_mm) - GEOMETRY.origin_mm) / SPACING_MM).astype(int)[::-1]
    return int(labels[tuple(index)])
