"""Mouth, lower jaw, salivary glands, pharynx with tonsils, larynx and thyroid."""

from __future__ import annotations

from dataclasses import replace

from uptake.geometry import Vector
from uptake.phantom.body.build import Build
from uptake.phantom.body.mirror import bone, chain, loft, pair, pairs
from uptake.phantom.body.parts import Ellipsoid, Part, Tube
from uptake.phantom.body.skull import teeth


def throat_parts(build: Build) -> tuple[Part, ...]:
    """From the back of the nose to the windpipe, and the lower jaw; body coordinates (mm)."""
    return (*_pharynx(), *_larynx(build), *_lower_jaw(), *teeth_of_lower_jaw())


def mouth_parts() -> tuple[Part, ...]:
    """Lips, cheeks, chewing muscles and tongue; painted before the jaws and their teeth."""
    lips = loft((772.0, 0.0, -58.0, 30.0, 38.0), (795.0, 0.0, -58.0, 32.0, 41.0), (808.0, 0.0, -58.0, 31.0, 40.0))
    masseter = Ellipsoid((58.0, -22.0, 800.0), (6.0, 13.0, 25.0), rotation_deg=(0.0, 4.0, 0.0))
    pterygoid = Ellipsoid((34.0, -20.0, 808.0), (7.0, 12.0, 20.0), rotation_deg=(0.0, 10.0, 0.0))
    cheek = Ellipsoid((46.0, -45.0, 805.0), (7.0, 10.0, 14.0))
    tongue = Ellipsoid((0.0, -54.0, 783.0), (22.0, 30.0, 16.0), exponent=2.4)
    root = Ellipsoid((0.0, -42.0, 768.0), (15.0, 22.0, 17.0))
    palate = Tube((0.0, -38.0, 807.0), (0.0, -20.0, 797.0), 5.0, 3.5)
    return (
        Part(lips, "muscle", "muscle"),
        *pairs(
            [
                Part(cheek, "fat", "fat"),
                Part(masseter, "muscle", "muscle"),
                Part(pterygoid, "muscle", "muscle"),
            ]
        ),
        Part(root, "tongue", "tongue"),
        Part(tongue, "tongue", "tongue"),
        Part(palate, "pharynx", "pharynx"),
    )


def _pharynx() -> tuple[Part, ...]:
    wall = loft(
        (708.0, 0.0, -12.0, 11.0, 5.0),
        (722.0, 0.0, -16.0, 17.0, 8.0),
        (748.0, 0.0, -14.0, 20.0, 12.0),
        (770.0, 0.0, -13.0, 20.0, 13.0),
        (795.0, 0.0, -13.0, 23.0, 13.0),
        (818.0, 0.0, -14.0, 21.0, 14.0),
        (829.0, 0.0, -15.0, 14.0, 11.0),
    )
    space = loft(
        (738.0, 0.0, -18.0, 8.0, 4.0),
        (752.0, 0.0, -17.0, 13.0, 6.0),
        (770.0, 0.0, -17.0, 11.0, 7.0),
        (795.0, 0.0, -13.0, 11.0, 6.0),
        (815.0, 0.0, -18.0, 13.0, 9.0),
        (826.0, 0.0, -18.0, 9.0, 6.0),
    )
    piriform = Ellipsoid((13.0, -22.0, 733.0), (3.2, 5.0, 8.0), rotation_deg=(0.0, 0.0, -20.0))
    choana = Tube((6.0, -36.0, 824.0), (6.0, -18.0, 822.0), 5.0, 6.0)
    epiglottis = Ellipsoid((0.0, -29.0, 752.0), (10.0, 1.8, 14.0), rotation_deg=(-18.0, 0.0, 0.0))
    return (
        Part(wall, "pharynx", "pharynx"),
        Part(space, "airway", "airway"),
        *pairs([Part(piriform, "airway", "airway"), Part(choana, "airway", "airway")]),
        Part(epiglottis, "larynx", "larynx"),
    )


def _larynx(build: Build) -> tuple[Part, ...]:
    calcified = build.vary("larynx", 0.1)
    whole = loft(
        (704.0, 0.0, -30.0, 13.0, 13.0),
        (722.0, 0.0, -36.0, 16.0, 17.0),
        (738.0, 0.0, -38.0, 17.0, 17.0),
        (748.0, 0.0, -38.0, 14.0, 14.0),
    )
    plate = Ellipsoid((10.0, -40.0, 729.0), (1.6 * calcified, 17.0, 12.0), exponent=2.6, rotation_deg=(0.0, 0.0, -28.0))
    ring = loft((703.0, 0.0, -30.0, 12.5, 12.5), (713.0, 0.0, -30.0, 13.0, 12.5))
    lamina = Ellipsoid((0.0, -20.0, 712.0), (10.0, 3.0, 9.0))
    arytenoid = Ellipsoid((5.5, -27.0, 725.0), (2.6, 3.0, 5.0))
    below = loft((690.0, 0.0, -26.0, 8.5, 8.5), (706.0, 0.0, -29.0, 8.5, 9.0), (717.0, 0.0, -36.0, 5.0, 9.5))
    glottis = loft((715.0, 0.0, -37.0, 5.0, 9.5), (722.0, 0.0, -38.0, 1.6, 10.0), (727.0, 0.0, -37.0, 6.0, 9.0))
    above = loft((725.0, 0.0, -37.0, 5.0, 9.0), (742.0, 0.0, -32.0, 8.0, 8.0), (756.0, 0.0, -24.0, 9.0, 5.0))
    cord = Ellipsoid((4.2, -38.0, 721.5), (2.6, 9.0, 3.6), rotation_deg=(0.0, 0.0, -6.0))
    hyoid = chain(((0.0, -51.0, 748.0), (13.0, -47.0, 748.0), (21.0, -24.0, 751.0)), (3.2, 2.8, 1.8))
    return (
        Part(whole, "larynx", "larynx"),
        *pair(Part(plate, "larynx", "cartilage")),
        Part(ring, "larynx", "cartilage"),
        Part(lamina, "larynx", "cartilage"),
        *(Part(space, "airway", "airway") for space in (below, above, glottis)),
        *pair(Part(arytenoid, "larynx", "cartilage")),
        *pairs(
            [Part(cord, "vocal_cords", "vocal_cord_left"), *(Part(rod, "larynx", "cortical_bone") for rod in hyoid)]
        ),
    )


def _lower_jaw() -> tuple[Part, ...]:
    line: tuple[Vector, ...] = ((0.0, -80.0, 0.0), (18.0, -75.0, 0.0), (32.0, -52.0, 0.0), (46.0, -17.0, 0.0))
    rims = ((763.0, 764.0, 767.0, 779.0), (770.0, 770.5, 773.0, 786.0), (777.0, 777.0, 779.0, 790.0))
    rods = [
        rod
        for heights, radius in zip(rims, (6.5, 6.0, 5.6), strict=True)
        for rod in chain(
            [(x, y, z) for (x, y, _), z in zip(line, heights, strict=True)], (radius, radius, radius, radius - 1.2)
        )
    ]
    ramus = Ellipsoid((48.0, -14.0, 803.0), (4.4, 15.0, 27.0), exponent=2.8, rotation_deg=(-10.0, 4.0, 0.0))
    condyle = Tube((51.0, -6.0, 822.0), (53.0, -3.0, 829.0), 4.5, 6.0)
    bones = [*(bone("mandible", rod, 2.0) for rod in (*rods, condyle)), bone("mandible", ramus, 2.0)]
    # All compact bone first, then all marrow, so that the rods make one bone.
    return pairs([*(cortex for cortex, _ in bones), *(marrow for _, marrow in bones)])


def teeth_of_lower_jaw() -> tuple[Part, ...]:
    """The lower teeth, root and crown."""
    return teeth("mandible", crown_mm=789.0, root_mm=775.0, arch_mm=(0.0, -55.0, 26.5, 25.0))


def gland_parts(build: Build) -> tuple[Part, ...]:
    """Salivary glands, tonsils and thyroid, painted after everything near them.

    The sizes give the masses of ICRP 89 for the adult man (parotids 50 g, submandibular 25 g, thyroid 20 g, tonsils
    3 g); a woman's follow from her height through the mapping.
    """
    return (*pairs(_salivary(build)), *pairs(_tonsil(build)), *_thyroid(build))


def _salivary(build: Build) -> tuple[Part, ...]:
    parotid, submandibular = build.vary("parotid", 0.04), build.vary("submandibular", 0.04)
    outer = Ellipsoid((60.5, -2.0, 799.0), (8.6, 22.8, 24.6), rotation_deg=(0.0, 6.0, 8.0))
    deep = Ellipsoid((52.0, 9.0, 797.0), (9.5, 10.4, 19.0))
    below = Ellipsoid((28.0, -32.0, 765.0), (9.3, 17.5, 18.0), rotation_deg=(10.0, 0.0, -20.0))
    under_tongue = Ellipsoid((13.0, -60.0, 770.0), (4.5, 15.0, 5.5), rotation_deg=(0.0, 0.0, -15.0))
    return (
        Part(_sized(outer, parotid), "parotid_left", "parotid_left"),
        Part(_sized(deep, parotid), "parotid_left", "parotid_left"),
        Part(_sized(below, submandibular), "submandibular_left", "submandibular_left"),
        Part(_sized(under_tongue, submandibular), "sublingual", "sublingual"),
    )


def _tonsil(build: Build) -> tuple[Part, ...]:
    tonsil = Ellipsoid((17.0, -22.0, 790.0), (5.0, 7.0, 10.0), rotation_deg=(0.0, 0.0, 10.0))
    return (Part(_sized(tonsil, build.vary("tonsil", 0.05)), "tonsil_left", "tonsil_left"),)


def _thyroid(build: Build) -> tuple[Part, ...]:
    lobe = _sized(
        Ellipsoid((18.0, -28.0, 700.0), (8.9, 10.0, 24.5), rotation_deg=(-8.0, 8.0, 0.0)), build.vary("thyroid", 0.04)
    )
    isthmus = Tube((-12.0, -40.0, 696.0), (12.0, -40.0, 696.0), 4.0, 4.0)
    return (*pair(Part(lobe, "thyroid", "thyroid")), Part(isthmus, "thyroid", "thyroid"))


def _sized(shape: Ellipsoid, factor: float) -> Ellipsoid:
    a, b, c = shape.half_axes_mm
    return replace(shape, half_axes_mm=(a * factor, b * factor, c * factor))
