"""The great vessels: aorta, caval and pulmonary veins and arteries, and their branches down to the groin."""

from __future__ import annotations

from uptake.phantom.body.parts import Part
from uptake.phantom.body.placing import PathPoint, chain, mirrored

_AORTA: tuple[PathPoint, ...] = (
    (8, -16, 540, 15),
    (-8, -28, 568, 15.5),
    (-13, -28, 598, 15),
    (-6, -18, 620, 14.5),
    (6, 2, 629, 14),
    (17, 22, 624, 13),
    (21, 34, 604, 12.5),
    (22, 36, 560, 12),
    (20, 34, 500, 12),
    (15, 29, 440, 11.5),
    (9, 26, 400, 11),
    (8, 24, 345, 10),
    (7, 21, 290, 9),
    (5, 18, 236, 8.5),
)
_PULMONARY: tuple[tuple[PathPoint, ...], ...] = (
    ((20, -58, 540, 13), (22, -38, 572, 14), (20, -18, 588, 13)),
    ((20, -18, 588, 11), (-5, -3, 585, 10.5), (-42, 6, 580, 9)),
    ((20, -18, 588, 11), (34, 0, 597, 10), (46, 12, 590, 9)),
    ((18, 2, 552, 7), (44, 10, 556, 6)),
    ((18, 4, 540, 7), (46, 16, 530, 5)),
    ((-14, 2, 552, 7), (-44, 8, 556, 6)),
    ((-14, 4, 540, 7), (-46, 16, 530, 5)),
)
_CHEST_VEINS: tuple[tuple[PathPoint, ...], ...] = (
    ((-138, -6, 634, 4), (-98, -12, 664, 5), (-52, -4, 688, 6), (-26, -22, 650, 7)),
    ((138, -6, 634, 4), (98, -12, 664, 5), (48, -8, 688, 6), (22, -32, 658, 7), (-24, -24, 645, 7)),
    ((-25, -24, 648, 9), (-27, -16, 590, 9.5), (-29, -18, 545, 10)),
)
_ARCH_BRANCHES: tuple[tuple[PathPoint, ...], ...] = (
    ((-6, -16, 630, 6.5), (-14, -8, 668, 6), (-18, -2, 690, 4)),
    ((4, 0, 634, 4.5), (18, -2, 692, 3.8)),
    ((14, 16, 630, 5), (30, 14, 676, 4.5), (54, 8, 690, 4), (100, -2, 668, 4), (140, 4, 640, 3.2)),
    ((-14, -6, 674, 5), (-54, 8, 690, 4), (-100, -2, 668, 4), (-140, 4, 640, 3.2)),
)
_LOWER_CAVA: tuple[PathPoint, ...] = (
    (-26, -14, 498, 11),
    (-27, 6, 455, 12),
    (-27, 16, 410, 12),
    (-23, 22, 350, 11.5),
    (-19, 20, 290, 11),
    (-15, 20, 232, 10.5),
)
# Of the right side: common, external and femoral; internal.
_ILIAC_ARTERY: tuple[PathPoint, ...] = (
    (5, 18, 236, 6),
    (-38, 22, 182, 5.5),
    (-58, -18, 125, 5),
    (-72, -52, 82, 4.8),
    (-76, -50, 20, 4.2),
    (-80, -22, -120, 3.6),
)
_ILIAC_VEIN: tuple[PathPoint, ...] = (
    (-15, 20, 234, 7),
    (-36, 33, 180, 6.5),
    (-52, -8, 122, 6),
    (-61, -46, 82, 5.5),
    (-66, -42, 20, 5),
    (-74, -12, -120, 4.2),
)
_INTERNAL_ILIAC: tuple[PathPoint, ...] = ((-38, 25, 182, 4.5), (-46, 44, 150, 3.5), (-48, 40, 115, 2.5))
_ABDOMINAL_BRANCHES: tuple[tuple[PathPoint, ...], ...] = (
    ((8, 14, 340, 3.2), (30, 26, 334, 3.0), (44, 38, 330, 2.8)),
    ((-20, 14, 338, 4.5), (6, 6, 340, 4.0), (26, 16, 338, 4.2), (44, 34, 332, 4.2)),
    ((-22, 18, 326, 4.5), (-44, 36, 320, 4.2)),
    ((-10, 2, 318, 5.5), (-8, -8, 348, 6.5), (-34, -12, 388, 6.5)),
    ((-10, 2, 318, 5.0), (-2, -20, 270, 4.5), (-8, -22, 215, 3.0)),
    ((8, 12, 358, 4.0), (4, -8, 335, 4.0), (8, -20, 275, 3.5), (2, -26, 210, 2.5)),
)


def aorta_parts() -> tuple[Part, ...]:
    """The aorta from its valve over the arch to its bifurcation."""
    return chain("aorta", "blood", _AORTA)


def vessel_parts() -> tuple[Part, ...]:
    """All other great vessels of the trunk."""
    left_vein = ((-15.0, 20.0, 234.0, 7.0), *((-x, y, z, r) for x, y, z, r in _ILIAC_VEIN[1:]))
    left_artery = ((5.0, 18.0, 236.0, 6.0), *((-x, y, z, r) for x, y, z, r in _ILIAC_ARTERY[1:]))
    internal = chain("blood_pool", "blood", _INTERNAL_ILIAC)
    paths = (
        *_PULMONARY,
        *_CHEST_VEINS,
        *_ARCH_BRANCHES,
        _LOWER_CAVA,
        *_ABDOMINAL_BRANCHES,
        _ILIAC_VEIN,
        left_vein,
        _ILIAC_ARTERY,
        left_artery,
    )
    return *(part for path in paths for part in chain("blood_pool", "blood", path)), *internal, *mirrored(internal)
