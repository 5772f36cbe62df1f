"""The rib cage: twelve pairs of curved rods, their cartilages and the sternum."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files
from math import asin, copysign, cos, radians, sin

from uptake.geometry import Vector
from uptake.phantom.body.bone import Piece, bone_parts, other_side
from uptake.phantom.body.build import Build
from uptake.phantom.body.mirror import chain, mirrored
from uptake.phantom.body.parts import Loft, Part, Section, Shape, Tube
from uptake.phantom.body.spine import Vertebra, vertebrae

_STEP_MM = 38.0
_ANGLE_X_MM = 50.0  # beyond the transverse processes the rib turns forwards, on to the cage's ellipse
_RIB_CORTEX_MM = 1.0
_EXPONENT = 2.35  # of the cage's outline: fuller than an ellipse, as the lungs are
_MARGIN = 8  # ribs 8 to 10 hang on the cartilage above; 11 and 12 end free


@dataclass(frozen=True, slots=True)
class Rib:
    """One rib's course: along an ellipse round the chest from behind, falling as it goes.

    Parameters
    ----------
    half_x_mm, half_y_mm, centre_y_mm
        The ellipse on which the rib's axis runs.
    drop_mm
        From the tubercle to the front end.
    end_deg
        Where it ends, counted from straight behind (90: at the side).
    sternum_z_mm
        Where its cartilage meets the sternum; None below the seventh.
    """

    number: int
    half_x_mm: float
    half_y_mm: float
    centre_y_mm: float
    drop_mm: float
    end_deg: float
    radius_mm: float
    sternum_z_mm: float | None


def ribs() -> tuple[Rib, ...]:
    """The twelve ribs of the reference adult (``ribs.csv``)."""
    with (files(__package__) / "ribs.csv").open(encoding="utf-8") as table:
        return tuple(
            Rib(
                number=int(row["number"]),
                half_x_mm=float(row["half_x_mm"]),
                half_y_mm=float(row["half_y_mm"]),
                centre_y_mm=float(row["centre_y_mm"]),
                drop_mm=float(row["drop_mm"]),
                end_deg=float(row["end_deg"]),
                radius_mm=float(row["radius_mm"]),
                sternum_z_mm=float(row["sternum_z_mm"]) if row["sternum_z_mm"] else None,
            )
            for row in csv.DictReader(table)
        )


def rib_cage_parts(build: Build) -> tuple[Part, ...]:
    """Costal cartilages, ribs of both sides and the sternum, in painting order."""
    slope = build.vary("rib_slope", 0.05)
    thickness = build.vary("ribs", 0.05) * (0.93 if build.sex == "F" else 1.0)
    columns = vertebrae()[:12]
    courses = [rib_course(rib, vertebra, slope) for rib, vertebra in zip(ribs(), columns, strict=True)]
    pieces = [
        Piece(tube, _RIB_CORTEX_MM)
        for rib, course in zip(ribs(), courses, strict=True)
        for tube in chain(course, [rib.radius_mm * thickness] * len(course))
    ]
    cartilage: list[Shape] = [*_cartilages(courses)]
    cartilage.extend([mirrored(shape) for shape in cartilage])
    return (
        *(Part(shape, "body", "cartilage") for shape in cartilage),
        *bone_parts("ribs_left", pieces),
        *bone_parts("ribs_right", other_side(pieces)),
        *_sternum_parts(build),
    )


def rib_course(rib: Rib, vertebra: Vertebra, slope: float = 1.0) -> tuple[Vector, ...]:
    """Points on the axis of the left rib, from its head to its front end."""
    tip = vertebra.transverse_tip_mm
    head = (vertebra.half_width_mm + 3.0, vertebra.y_mm + 0.5 * vertebra.half_depth_mm, vertebra.z_mm + 6.0)
    tubercle = (tip[0] + 2.0, tip[1] - 3.0, tip[2] + 1.0)
    start = asin(min((_ANGLE_X_MM / rib.half_x_mm) ** (_EXPONENT / 2), 0.85))
    end = radians(rib.end_deg)
    count = max(2, round((end - start) * (rib.half_x_mm + rib.half_y_mm) / 2 / _STEP_MM))
    points = [head, tubercle]
    for step in range(count + 1):
        angle = start + (end - start) * step / count
        fall = (0.08 + 0.92 * step / count) * rib.drop_mm * slope
        x, y = rib.half_x_mm * _bowed(sin(angle)), rib.centre_y_mm + rib.half_y_mm * _bowed(cos(angle))
        points.append((x, y, tubercle[2] - fall))
    return tuple(points)


def _bowed(share: float) -> float:
    return copysign(abs(share) ** (2 / _EXPONENT), share)


def _cartilages(courses: list[tuple[Vector, ...]]) -> list[Tube]:
    tubes: list[Tube] = []
    for rib, course in zip(ribs(), courses, strict=True):
        end = course[-1]
        if rib.sternum_z_mm is not None:
            goal = (14.0, _sternum_y(rib.sternum_z_mm), rib.sternum_z_mm)
            # The lower the rib, the more its cartilage runs on before it turns up.
            bend_x = goal[0] + 0.5 * (end[0] - goal[0])
            bend_y = 0.75 * min(goal[1], end[1]) + 0.25 * max(goal[1], end[1])
            bend = (bend_x, bend_y, end[2] + 0.3 * (goal[2] - end[2]))
            tubes.extend(chain((end, bend, goal), (5.5, 5.5, 5.5)))
        elif rib.number <= _MARGIN + 2:
            above = courses[rib.number - 2][-1]
            tubes.append(Tube(end, above, 4.8, 4.8))
    return tubes


def _sternum_y(z_mm: float) -> float:
    """Depth of the sternum's axis: the manubrium leans back."""
    return -88.0 + max(0.0, z_mm - 612.0) * 0.25


def _sternum_parts(build: Build) -> tuple[Part, ...]:
    wide = build.vary("sternum", 0.06) * (0.92 if build.sex == "F" else 1.0)
    outline = (  # z, half width, half thickness: xiphoid, body, angle, manubrium
        (500.0, 4.0, 2.8),
        (518.0, 8.0, 4.2),
        (532.0, 17.0, 5.5),
        (560.0, 18.0, 5.8),
        (595.0, 14.0, 5.8),
        (612.0, 15.0, 6.2),
        (640.0, 23.0, 6.8),
        (658.0, 28.0, 7.0),
        (665.0, 24.0, 6.0),
    )
    body = Loft(tuple(Section(z, 0.0, _sternum_y(z), x * wide, y) for z, x, y in outline), exponent=2.5)
    return bone_parts("sternum", (Piece(body, 0.9),))
