"""The skull: vault with diploe, base with the petrous bones and mastoid cells, orbits, face, sinuses, upper teeth."""

from __future__ import annotations

from dataclasses import replace
from math import cos, radians, sin

from uptake.geometry import Vector
from uptake.phantom.body.brain import CAVITY
from uptake.phantom.body.build import Build
from uptake.phantom.body.mirror import bone, chain, inset, loft, pair, pairs
from uptake.phantom.body.parts import Cut, Ellipsoid, Part, Tube

_INNER_TABLE_MM = 1.8
_OUTER_TABLE_MM = 1.8
_TEETH_DEG = (6.0, 18.0, 30.0, 42.0, 54.0, 66.0, 77.0)


def skull_parts(build: Build) -> tuple[Part, ...]:
    """The vault, to be painted before the brain: bone with marrow between two tables of compact bone."""
    diploe = 2.8 * build.vary("diploe", 0.12)
    inner = inset(CAVITY, -_INNER_TABLE_MM)
    middle = inset(CAVITY, -_INNER_TABLE_MM - diploe)
    outer = inset(CAVITY, -_INNER_TABLE_MM - diploe - _OUTER_TABLE_MM)
    return (
        *_scalp(outer),
        Part(outer, "skull", "cortical_bone"),
        Part(middle, "skull", "red_marrow"),
        Part(inner, "skull", "cortical_bone"),
    )


def _scalp(skull: Ellipsoid) -> tuple[Part, ...]:
    """Skin and fat over the vault, above the face, wherever the head's outline should leave the bone bare."""
    crown = (Cut((0.0, -0.5, -0.866), -748.0),)
    skin, fat = (replace(inset(replace(skull, cuts=()), -depth), cuts=crown) for depth in (6.0, 4.0))
    temporal = Ellipsoid((67.0, -25.0, 862.0), (6.5, 38.0, 30.0))
    ear = Ellipsoid((76.0, 16.0, 838.0), (3.5, 13.0, 27.0), rotation_deg=(0.0, 0.0, -20.0))
    return (
        *pair(Part(ear, "skin", "skin")),
        Part(skin, "skin", "skin"),
        Part(fat, "fat", "fat"),
        *pair(Part(temporal, "muscle", "muscle")),
    )


def _base() -> tuple[Part, ...]:
    petrous = Ellipsoid((37.0, 14.0, 836.0), (24.0, 9.0, 9.0), rotation_deg=(0.0, 0.0, 35.0))
    mastoid = Ellipsoid((54.0, 24.0, 828.0), (9.0, 13.0, 17.0))
    cells = Ellipsoid((54.0, 24.0, 830.0), (6.5, 9.5, 12.0))
    ear_canal = Tube((76.0, 8.0, 830.0), (48.0, 7.0, 831.0), 3.2, 3.0)
    middle_ear = Ellipsoid((44.0, 9.0, 832.0), (3.0, 5.0, 6.0))
    condyle = Ellipsoid((17.0, 26.0, 825.0), (6.0, 10.0, 6.0))
    wing = Ellipsoid((38.0, -38.0, 843.0), (24.0, 14.0, 8.0), rotation_deg=(-20.0, 0.0, 0.0))
    pterygoid = Ellipsoid((13.0, -33.0, 820.0), (2.5, 8.0, 15.0))
    clivus = Ellipsoid((0.0, 0.0, 840.0), (13.0, 5.5, 19.0), rotation_deg=(47.0, 0.0, 0.0))
    septa = [Ellipsoid((54.0, 24.0, z), (7.0, 10.0, 0.9)) for z in (824.0, 830.0, 836.0)]
    return (
        *bone("skull", clivus, 1.5),
        *pairs(
            [
                *bone("skull", wing, 1.8),
                Part(petrous, "skull", "cortical_bone"),
                Part(mastoid, "skull", "cortical_bone"),
                Part(cells, "skull", "air"),
                *(Part(septum, "skull", "cortical_bone") for septum in septa),
                Part(Tube((70.0, 8.0, 830.0), (46.0, 7.0, 831.0), 6.0, 6.5), "skull", "cortical_bone"),
                Part(inset(middle_ear, -2.5), "skull", "cortical_bone"),
                Part(ear_canal, "body", "air"),
                Part(middle_ear, "skull", "air"),
                *bone("skull", condyle, 1.5),
                Part(pterygoid, "skull", "cortical_bone"),
            ]
        ),
    )


def face_parts(build: Build) -> tuple[Part, ...]:
    """Skull base, orbits, cheek bones, upper jaw with its teeth, nose and sinuses; painted after the brain."""
    return (*_base(), *_upper_jaw(), *_cheeks(), *_orbits(build), *_sinuses(build), *_nose(), *upper_teeth())


def _upper_jaw() -> tuple[Part, ...]:
    jaw = loft(
        (796.0, 0.0, -64.0, 24.0, 23.0),
        (806.0, 0.0, -62.0, 28.0, 27.0),
        (818.0, 0.0, -58.0, 35.0, 27.0),
        (832.0, 0.0, -58.0, 40.0, 27.0),
        (840.0, 0.0, -58.0, 37.0, 26.0),
        exponent=2.6,
    )
    arch = loft(
        (798.0, 0.0, -65.0, 22.0, 20.5), (806.0, 0.0, -62.0, 26.2, 25.2), (817.0, 0.0, -58.0, 33.0, 25.0), exponent=2.6
    )
    vault = loft((794.0, 0.0, -58.0, 19.0, 20.0), (806.0, 0.0, -57.0, 17.0, 19.0))
    return (
        Part(jaw, "skull", "cortical_bone"),
        Part(arch, "skull", "red_marrow"),
        Part(vault, "tongue", "tongue"),
        Part(Ellipsoid((0.0, -56.0, 803.5), (16.0, 19.0, 2.0), exponent=2.4), "airway", "airway"),
    )


def _cheeks() -> tuple[Part, ...]:
    body = Ellipsoid((46.0, -66.0, 833.0), (12.0, 11.0, 11.0), rotation_deg=(0.0, 0.0, 35.0))
    arch = chain(((52.0, -62.0, 834.0), (65.0, -32.0, 834.0), (64.0, -2.0, 835.0)), (4.5, 3.2, 4.0))
    rim = chain(((49.0, -68.0, 838.0), (53.0, -63.0, 856.0), (46.0, -70.0, 876.0)), (4.0, 3.5, 4.0))
    return pairs([*bone("skull", body, 2.0), *(Part(rod, "skull", "cortical_bone") for rod in (*arch, *rim))])


def _orbits(build: Build) -> tuple[Part, ...]:
    depth = (0.0, 0.0, 18.0)
    wall = Ellipsoid((31.0, -66.0, 855.5), (21.5, 28.5, 21.0), rotation_deg=depth, cuts=(Cut((0.0, -1.0, 0.0), 86.0),))
    fat = Ellipsoid((31.5, -68.0, 855.5), (19.0, 27.0, 18.5), rotation_deg=depth)
    lid = Ellipsoid((32.0, -86.0, 855.0), (17.0, 4.5, 14.0))
    globe = Ellipsoid((32.0, -75.0, 855.0), (11.9, 11.9, 11.9))
    apex: Vector = (20.0, -44.0, 855.5)
    bellies: tuple[Vector, ...] = (
        (21.5, -70.0, 855.0),
        (44.0, -66.0, 855.0),
        (32.0, -68.0, 868.5),
        (32.0, -68.0, 841.5),
    )
    muscles = [rod for belly in bellies for rod in chain((apex, _bow(apex, belly), belly), (2.0, 2.8, 1.6))]
    gland = Ellipsoid((45.0, -72.0, 865.0), (3.2, 6.0, 8.0), rotation_deg=(0.0, -25.0, 20.0))
    return pairs(
        [
            Part(wall, "skull", "cortical_bone"),
            Part(fat, "fat", "fat"),
            Part(lid, "skin", "skin"),
            *(Part(rod, "muscle", "eye_muscle") for rod in muscles),
            Part(Tube(apex, (31.0, -64.0, 855.0), 2.2, 2.2), "body", "brain_white"),
            Part(globe, "eye_left", "eye"),
            Part(
                inset(gland, 3.2 * (1.0 - build.vary("lacrimal", 0.04))), "lacrimal_gland_left", "lacrimal_gland_left"
            ),
        ]
    )


def _bow(start: Vector, end: Vector) -> Vector:
    """The middle of an eye muscle, bowed a little away from the optic nerve."""
    x, y, z = ((near + far) / 2 for near, far in zip(start, end, strict=True))
    return x + 0.12 * (end[0] - 32.0), y, z + 0.15 * (end[2] - 855.0)


def _sinuses(build: Build) -> tuple[Part, ...]:
    size = build.vary("sinuses", 0.08)
    maxillary = Ellipsoid((28.0, -57.0, 823.0), (10.5 * size, 16.5 * size, 12.3 * size), exponent=2.4)
    ethmoid = Ellipsoid((8.0, -60.0, 853.0), (6.5, 20.0, 12.0), exponent=3.0)
    septa = [Ellipsoid((8.0, y, 853.0), (7.0, 0.7, 12.0)) for y in (-71.0, -63.0, -55.0, -47.0)]
    sphenoid = Ellipsoid((8.0, -24.0, 846.0), (7.0 * size, 10.0 * size, 8.0 * size), exponent=2.4)
    frontal = Ellipsoid((11.0, -94.5, 880.0), (10.0 * size, 2.8, 9.0 * size))
    hollow = (maxillary, ethmoid, sphenoid, frontal)
    return pairs(
        [
            *(Part(inset(shape, -2.4), "skull", "cortical_bone") for shape in hollow),
            *(Part(inset(shape, -0.6), "nasal_cavity", "nasal_mucosa") for shape in (maxillary, sphenoid)),
            *(Part(shape, "nasal_cavity", "air") for shape in hollow),
            *(Part(septum, "skull", "cortical_bone") for septum in septa),
        ]
    )


def _nose() -> tuple[Part, ...]:
    outside = chain(((0.0, -99.0, 862.0), (0.0, -106.0, 840.0), (0.0, -110.0, 829.0)), (5.0, 8.0, 10.0))
    bridge = Tube((0.0, -97.0, 864.0), (0.0, -103.0, 848.0), 3.5, 3.0)
    cavity = loft(
        (811.0, 0.0, -64.0, 13.0, 34.0),
        (822.0, 0.0, -66.0, 14.0, 37.0),
        (836.0, 0.0, -62.0, 11.0, 32.0),
        (848.0, 0.0, -58.0, 4.0, 26.0),
        exponent=2.6,
    )
    nostril = Tube((6.0, -104.0, 822.0), (6.0, -90.0, 828.0), 4.0, 4.0)
    turbinates = (
        Ellipsoid((7.8, -60.0, 817.0), (4.0, 26.0, 4.5)),
        Ellipsoid((7.0, -58.0, 829.0), (3.2, 22.0, 4.5)),
        Ellipsoid((5.0, -52.0, 840.0), (2.2, 14.0, 4.0)),
    )
    septum = Ellipsoid((0.0, -63.0, 828.0), (1.6, 35.0, 20.0), exponent=3.0)
    return (
        *(Part(rod, "skin", "skin") for rod in outside),
        Part(bridge, "skull", "cortical_bone"),
        Part(cavity, "nasal_cavity", "nasal_mucosa"),
        *pairs(
            [
                Part(nostril, "nasal_cavity", "air"),
                Part(Ellipsoid((7.0, -64.0, 825.0), (5.0, 32.0, 13.5), exponent=2.6), "nasal_cavity", "air"),
                *(Part(shape, "nasal_cavity", "nasal_mucosa") for shape in turbinates),
            ]
        ),
        Part(septum, "nasal_cavity", "nasal_mucosa"),
        Part(Ellipsoid((0.0, -62.0, 809.0), (22.0, 24.0, 2.2), exponent=3.0), "skull", "cortical_bone"),
    )


def upper_teeth() -> tuple[Part, ...]:
    """The upper teeth, root and crown, along the alveolar arch."""
    return teeth("skull", crown_mm=794.0, root_mm=806.0, arch_mm=(0.0, -61.0, 24.5, 26.0))


def teeth(
    structure: str, *, crown_mm: float, root_mm: float, arch_mm: tuple[float, float, float, float]
) -> tuple[Part, ...]:
    """Fourteen teeth on half an ellipse: its centre x, y and half axes (mm), between the heights of crown and root."""
    x, y, half_x, half_y = arch_mm
    rods = []
    for angle in _TEETH_DEG:
        radius = 3.1 if angle < 50 else 4.3
        across, forward = x + half_x * sin(radians(angle)), y - half_y * cos(radians(angle))
        rods.append(
            Part(Tube((across, forward, crown_mm), (across, forward, root_mm), radius, 1.8), structure, "tooth")
        )
    return pairs(rods)
