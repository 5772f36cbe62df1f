"""Duodenum, small bowel and colon: tubes along their course, with the gas in them."""

from __future__ import annotations

from collections.abc import Sequence

from uptake.geometry import Vector
from uptake.phantom.body.build import Build
from uptake.phantom.body.parts import Ellipsoid, Part
from uptake.phantom.body.placing import PathPoint, chain, varied

_DUODENUM: tuple[PathPoint, ...] = (
    (-20, -40, 334, 11),
    (-38, -24, 338, 12.5),
    (-43, -4, 328, 12.5),
    (-42, 2, 292, 12.5),
    (-28, -6, 274, 12),
    (4, -14, 272, 11),
    (28, -12, 288, 11.5),
    (36, -16, 318, 11.5),
)
_ASCENDING: tuple[PathPoint, ...] = (
    (-78, -34, 168, 22),
    (-84, -24, 192, 29),
    (-92, -8, 218, 24),
    (-94, 0, 238, 26),
    (-92, 0, 256, 21),
    (-86, -8, 274, 23),
    (-80, -26, 288, 20),
)
_TRANSVERSE: tuple[PathPoint, ...] = (
    (-80, -26, 288, 20),
    (-66, -46, 278, 22),
    (-44, -57, 268, 18),
    (-24, -60, 262, 21),
    (-2, -61, 259, 17),
    (20, -60, 264, 21),
    (42, -57, 276, 17),
    (62, -48, 298, 20),
    (82, -32, 326, 17),
    (92, -6, 350, 19),
)
_DESCENDING: tuple[PathPoint, ...] = (
    (92, -6, 350, 19),
    (98, 10, 332, 16),
    (98, 16, 304, 17),
    (98, 14, 276, 14),
    (97, 12, 248, 16),
    (93, 6, 220, 14),
    (86, -8, 194, 15),
)
_SIGMOID: tuple[PathPoint, ...] = (
    (86, -8, 194, 15),
    (72, -20, 166, 14),
    (46, -16, 148, 16),
    (18, -2, 158, 14),
    (-8, 6, 174, 16),
    (-22, 14, 162, 14),
    (-12, 32, 150, 15),
    (0, 40, 138, 15),
)
_RECTUM: tuple[PathPoint, ...] = ((0, 40, 138, 15), (2, 42, 112, 19), (-2, 34, 84, 19), (0, 28, 60, 13), (0, 34, 36, 8))
# Small bowel: the height and depth of each row of loops, its sides, and how many bends it makes.
_ROWS = (
    (296.0, -34.0, 46.0, 76.0, 1),
    (240.0, -30.0, -62.0, 72.0, 5),
    (214.0, -36.0, -48.0, 72.0, 5),
    (188.0, -38.0, -46.0, 64.0, 4),
    (162.0, -44.0, -48.0, 30.0, 3),
    (136.0, -46.0, -40.0, 40.0, 3),
)
_LOOP_RADIUS_MM = 13.8
# Where the bowel's wall may take up focally; each person has one in the right colon and one in the left.
_FOCI_RIGHT = ((-88.0, -24.0, 206.0), (-93.0, 4.0, 244.0), (-70.0, -40.0, 280.0))
_FOCI_LEFT = ((98.0, 14.0, 276.0), (72.0, -18.0, 168.0), (20.0, -2.0, 157.0))


def duodenum_parts() -> tuple[Part, ...]:
    """The duodenum, from the pylorus round the head of the pancreas to the jejunum."""
    return chain("duodenum", "duodenum", _DUODENUM)


def small_bowel_parts(build: Build) -> tuple[Part, ...]:
    """Jejunum and ileum: rows of loops that run to and fro, forward and back, each bend with its own draw."""
    path: list[PathPoint] = [_DUODENUM[-1]]
    for row, (z, y, left, right, bends) in enumerate(_ROWS):
        stops = _row(build, row, (z, y), (left, right), bends)
        path += stops if row % 2 else stops[::-1]
    path.append((-60.0, -30.0, 168.0, 9.0))
    gas = [
        Part(Ellipsoid((x, y - 2, z), (9, 6, 7)), "small_bowel", "bowel_gas")
        for x, y, z, _ in path[3 + int(9 * build.vary("small bowel gas", 0.3)) % 5 :: 9]
    ]
    return *chain("small_bowel", "small_bowel", path), *gas


def _row(build: Build, row: int, place: tuple[float, float], sides: tuple[float, float], bends: int) -> list[PathPoint]:
    z, y = place
    left, right = sides
    step = (right - left) / (2 * bends)
    stops: list[PathPoint] = []
    for index in range(2 * bends + 1):
        aside, back, up = build.shift(f"small bowel {row} {index}", 5.0)
        # Pairs of stops lie behind each other: the loop goes forward, along the wall, and back.
        depth = 17.0 if (index + 1 + row % 2) // 2 % 2 else -17.0
        stops.append((left + index * step + aside, y + depth + back, z + up, _LOOP_RADIUS_MM))
    return stops


def colon_parts(build: Build) -> tuple[Part, ...]:
    """Caecum to anus: the bowel with its stool, the gas in front of it, and the spots of focal uptake in its wall."""
    length = (_ASCENDING, _TRANSVERSE, _DESCENDING, _SIGMOID, _RECTUM)
    bowel = [part for path in length for part in chain("colon", "colon", path)]
    gas = [
        *_gas(_ASCENDING[1:4], 0.5 * build.vary("ascending gas", 0.2)),
        *_gas(_TRANSVERSE[1:], 0.62 * build.vary("transverse gas", 0.12)),
        *_gas(_DESCENDING[3:5], 0.45 * build.vary("descending gas", 0.25)),
        *_gas(_SIGMOID[2:5], 0.5 * build.vary("sigmoid gas", 0.2)),
        *_gas(_RECTUM[1:3], 0.4 * build.vary("rectal gas", 0.3)),
    ]
    centres = (_one_of(_FOCI_RIGHT, build, "right bowel focus"), _one_of(_FOCI_LEFT, build, "left bowel focus"))
    foci = [Part(Ellipsoid(centre, (8, 7, 9)), "colon", "bowel_focus") for centre in centres]
    return varied((*bowel, *gas, *foci), build, "colon", (0.0, 0.0, 200.0))


def _one_of(places: Sequence[Vector], build: Build, name: str) -> Vector:
    return places[int(1000 * build.vary(name, 0.3)) % len(places)]


def _gas(points: Sequence[PathPoint], share: float) -> tuple[Part, ...]:
    """Gas rises to the front wall of a bowel whose owner lies on the back."""
    return chain("colon", "bowel_gas", [(x, y - 0.9 * (1 - share) * r + 2.5, z, share * r) for x, y, z, r in points])
