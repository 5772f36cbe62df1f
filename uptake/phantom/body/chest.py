"""What the chest holds beside its great vessels: lungs, airway, mediastinum, heart, gullet and breast glands."""

from __future__ import annotations

from dataclasses import replace

from uptake.phantom.body.build import Build
from uptake.phantom.body.parts import Cut, Ellipsoid, Loft, Part, Section
from uptake.phantom.body.placing import PathPoint, chain, mirrored, pointing, varied

# The pleural space of both sides in one, within the ribs: z, centre x, y, half axes x, y.
_PLEURA = (
    Section(392, 0, 8, 119, 71),
    Section(430, 0, 3, 126, 78),
    Section(480, 0, 1, 129, 80),
    Section(520, 0, 1, 128, 80),
    Section(560, 0, 1, 123, 79),
    Section(590, 0, 2, 112, 76),
    Section(620, 0, 4, 98, 69),
    Section(645, 0, 6, 80, 59),
    Section(665, 0, 9, 61, 45),
    Section(680, 0, 14, 49, 32),
    Section(693, 0, 16, 36, 15),
)
_MEDIASTINUM = (
    Section(450, 8, -14, 34, 36),
    Section(462, 9, -18, 48, 50),
    Section(480, 10, -20, 52, 57),
    Section(515, 10, -24, 50, 60),
    Section(550, 6, -22, 44, 62),
    Section(590, 4, -20, 38, 64),
    Section(625, 3, -18, 34, 64),
    Section(660, 0, -6, 29, 50),
    Section(692, 0, 2, 26, 40),
)
_APART_MM = 9.0  # from the midplane to either lung
_LEFT_VENTRICLE_AXIS = (0.6503, -0.5803, -0.4902)
_HEART_CENTRE = (18.0, -35.0, 515.0)


def lung_parts(build: Build) -> tuple[Part, ...]:
    """Both lungs with their larger vessels, from apex to the recess behind and beside the diaphragm."""
    right = (
        Part(Loft(_PLEURA, 2.25, (Cut((1.0, 0.0, 0.0), -_APART_MM),)), "lung_right", "lung"),
        *_lung_vessels(build),
    )
    left = (
        Part(Loft(_PLEURA, 2.25, (Cut((-1.0, 0.0, 0.0), -_APART_MM),)), "lung_left", "lung"),
        *mirrored(_lung_vessels(build)),
    )
    return *right, *left


def _lung_vessels(build: Build) -> tuple[Part, ...]:
    """Of the right lung: from the hilum to its eight directions, thinning out."""
    ends = (
        (-78, 30, 640),
        (-70, -42, 630),
        (-98, -30, 560),
        (-95, 42, 570),
        (-88, 48, 500),
        (-96, -15, 495),
        (-66, 58, 600),
        (-112, 12, 530),
    )
    parts: list[Part] = []
    for index, (x, y, z) in enumerate(ends):
        aside, back, up = build.shift(f"lung vessel {index}", 6.0)
        hilum = (-42.0, 8.0, 572.0)
        middle = (
            hilum[0] + 0.5 * (x - hilum[0]),
            hilum[1] + 0.5 * (y - hilum[1]) + 5,
            hilum[2] + 0.55 * (z - hilum[2]),
        )
        path: tuple[PathPoint, ...] = ((*hilum, 5.0), (*middle, 3.2), (x + aside, y + back, z + up, 1.2))
        parts += chain("lung_right", "blood", path)
    return tuple(parts)


def mediastinum_parts(build: Build) -> tuple[Part, ...]:
    """Mediastinal tissue and the fat about the heart: painted over the lungs, under heart and vessels."""
    between = (Cut((1.0, 0.0, 0.0), _APART_MM + 0.5), Cut((-1.0, 0.0, 0.0), _APART_MM + 0.5))
    return (
        Part(Loft(_PLEURA, 2.25, between), "mediastinum", "fat"),
        Part(Loft(_MEDIASTINUM, 2.2), "mediastinum", "mediastinum"),
        # Before the great vessels, behind the breastbone, there is little but fat.
        Part(Loft(_MEDIASTINUM, 2.2, (Cut((0.0, 1.0, 0.0), -44.0),)), "mediastinum", "fat"),
        *varied(
            (Part(Ellipsoid((14, -34, 512), (66, 53, 52), 2.2), "mediastinum", "fat"),), build, "heart", _HEART_CENTRE
        ),
    )


def airway_parts() -> tuple[Part, ...]:
    """Trachea from the larynx to the carina, main and lobar bronchi: walls, then the air in them."""
    trachea: tuple[PathPoint, ...] = ((0, -34, 712, 10.5), (0, -20, 680, 10.5), (1, -4, 640, 10.5), (2, 10, 603, 10.5))
    right: tuple[PathPoint, ...] = ((2, 10, 603, 8.5), (-28, 14, 580, 8.0), (-42, 16, 560, 6.5), (-58, 24, 535, 4.0))
    left: tuple[PathPoint, ...] = ((2, 10, 603, 8.0), (38, 17, 578, 7.5), (52, 22, 562, 6.0), (64, 28, 538, 4.0))
    upper_right: tuple[PathPoint, ...] = ((-28, 14, 580, 6.5), (-50, 12, 592, 5.0), (-62, 10, 615, 3.0))
    upper_left: tuple[PathPoint, ...] = ((42, 18, 576, 6.0), (58, 8, 586, 5.0), (66, 2, 608, 3.0))
    paths = (trachea, right, left, upper_right, upper_left)
    walls = [part for path in paths for part in chain("airway", "cartilage", path)]
    air = [part for path in paths for part in chain("airway", "airway", [(x, y, z, r - 1.6) for x, y, z, r in path])]
    return *walls, *air


def oesophagus_parts() -> tuple[Part, ...]:
    """The gullet, from behind the cricoid to the stomach."""
    path: tuple[PathPoint, ...] = (
        (0, -8, 712, 6.5),
        (3, 10, 672, 6.5),
        (4, 24, 635, 6.5),
        (0, 27, 590, 6.5),
        (-2, 29, 540, 6.8),
        (4, 25, 490, 7.0),
        (20, 12, 455, 7.2),
        (36, 6, 436, 8.0),
    )
    return chain("oesophagus", "oesophagus", path)


def heart_parts(build: Build) -> tuple[Part, ...]:
    """Walls of the four chambers, then the blood in them; the left ventricle points left, forward and down."""
    axis = pointing(_LEFT_VENTRICLE_AXIS)
    # Open at its base, where the valves are: in PET a horseshoe, not a ring.
    to_base = (-_LEFT_VENTRICLE_AXIS[0], -_LEFT_VENTRICLE_AXIS[1], -_LEFT_VENTRICLE_AXIS[2])
    valves = (Cut(to_base, 27.0 + to_base[0] * 44 - to_base[1] * 34 + to_base[2] * 508),)
    left_ventricle = Ellipsoid((44, -34, 508), (36, 36, 51), rotation_deg=axis, cuts=valves)
    left_blood = Ellipsoid((40, -30.5, 511), (22.5, 22.5, 40), rotation_deg=axis)
    right_ventricle = Ellipsoid((6, -54, 507), (47, 29, 41), 2.2, (0, 20, -14))
    right_atrium = Ellipsoid((-29, -23, 520), (28, 31, 36), 2.2)
    left_atrium = Ellipsoid((2, -2, 546), (37, 22, 27), 2.2)
    outer = (left_atrium, right_atrium, right_ventricle)
    inner = (_shrunk(left_atrium, 3.0), _shrunk(right_atrium, 3.0), _shrunk(right_ventricle, 4.5))
    walls = [Part(shape, "heart", "heart_wall_thin") for shape in outer]
    chambers = [Part(shape, "blood_pool", "blood") for shape in inner]
    parts = (
        *walls,
        *chambers,
        Part(left_ventricle, "heart", "heart_muscle"),
        Part(left_blood, "blood_pool", "blood"),
    )
    return varied(parts, build, "heart", _HEART_CENTRE)


def _shrunk(shape: Ellipsoid, wall_mm: float) -> Ellipsoid:
    a, b, c = shape.half_axes_mm
    return replace(shape, half_axes_mm=(a - wall_mm, b - wall_mm, c - wall_mm))


def breast_parts(build: Build) -> tuple[Part, ...]:
    """Breast glands; in a man only the disc behind the nipple."""
    if build.sex == "M":
        gland = Ellipsoid((-78, -92, 560), (20, 7, 20))
    else:
        gland = Ellipsoid((-78, -104, 552), (36, 21, 38), 2.0, (0, 0, 12))
    parts = varied((Part(gland, "breast_right", "breast_gland"),), build, "breast", gland.centre_mm)
    return *parts, *mirrored(parts)
