"""The inside of the skull: fluid, folded grey ribbon over white, deep nuclei, ventricles, brain stem, cerebellum."""

from __future__ import annotations

from math import cos, pi, sin, sqrt

from uptake.geometry import Vector
from uptake.phantom.body.build import Build
from uptake.phantom.body.mirror import inset, loft, pair, pairs
from uptake.phantom.body.parts import Cut, Ellipsoid, Part, Shape, Tube

# The cranial cavity within the dura. Its floor rises from the foramen magnum to the roofs of the orbits and to either
# side, round the temporal lobes and the cerebellum; in front it narrows to the forehead.
CAVITY = Ellipsoid(
    (0.0, -8.0, 872.0),
    (67.0, 87.0, 66.0),
    exponent=2.4,
    cuts=(
        Cut((0.0, -0.4472, -0.8944), -742.0),
        Cut((0.0, -0.1483, -0.9889), -818.8),
        Cut((0.6, 0.0, -0.8), -637.0),
        Cut((-0.6, 0.0, -0.8), -637.0),
        Cut((0.8, -0.6, 0.0), 73.0),
        Cut((-0.8, -0.6, 0.0), 73.0),
    ),
)
_FLUID_MM = 1.2
_HALF_FISSURE_MM = 0.8
_WHITE_CENTRE: Vector = (29.5, -8.0, 880.0)
_WHITE_HALF: Vector = (19.5, 65.0, 38.0)
_GYRI = 40
_SULCI = 28
_RIBBON_MM = 8.0


def brain_parts(build: Build) -> tuple[Part, ...]:
    """What fills the skull, in body coordinates (mm); about 1.4 l of brain tissue, 1.45 kg (ICRP 89, adult male)."""
    return (
        Part(CAVITY, "body", "csf"),
        *_hemispheres(build),
        *_sulci(),
        *_deep_nuclei(),
        *_ventricles(build),
        *_hindbrain(),
    )


def _hemispheres(build: Build) -> tuple[Part, ...]:
    cortex = inset(CAVITY, _FLUID_MM)
    fissure = Cut((-1.0, 0.0, 0.0), -_HALF_FISSURE_MM)
    half = Ellipsoid(
        cortex.centre_mm,
        cortex.half_axes_mm,
        cortex.exponent,
        cuts=(*cortex.cuts, fissure),
        roughness_mm=0.8,
        seed=build.seed,
    )
    white = Ellipsoid(_WHITE_CENTRE, _WHITE_HALF, 2.0, roughness_mm=2.0, seed=build.seed + 1)
    temporal = Ellipsoid((43.0, -8.0, 851.0), (8.0, 30.0, 5.0), rotation_deg=(-12.0, 0.0, -8.0))
    crown = Ellipsoid((27.0, -8.0, 904.0), (13.0, 50.0, 15.0), rotation_deg=(0.0, -15.0, 0.0))
    shapes: tuple[Shape, ...] = (white, crown, temporal, *_gyral_cores())
    callosum = Ellipsoid((0.0, -8.0, 893.0), (18.0, 34.0, 3.0), cuts=(Cut((0.0, 0.0, 1.0), 896.0),))
    return (
        *pair(Part(half, "brain", "brain_grey")),
        *pairs(Part(shape, "brain", "brain_white") for shape in shapes),
        Part(callosum, "brain", "brain_white"),
    )


def _gyral_cores() -> tuple[Tube, ...]:
    """White matter reaching into the gyri, so that the grey ribbon folds instead of being a shell."""
    return tuple(
        Tube(_out(direction, 0.2), _out(direction, 1.0, -_RIBBON_MM), 9.5, 5.5) for direction in _directions(_GYRI)
    )


def _sulci() -> tuple[Part, ...]:
    """Narrow gaps of fluid between the gyri, and the Sylvian fissure."""
    gaps = [
        Part(Tube(_out(direction, 1.0, -16.0), _out(direction, 1.0, -2.5), 0.8, 1.6), "body", "csf")
        for direction in _directions(_SULCI, turn=pi / 2)
    ]
    sylvian = Ellipsoid((53.0, -18.0, 866.0), (10.0, 22.0, 1.4), rotation_deg=(18.0, 0.0, 0.0))
    return pairs([*gaps, Part(sylvian, "body", "csf")])


def _directions(count: int, turn: float = 0.0) -> tuple[Vector, ...]:
    """Unit vectors spread evenly (golden spiral), but for those to the other hemisphere or down to the skull base."""
    heights = [1.0 - 2.0 * (number + 0.5) / count for number in range(count)]
    angles = [turn + number * pi * (3.0 - sqrt(5.0)) for number in range(count)]
    spread = [
        (sqrt(1.0 - height * height) * cos(angle), sqrt(1.0 - height * height) * sin(angle), height)
        for height, angle in zip(heights, angles, strict=True)
    ]
    return tuple(direction for direction in spread if direction[0] > -0.6 and direction[2] > -0.35)


def _out(direction: Vector, share: float, further_mm: float = 0.0) -> Vector:
    """The point at a share of the way from the middle of the left hemisphere to its surface, and some mm further."""
    inside, outside = 0.0, 120.0
    for _ in range(24):
        middle = (inside + outside) / 2
        if _in_hemisphere(_along(direction, middle)):
            inside = middle
        else:
            outside = middle
    return _along(direction, share * inside + further_mm)


def _along(direction: Vector, way_mm: float) -> Vector:
    x, y, z = (centre + way_mm * step for centre, step in zip(_WHITE_CENTRE, direction, strict=True))
    return x, y, z


def _in_hemisphere(point: Vector) -> bool:
    size = sum(
        (abs(at - centre) / half) ** CAVITY.exponent
        for at, centre, half in zip(point, CAVITY.centre_mm, CAVITY.half_axes_mm, strict=True)
    )
    above_floor = all(
        sum(n * p for n, p in zip(cut.normal, point, strict=True)) <= cut.offset_mm for cut in CAVITY.cuts
    )
    return size <= 1.0 and point[0] >= 0.0 and above_floor


def _deep_nuclei() -> tuple[Part, ...]:
    insula = Ellipsoid((39.0, -12.0, 871.0), (3.5, 22.0, 12.0))
    putamen = Ellipsoid((27.0, -13.0, 873.0), (5.5, 18.0, 10.0), rotation_deg=(0.0, 0.0, -12.0))
    caudate = Ellipsoid((14.0, -30.0, 882.0), (5.0, 11.0, 9.0))
    thalamus = Ellipsoid((11.5, 4.0, 875.0), (8.5, 15.0, 9.5), rotation_deg=(0.0, 0.0, -15.0))
    return pairs(Part(shape, "brain", "brain_grey") for shape in (insula, putamen, caudate, thalamus))


def _ventricles(build: Build) -> tuple[Part, ...]:
    wide = build.vary("ventricles", 0.15)
    front = Ellipsoid((7.5, -22.0, 887.0), (3.2 * wide, 24.0, 5.0), rotation_deg=(8.0, 0.0, 10.0))
    atrium = Ellipsoid((24.0, 27.0, 879.0), (4.5 * wide, 14.0, 6.0), rotation_deg=(0.0, 0.0, 15.0))
    body = Tube((9.0, -2.0, 889.0), (23.0, 24.0, 883.0), 4.0 * wide, 4.5 * wide)
    third = Ellipsoid((0.0, 0.0, 872.0), (1.8 * wide, 13.0, 9.0))
    return (*pairs(Part(shape, "brain", "csf") for shape in (front, atrium, body)), Part(third, "brain", "csf"))


def _hindbrain() -> tuple[Part, ...]:
    """Cerebellum under the tent, brain stem, and the fluid round them."""
    tent = (Cut((0.25, 0.2, 0.9474), 830.8), Cut((-0.25, 0.2, 0.9474), 830.8))
    # The petrous ridges bound the fossa in front.
    ridges = (Cut((0.5145, -0.8575, 0.0), 0.0), Cut((-0.5145, -0.8575, 0.0), 0.0))
    cavity = CAVITY.half_axes_mm
    fossa = Ellipsoid(CAVITY.centre_mm, cavity, CAVITY.exponent, cuts=(*CAVITY.cuts, *tent, *ridges))
    cerebellum = inset(fossa, _FLUID_MM)
    white = Ellipsoid((21.0, 36.0, 842.0), (13.0, 11.0, 5.5))
    stem = loft(
        (824.0, 0.0, 34.0, 7.0, 6.0),
        (834.0, 0.0, 28.0, 8.5, 7.5),
        (840.0, 0.0, 21.0, 13.0, 11.0),
        (852.0, 0.0, 14.0, 15.0, 12.0),
        (859.0, 0.0, 10.0, 13.0, 9.0),
        (868.0, 0.0, 7.0, 15.0, 9.0),
    )
    cistern = loft(*((s.z_mm, 0.0, s.y_mm, s.half_x_mm + 4.0, s.half_y_mm + 3.0) for s in stem.sections[:-1]))
    fourth = Ellipsoid((0.0, 31.0, 845.0), (5.0, 3.0, 8.0), rotation_deg=(20.0, 0.0, 0.0))
    return (
        Part(fossa, "body", "csf"),
        Part(cerebellum, "cerebellum", "cerebellum"),
        *pair(Part(white, "cerebellum", "brain_white")),
        Part(cistern, "body", "csf"),
        Part(stem, "brain", "brain_white"),
        Part(fourth, "brain", "csf"),
    )
