"""The cervical spine: seven vertebrae, their discs, the spinal canal and the cord."""

from __future__ import annotations

from uptake.phantom.body.mirror import bone, chain, pair, pairs
from uptake.phantom.body.parts import Ellipsoid, Part, Tube

_STRUCTURE = "cervical_spine"
_C7_MM = (700.0, 28.0)
_C1_MM = (815.0, 18.0)
_CANAL_BEHIND_MM = 16.5
_CORTEX_MM = 1.2


def cervical_spine_parts() -> tuple[Part, ...]:
    """C1 (z 815 mm) to C7 (z 700 mm) with canal and cord, in body coordinates; painted from below upwards."""
    vertebrae = [part for number in (7, 6, 5, 4, 3, 2) for part in _vertebra(number)]
    discs = [_disc(number) for number in (7, 6, 5, 4, 3)]
    tooth, marrow_of_tooth = _axis_tooth()
    return (tooth, *vertebrae, *discs, marrow_of_tooth, *_atlas(), *_canal())


def body_centre_mm(number: int) -> tuple[float, float]:
    """Height z and depth y (mm) of the centre of a cervical vertebra; the neck bends forward below C5."""
    z = _C7_MM[0] + (7 - number) * (_C1_MM[0] - _C7_MM[0]) / 6
    bend = {7: 10.0, 6: 5.0, 5: 1.5, 4: 0.0, 3: -0.5, 2: -0.5}
    return z, _C1_MM[1] + bend.get(number, 0.0)


def _vertebra(number: int) -> tuple[Part, ...]:
    z, y = body_centre_mm(number)
    wide = 12.0 + 0.5 * (number - 2)
    tip = {2: 40.0, 7: 49.0, 6: 43.0}.get(number, 37.0)
    body = Ellipsoid((0.0, y, z), (wide, 8.5, 7.2), exponent=3.5)
    arch = Ellipsoid((0.0, y + 17.0, z - 3.0), (17.0, 12.5, 6.0), rotation_deg=(-18.0, 0.0, 0.0))
    spine = Tube((0.0, y + 26.0, z - 5.0), (0.0, y + tip, z - 11.0), 3.6, 3.8)
    pillar = Ellipsoid((20.0, y + 11.0, z - 1.0), (6.5, 7.5, 8.4), exponent=2.6, rotation_deg=(35.0, 0.0, 0.0))
    process = Ellipsoid((20.0, y + 1.0, z), (8.0, 4.5, 4.0))
    artery = Tube((17.5, y + 1.0, z - 9.6), (17.5, y + 1.0, z + 9.6), 2.6, 2.6)
    return (
        *bone(_STRUCTURE, arch, 2.2),
        *bone(_STRUCTURE, spine, 1.5),
        *pairs([Part(process, _STRUCTURE, "cortical_bone"), *bone(_STRUCTURE, pillar, 1.6)]),
        *bone(_STRUCTURE, body, _CORTEX_MM),
        *pair(Part(artery, "blood_pool", "blood")),
    )


def _disc(number: int) -> Part:
    """The disc above a vertebra."""
    z, y = body_centre_mm(number)
    z_above, y_above = body_centre_mm(number - 1)
    return Part(Ellipsoid((0.0, (y + y_above) / 2, (z + z_above) / 2), (12.5, 8.2, 2.5), exponent=3.0), "body", "disc")


def _atlas() -> tuple[Part, ...]:
    z, y = body_centre_mm(1)
    front = Tube((0.0, y - 9.0, z), (13.0, y - 4.0, z), 4.0, 3.5)
    mass = Ellipsoid((19.0, y + 7.0, z), (8.0, 9.0, 8.0), exponent=2.6)
    process = Tube((24.0, y + 6.0, z - 1.0), (37.0, y + 8.0, z - 2.0), 4.5, 4.0)
    back = chain(((21.0, y + 14.0, z), (15.0, y + 28.0, z - 1.0), (0.0, y + 34.0, z - 1.0)), (3.5, 3.2, 4.2))
    return pairs(
        [
            Part(front, _STRUCTURE, "cortical_bone"),
            *bone(_STRUCTURE, process, 1.6),
            *bone(_STRUCTURE, mass, 1.6),
            *(Part(rod, _STRUCTURE, "cortical_bone") for rod in back),
        ]
    )


def _axis_tooth() -> tuple[Part, Part]:
    # Its marrow comes after the body's cortex: the two share one space.
    z, y = body_centre_mm(2)
    return bone(_STRUCTURE, Tube((0.0, y + 1.0, z + 4.0), (0.0, y + 1.0, z + 25.0), 6.0, 5.0), 1.5)


def _canal() -> tuple[Part, ...]:
    middle = [(0.0, y + _CANAL_BEHIND_MM, z) for z, y in map(body_centre_mm, range(1, 8))]
    line = [(0.0, 33.0, 828.0), *middle, (0.0, 53.3, 684.0)]
    canal = chain(line, [8.0] + [7.4] * 8)
    cord = chain(line, [5.5] + [4.8] * 8)
    return tuple(Part(rod, "body", "csf") for rod in canal) + tuple(
        Part(rod, "spinal_cord", "spinal_cord") for rod in cord
    )
