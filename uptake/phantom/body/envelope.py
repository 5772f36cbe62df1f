"""A body's outline: skin, the fat under it and the muscle inside, which organs and bones are painted over."""

from __future__ import annotations

from dataclasses import dataclass

from uptake.phantom.body.build import Build
from uptake.phantom.body.mirror import chain, mirrored
from uptake.phantom.body.parts import Cut, Ellipsoid, Loft, Part, Section, Shape

SKIN_MM = 1.5
TABLE_TOP_MM = 130.0
_CRADLE_MM, _TABLE_MM, _SHELL_MM = 22.0, 30.0, 2.5
_FEMALE_GLAND_MM = (-78.0, -104.0, 552.0)

# Lean outlines: z, centre y, half x, half y, and the fat over it as a share of that at the waist's side. The half axes
# follow Cristy and Eckerman's trunk (ORNL/TM-8381) without its arms, opened where ribs and spine need it.
_Row = tuple[float, float, float, float, float]
_TRUNK: tuple[_Row, ...] = (
    (-45, 8, 100, 60, 0.9),
    (0, 10, 160, 94, 1.1),
    (50, 10, 168, 100, 1.2),
    (100, 9, 165, 100, 1.2),
    (180, 7, 153, 99, 1.1),
    (230, 6, 145, 99, 1.1),
    (330, 5, 138, 101, 1.0),
    (450, 4, 146, 105, 0.8),
    (560, 3, 152, 107, 0.65),
    (620, 3, 150, 105, 0.6),
    (662, 4, 136, 96, 0.55),
    (692, 6, 100, 80, 0.45),
    (714, 7, 72, 69, 0.4),
    (735, 8, 57, 62, 0.35),
)
_NECK: tuple[_Row, ...] = (
    (685, 7, 64, 69, 0.35),
    (735, 8, 56, 61, 0.3),
    (780, 11, 55, 60, 0.25),
    (835, 14, 56, 62, 0.2),
)
_HEAD: tuple[_Row, ...] = (
    (752, -52, 28, 34, 0.25),
    (764, -44, 42, 46, 0.25),
    (780, -36, 54, 56, 0.25),
    (800, -29, 63, 68, 0.25),
    (825, -18, 70, 84, 0.2),
    (850, -10, 73, 93, 0.15),
    (880, -8, 74, 95, 0.15),
    (908, -8, 70, 90, 0.15),
    (928, -8, 56, 74, 0.15),
    (940, -8, 40, 54, 0.15),
    (946, -8, 14, 18, 0.15),
)
_THIGH: tuple[_Row, ...] = (
    (-430, 5, 50, 52, 0.5),
    (-390, 5, 53, 55, 0.5),
    (-200, 5, 67, 71, 0.7),
    (-40, 8, 75, 82, 0.9),
    (40, 8, 68, 76, 0.9),
)
_THIGH_X_MM = 92.0
_BELLY: tuple[_Row, ...] = (
    (12, 0, 36, 38, 0),
    (60, -8, 56, 60, 0),
    (120, -8, 64, 64, 0),
    (175, -16, 82, 60, 0),
    (225, -16, 102, 66, 0),
    (262, -10, 114, 74, 0),
    (330, -8, 117, 76, 0),
    (400, -7, 119, 77, 0),
    (440, -7, 112, 72, 0),
    (462, -7, 92, 56, 0),
)


_BELLY_SHARE = 0.25  # lying, fat is thicker in front than behind: the outline's centre moves forwards
_LIMB_SHARE, _HAND_SHARE = 0.45, 0.12


@dataclass(frozen=True, slots=True)
class _Cover:
    """What lies over the lean body: fat at the waist's side, and a layer that is the same everywhere."""

    fat_mm: float
    skin_mm: float

    def thickness_mm(self, share: float) -> float:
        """Where the fat is ``share`` of that at the waist."""
        return self.fat_mm * share + self.skin_mm


def envelope_parts(build: Build, *, arms_up: bool) -> tuple[Part, ...]:
    """Skin, fat and muscle of a whole body from vertex to knee, in painting order.

    Parameters
    ----------
    build
        ``fat_mm`` is the fat at the waist's side; head, neck and limbs have less, hips more, as in the tables above.
    arms_up
        Arms beside the head, or beside the trunk.
    """
    layers = (
        ("skin", _Cover(build.fat_mm, SKIN_MM)),
        ("fat", _Cover(build.fat_mm, 0.0)),
        ("muscle", _Cover(0.0, 0.0)),
    )
    parts: list[Part] = []
    for name, cover in layers:
        breasts = _breasts(build, cover) if name != "muscle" else ()
        shapes = (*_trunk_and_head(cover), *breasts, *_both(_shoulder_and_arm(build, cover, arms_up=arms_up)))
        parts.extend(Part(shape, name, name) for shape in shapes)
    return (*parts, *_inner_fat())


def table_parts() -> tuple[Part, ...]:
    """The examination table in mm, lowest along ``y = TABLE_TOP_MM``; to be painted before the body.

    A hollow cradle: two thin shells, bent up at the sides. It is neither scaled nor turned with a body: see
    ``mapping.table_mapping``.
    """
    edge_mm = TABLE_TOP_MM - _CRADLE_MM
    above = (Cut((0.0, -1.0, 0.0), -edge_mm),)
    layers = (
        (_CRADLE_MM + _TABLE_MM, "table"),
        (_CRADLE_MM + _TABLE_MM - _SHELL_MM, "air"),
        (_CRADLE_MM + _SHELL_MM, "table"),
        (_CRADLE_MM, "air"),
    )
    return tuple(
        Part(
            Loft(tuple(Section(z, 0.0, edge_mm, 215.0, depth) for z in (-900.0, 1400.0)), exponent=2.4, cuts=above),
            "table",
            material,
        )
        for depth, material in layers
    )


def back_mm(build: Build) -> float:
    """Body y of the skin of the back, where the body rests on the table."""
    cover = _Cover(build.fat_mm, SKIN_MM)
    return max(y + half_y + (1 - _BELLY_SHARE) * cover.thickness_mm(share) for _, y, _, half_y, share in _TRUNK)


def _trunk_and_head(cover: _Cover) -> tuple[Shape, ...]:
    thigh = _loft(_THIGH, cover, x_mm=_THIGH_X_MM)
    ear = 4.0 + cover.skin_mm
    return (
        thigh,
        mirrored(thigh),
        _loft(_TRUNK, cover, belly=_BELLY_SHARE, exponent=2.3),
        _loft(_NECK, cover),
        _loft(_HEAD, cover, exponent=2.3),
        *chain(((0.0, -95.0, 848.0), (0.0, -108.0, 826.0)), (5.0 + cover.skin_mm, 9.0 + cover.skin_mm)),
        *_both((Ellipsoid((77.0, 12.0, 836.0), (ear, 12.0 + ear, 24.0 + ear), rotation_deg=(0.0, 0.0, -25.0)),)),
    )


def _loft(
    rows: tuple[_Row, ...], cover: _Cover, *, x_mm: float = 0.0, belly: float = 0.0, exponent: float = 2.0
) -> Loft:
    """A lean outline under its cover, which also closes its ends."""
    sections = []
    for z, y, half_x, half_y, share in rows:
        thick = cover.thickness_mm(share)
        sections.append(Section(z, x_mm, y - belly * thick, half_x + thick, half_y + thick))
    first, last = sections[0], sections[-1]
    below, above = cover.thickness_mm(rows[0][4]), cover.thickness_mm(rows[-1][4])
    if below > 0:
        sections[0] = Section(first.z_mm - below, x_mm, first.y_mm, first.half_x_mm, first.half_y_mm)
        sections[-1] = Section(last.z_mm + above, x_mm, last.y_mm, last.half_x_mm, last.half_y_mm)
    return Loft(tuple(sections), exponent)


def _shoulder_and_arm(build: Build, cover: _Cover, *, arms_up: bool) -> tuple[Shape, ...]:
    """The left side's: trapezius, deltoid with the muscles of the armpit, upper arm, forearm and hand."""
    bulk = build.muscle**0.5
    thick, thin = cover.thickness_mm(_LIMB_SHARE), cover.thickness_mm(_HAND_SHARE)
    if arms_up:
        line = ((172.0, 4.0, 700.0), (193.0, -5.0, 892.0), (162.0, -14.0, 940.0), (92.0, -30.0, 1020.0))
        hand = Ellipsoid((62.0, -38.0, 1058.0), (16.0 + thin, 38.0 + thin, 48.0 + thin), rotation_deg=(0.0, -40.0, 0.0))
        armpit = (((112.0, 12.0, 610.0), (158.0, 8.0, 690.0)), (42.0, 48.0))
        neck = ((34.0, 28.0, 752.0), (140.0, 18.0, 700.0))
    else:
        line = ((168.0, 8.0, 658.0), (215.0, 15.0, 395.0), (221.0, 11.0, 335.0), (235.0, 0.0, 150.0))
        hand = Ellipsoid((238.0, -8.0, 92.0), (15.0 + thin, 36.0 + thin, 62.0 + thin))
        armpit = (((112.0, 8.0, 620.0), (152.0, 8.0, 655.0)), (42.0, 46.0))
        neck = ((34.0, 28.0, 752.0), (140.0, 14.0, 684.0))
    radii = [radius * bulk + thick for radius in (47.0, 35.0, 37.0)]
    return (
        *chain(neck, (24.0 + cover.thickness_mm(0.3), 27.0 + thick)),
        *chain(armpit[0], tuple(radius + thick for radius in armpit[1])),
        *chain(line, (*radii, 24.0 + thin)),
        hand,
    )


def _breasts(build: Build, cover: _Cover) -> tuple[Shape, ...]:
    """A woman's breasts, flattened as she lies: about 250 ml each in the reference adult, more with more fat."""
    if build.sex != "F":
        return ()
    size = 0.7 + 0.013 * build.fat_mm
    x, y, z = _FEMALE_GLAND_MM
    half = (62.0 * size + cover.skin_mm, 40.0 * size + cover.skin_mm, 62.0 * size + cover.skin_mm)
    return _both((Ellipsoid((-x, y, z), half, rotation_deg=(0.0, 0.0, -12.0)),))


def _both(shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
    return tuple(each for shape in shapes for each in (mirrored(shape), shape))


def _inner_fat() -> tuple[Part, ...]:
    """Fat between muscles and organs: in belly and pelvis, the armpits, the groins and behind the collar bones."""
    none = _Cover(0.0, 0.0)
    pads = (
        Ellipsoid((134.0, 0.0, 628.0), (13.0, 24.0, 30.0), rotation_deg=(0.0, 20.0, 0.0)),
        Ellipsoid((78.0, -80.0, 42.0), (22.0, 12.0, 34.0), rotation_deg=(0.0, 20.0, 0.0)),
    )
    return (
        Part(_loft(_BELLY, none), "fat", "fat"),
        *(Part(shape, "fat", "fat") for shape in _both(pads)),
    )
