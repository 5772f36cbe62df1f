from __future__ import annotations

import csv
from importlib.resources import files
from itertools import pairwise

import numpy as np
import pytest

from uptake.geometry import ImageGeometry
from uptake.phantom.body.bone import Piece, bone_parts, inset, plate
from uptake.phantom.body.build import Build
from uptake.phantom.body.chest import lung_parts
from uptake.phantom.body.mapping import identity
from uptake.phantom.body.mirror import mirrored
from uptake.phantom.body.painting import Painted, paint
from uptake.phantom.body.parts import Ellipsoid, Loft, Part, Section, Tube
from uptake.phantom.body.skeleton import skeleton_parts

MAN = Build(seed=3, sex="M", fat_mm=15.0, muscle=1.0)
SPACING_MM = 2.4
# From below the knees to above the shoulders, and a grid that is its own mirror image in x.
GEOMETRY = ImageGeometry((480, 112, 212), (SPACING_MM,) * 3, (-253.2, -130.0, -436.0))

# ICRP Publication 70 (1995), table of the adult's active marrow: share of the body's, and cellularity.
ACTIVE_MARROW = {
    "ribs": (0.161, 0.70),
    "thoracic": (0.161, 0.70),
    "lumbar": (0.123, 0.70),
    "sacrum": (0.099, 0.70),
    "hip_bone": (0.175, 0.48),
    "sternum": (0.031, 0.70),
    "scapula": (0.028, 0.38),
}
# Volumes of the stylised adult's bones (Snyder et al., MIRD Pamphlet 5 revised, 1978), ml.
STYLISED_ML = {"ribs": 694.0, "hip_bone": 606.0, "scapula": 202.0, "clavicle": 54.7}


def names(table: str) -> list[str]:
    with (files("uptake.phantom.body") / table).open(encoding="utf-8") as rows:
        return [row["name"] for row in csv.DictReader(rows)]


STRUCTURES = names("structures.csv")
MATERIALS = names("materials.csv")


def painted(parts: tuple[Part, ...]) -> Painted:
    return paint(GEOMETRY, parts, np.ones(len(parts), np.float32), identity())


@pytest.fixture(scope="module")
def skeleton() -> Painted:
    return painted(skeleton_parts(MAN, arms_up=False))


def mask(image: Painted, group: str, material: str | None = None) -> np.ndarray:
    levels = {"thoracic": [f"t{i}" for i in range(1, 13)], "lumbar": [f"l{i}" for i in range(1, 6)]}
    wanted = levels.get(group, [group, f"{group}_left", f"{group}_right"])
    numbers = [STRUCTURES.index(name) + 1 for name in wanted if name in STRUCTURES]
    found = np.isin(image.structures, numbers)
    return found if material is None else found & (image.materials == MATERIALS.index(material) + 1)


def volume_ml(image: Painted, group: str, material: str | None = None) -> float:
    return float(mask(image, group, material).sum()) * SPACING_MM**3 / 1000


def test_every_bone_of_the_table_below_the_neck_is_there_with_cortex_and_marrow(skeleton: Painted) -> None:
    with (files("uptake.phantom.body") / "structures.csv").open(encoding="utf-8") as rows:
        bones = [row["name"] for row in csv.DictReader(rows) if row["group"] == "bone"]
    pairs = skeleton.structures.astype(np.int32) * 256 + skeleton.materials
    voxels = np.bincount(pairs.ravel(), minlength=256 * 256).reshape(256, 256) * SPACING_MM**3 / 1000
    compact, red, fatty = (MATERIALS.index(name) + 1 for name in ("cortical_bone", "red_marrow", "fatty_marrow"))
    for bone in bones:
        if bone not in {"skull", "mandible", "cervical_spine"}:
            row = voxels[STRUCTURES.index(bone) + 1]
            assert row[compact] > 1.0, bone
            assert row[red] + row[fatty] > 2.0, bone


def test_bone_mass_is_the_reference_adults_share(skeleton: Painted) -> None:
    # ICRP 89: 10.5 kg skeleton, of which 1.1 kg cartilage. Skull, neck, shanks, hands and feet, not made
    # here, are about 45 % of the stylised adult's bone (MIRD 5 revised).
    bone = np.isin(skeleton.structures, [i + 1 for i, name in enumerate(STRUCTURES) if name != "body"])
    cortex = (bone & (skeleton.materials == MATERIALS.index("cortical_bone") + 1)).sum() * SPACING_MM**3 / 1000
    rest = bone.sum() * SPACING_MM**3 / 1000 - cortex
    assert cortex * 1.92 + rest * 1.18 == pytest.approx(9400 * 0.55, rel=0.25)  # ICRU 46 densities, g/ml


@pytest.mark.parametrize("bone", STYLISED_ML)
def test_bone_volumes_are_like_the_stylised_adults(skeleton: Painted, bone: str) -> None:
    assert volume_ml(skeleton, bone) == pytest.approx(STYLISED_ML[bone], rel=0.40)


def test_active_marrow_lies_where_the_reference_says(skeleton: Painted) -> None:
    active = {bone: volume_ml(skeleton, bone, "red_marrow") * cells for bone, (_, cells) in ACTIVE_MARROW.items()}
    expected = sum(share for share, _ in ACTIVE_MARROW.values())
    # 1.17 kg in the whole body, at 1.03 g/ml.
    assert sum(active.values()) == pytest.approx(1170 / 1.03 * expected, rel=0.25)
    for bone, (share, _) in ACTIVE_MARROW.items():
        assert active[bone] / sum(active.values()) == pytest.approx(share / expected, rel=0.5), bone


@pytest.mark.parametrize(
    ("bone", "centre_mm"), [("l3", (0, 60, 316)), ("femur_left", (115, 10, 30)), ("sternum", (0, -85, 640))]
)
def test_marrow_lies_inside_its_cortex(bone: str, centre_mm: tuple[float, float, float]) -> None:
    half = np.array((24.0, 24.0, 24.0))
    fine = ImageGeometry((120, 120, 120), (0.4, 0.4, 0.4), tuple(np.asarray(centre_mm) - half))
    parts = tuple(part for part in skeleton_parts(MAN, arms_up=False) if part.structure == bone)
    image = paint(fine, parts, np.ones(len(parts), np.float32), identity())
    outside = image.structures == 0
    core = (image.materials > 0) & (image.materials != MATERIALS.index("cortical_bone") + 1)
    assert core.any()
    for axis in range(3):
        for step in (-1, 1):
            neighbour = np.roll(outside, step, axis)
            neighbour[(slice(None),) * axis + ((0,) if step > 0 else (-1,),)] = False
            assert not (core & neighbour).any()


def test_left_and_right_are_mirror_images(skeleton: Painted) -> None:
    for bone in ("ribs", "scapula", "clavicle", "hip_bone", "femur", "humerus", "forearm"):
        left = mask(skeleton, f"{bone}_left")
        right = mask(skeleton, f"{bone}_right")
        differing = int((left[:, :, ::-1] != right).sum())
        assert differing < 0.01 * left.sum(), bone
        x = GEOMETRY.position_mm(np.argwhere(left))[:, 0]
        assert x.min() > 0, bone


def test_ribs_run_outside_the_lungs(skeleton: Painted) -> None:
    lungs = painted(tuple(part for part in lung_parts(MAN) if part.material == "lung")).structures > 0
    # The necks of the ribs lie in the muscle beside the arches, which the skeleton brings along.
    beside = np.abs(GEOMETRY.position_mm(np.argwhere(lungs))[:, 0]) > 40
    lungs[lungs] = beside
    overlap = (mask(skeleton, "ribs") & lungs).sum() / mask(skeleton, "ribs").sum()
    assert overlap < 0.03


def test_vertebrae_run_from_head_to_foot_with_discs_between_and_a_free_canal(skeleton: Painted) -> None:
    levels = [f"t{i}" for i in range(1, 13)] + [f"l{i}" for i in range(1, 6)] + ["sacrum"]
    heights = [GEOMETRY.position_mm(np.argwhere(mask(skeleton, level)).mean(axis=0))[2] for level in levels]
    assert all(upper > lower + 15 for upper, lower in pairwise(heights))
    assert (skeleton.materials == MATERIALS.index("disc") + 1).any()
    # The cord is unbroken from T1 to L1.
    cord = mask(skeleton, "spinal_cord")
    rows = np.flatnonzero(cord.any(axis=(1, 2)))
    assert len(rows) == rows[-1] - rows[0] + 1
    z = GEOMETRY.position_mm([[rows[0], 0, 0], [rows[-1], 0, 0]])[:, 2]
    assert z[0] == pytest.approx(383, abs=8)
    assert z[1] > 680


def test_femoral_heads_sit_in_the_hip_joints(skeleton: Painted) -> None:
    for side in (-1.0, 1.0):
        z, y, x = np.round(GEOMETRY.index((side * 88.0, 5.0, 65.0))).astype(int)
        assert skeleton.structures[z, y, x] == STRUCTURES.index("femur_left" if side > 0 else "femur_right") + 1
    # Cartilage keeps femur and hip bone apart.
    femur, hip = mask(skeleton, "femur_left"), mask(skeleton, "hip_bone_left")
    touching = sum(int((np.roll(femur, step, axis) & hip).sum()) for axis in range(3) for step in (-1, 1))
    assert touching < 0.02 * femur.sum()


def test_arms_go_where_the_pose_says() -> None:
    up = [part for part in skeleton_parts(MAN, arms_up=True) if part.structure.startswith("forearm")]
    down = [part for part in skeleton_parts(MAN, arms_up=False) if part.structure.startswith("forearm")]
    heights = [[part.shape.end_mm[2] for part in parts if isinstance(part.shape, Tube)] for parts in (up, down)]
    assert min(heights[0]) > 900
    assert max(heights[1]) < 390


def test_a_person_has_the_same_bones_every_time_and_another_has_others() -> None:
    other = Build(seed=4, sex="M", fat_mm=15.0, muscle=1.0)
    assert skeleton_parts(MAN, arms_up=True) == skeleton_parts(MAN, arms_up=True)
    assert skeleton_parts(MAN, arms_up=True) != skeleton_parts(other, arms_up=True)


def test_inset_moves_every_surface_inwards() -> None:
    assert inset(Tube((0, 0, 0), (0, 0, 9), 4, 3), 1) == Tube((0, 0, 0), (0, 0, 9), 3, 2)
    assert inset(Ellipsoid((0, 0, 0), (5, 6, 7)), 1) == Ellipsoid((0, 0, 0), (4, 5, 6))
    loft = Loft((Section(0, 0, 0, 5, 6), Section(10, 0, 0, 7, 8)))
    assert inset(loft, 2) == Loft((Section(2, 0, 0, 3, 4), Section(8, 0, 0, 5, 6)))
    assert inset(Tube((0, 0, 0), (0, 0, 9), 1.5, 1.5), 1) is None


def test_pieces_of_a_bone_share_one_marrow_space() -> None:
    first, second = Tube((0, 0, 0), (0, 0, 9), 4, 4), Tube((0, 0, 9), (0, 9, 9), 4, 4)
    parts = bone_parts("t1", (Piece(first), Piece(second)))
    assert [part.material for part in parts] == ["cortical_bone"] * 2 + ["red_marrow"] * 2


def test_a_plate_lies_in_the_plane_it_was_given() -> None:
    along, upwards = (0.6, -0.8, 0.0), (0.3, 0.2, 1.0)
    parts = (Part(plate((100.0, 0.0, 0.0), along, upwards, (40.0, 3.0, 60.0)), "hip_bone_left", "cortical_bone"),)
    points = GEOMETRY.position_mm(np.argwhere(painted(parts).structures > 0)) - (100.0, 0.0, 0.0)
    normal = np.cross(along, upwards)
    assert np.abs(points @ (normal / np.linalg.norm(normal))).max() < 3.5
    assert np.abs(points @ np.asarray(along)).max() == pytest.approx(40.0, abs=2.0)
    assert mirrored(mirrored(parts[0].shape)) == parts[0].shape
