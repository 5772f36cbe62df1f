"""The thoracic and lumbar spine, the sacrum, the discs between them and the canal behind them."""

from __future__ import annotations

import csv
from dataclasses import dataclass, fields
from importlib.resources import files

from uptake.geometry import Vector
from uptake.phantom.body.bone import Piece, bone_parts, both_sides
from uptake.phantom.body.build import Build
from uptake.phantom.body.mirror import chain
from uptake.phantom.body.parts import Ellipsoid, Loft, Part, Section, Tube

_CANAL_HALF_MM = 7.0
_CORD_HALF_MM = 4.2
_BODY_CORTEX_MM = 0.8


@dataclass(frozen=True, slots=True)
class Vertebra:
    """One vertebra's place and sizes in body coordinates.

    Parameters
    ----------
    transverse_mm
        From the midline to the tip of the transverse process.
    spinous_mm, spinous_drop_mm
        Of the spinous process: backwards from the canal, and down.
    """

    name: str
    z_mm: float
    y_mm: float
    half_width_mm: float
    half_depth_mm: float
    height_mm: float
    transverse_mm: float
    spinous_mm: float
    spinous_drop_mm: float

    @property
    def lumbar(self) -> bool:
        """Of the loin."""
        return self.name.startswith("l")

    @property
    def canal_mm(self) -> Vector:
        """Centre of the spinal canal behind the body."""
        return 0.0, self.y_mm + self.half_depth_mm + _CANAL_HALF_MM - 1.0, self.z_mm

    @property
    def transverse_tip_mm(self) -> Vector:
        """Tip of the left transverse process, where the rib's tubercle touches."""
        back = 5.0 if self.lumbar else 12.0
        return self.transverse_mm, self.canal_mm[1] - 4.0 + back * 0.6, self.z_mm + 2.0


def vertebrae() -> tuple[Vertebra, ...]:
    """T1 to L5 of the reference adult, from head to foot (``vertebrae.csv``)."""
    names = [field.name for field in fields(Vertebra)][1:]
    with (files(__package__) / "vertebrae.csv").open(encoding="utf-8") as table:
        return tuple(Vertebra(row["name"], *(float(row[name]) for name in names)) for row in csv.DictReader(table))


def spine_parts(build: Build) -> tuple[Part, ...]:
    """Muscle beside the thoracic arches, discs, vertebrae T1 to L5, sacrum and coccyx, then the canal with the cord.

    The canal is painted last: it hollows the arches out. The cord ends at L1.
    """
    column = vertebrae()
    thickness = build.vary("vertebrae", 0.03)
    parts: list[Part] = [_paraspinal_muscle(column[:13]), *_disc_parts(column, thickness)]
    for vertebra in column:
        parts.extend(bone_parts(vertebra.name, vertebra_pieces(vertebra, thickness)))
    parts.extend(_sacrum_parts(build))
    parts.extend(_canal_parts(column))
    return tuple(parts)


def vertebra_pieces(vertebra: Vertebra, thickness: float = 1.0) -> tuple[Piece, ...]:
    """Body, pedicles, laminae, transverse and spinous processes of one vertebra."""
    return (_body(vertebra, thickness), *_arch(vertebra), *_processes(vertebra))


def _body(vertebra: Vertebra, thickness: float) -> Piece:
    half = vertebra.height_mm / 2
    wide, deep = vertebra.half_width_mm * thickness, vertebra.half_depth_mm
    # Waisted: the rims stand out about a tenth beyond the middle.
    outline = ((-half, 1.03), (-half * 0.75, 1.0), (0.0, 0.92), (half * 0.75, 1.0), (half, 1.03))
    sections = tuple(Section(vertebra.z_mm + z, 0.0, vertebra.y_mm, wide * r, deep * r) for z, r in outline)
    return Piece(Loft(sections, exponent=2.4), _BODY_CORTEX_MM)


def _arch(vertebra: Vertebra) -> tuple[Piece, ...]:
    _, canal_y, z = vertebra.canal_mm
    pedicle_x = 12.5 if vertebra.lumbar else 10.5
    thick = 5.8 if vertebra.lumbar else 4.6
    front = (pedicle_x, canal_y - 8.0, z + vertebra.height_mm * 0.15)
    side = (pedicle_x + 1.0, canal_y + 4.0, z + 1.0)
    behind = (0.0, canal_y + 10.0, z - vertebra.height_mm * 0.25)
    joint = (pedicle_x + 2.0, canal_y + 6.0, z)
    half_joint = vertebra.height_mm * 0.75
    return both_sides(
        (
            Piece(Tube(front, side, thick, thick)),
            Piece(Tube(side, behind, thick - 0.8, thick - 0.8), 1.3),
            # Articular pillar, from the joint above to the one below.
            Piece(Ellipsoid(joint, (5.6, 4.6, half_joint), 2.5), 1.2),
        )
    )


def _processes(vertebra: Vertebra) -> tuple[Piece, ...]:
    _, canal_y, z = vertebra.canal_mm
    root = (11.0, canal_y + 3.0, z + 1.0)
    tip = vertebra.transverse_tip_mm
    spinous_root = (0.0, canal_y + 9.0, z - 3.0)
    spinous_tip = (0.0, canal_y + 7.0 + vertebra.spinous_mm, z - 3.0 - vertebra.spinous_drop_mm)
    wide = 4.4 if vertebra.lumbar else 3.9
    pieces = [*both_sides((Piece(Tube(root, tip, wide + 0.4, wide), 1.1),))]
    pieces.append(Piece(Tube(spinous_root, spinous_tip, wide + 0.6, wide), 1.1))
    if vertebra.lumbar:
        # A lumbar spinous process is a hatchet: tall.
        low = (0.0, spinous_tip[1], spinous_tip[2] - 9.0)
        pieces.append(Piece(Tube((0.0, spinous_root[1], z - 9.0), low, wide, wide), 1.1))
    return tuple(pieces)


def _paraspinal_muscle(column: tuple[Vertebra, ...]) -> Part:
    """Fills the gutters between arches and ribs, which would be lung otherwise."""
    sections = []
    for vertebra in reversed(column):
        front, back = vertebra.y_mm + 0.35 * vertebra.half_depth_mm, vertebra.canal_mm[1] + 10.0
        sections.append(Section(vertebra.z_mm, 0.0, (front + back) / 2, 38.0, (back - front) / 2))
    return Part(Loft(tuple(sections), exponent=3.0), "muscle", "muscle")


def _disc_parts(column: tuple[Vertebra, ...], thickness: float) -> list[Part]:
    parts = []
    below = [(vertebra.z_mm + vertebra.height_mm / 2, vertebra) for vertebra in column[1:]]
    below.append((226.0, column[-1]))
    for upper, (top_mm, lower) in zip(column, below, strict=True):
        y = (upper.y_mm + lower.y_mm) / 2
        wide, deep = upper.half_width_mm * thickness * 1.02, upper.half_depth_mm * 1.02
        low, high = top_mm - 1.0, upper.z_mm - upper.height_mm / 2 + 1.0
        outline = (Section(low, 0.0, y, wide, deep), Section(high, 0.0, y, wide, deep))
        parts.append(Part(Loft(outline, exponent=2.4), "body", "disc"))
    return parts


def _sacrum_parts(build: Build) -> tuple[Part, ...]:
    wide = build.vary("sacrum", 0.03) * (1.05 if build.sex == "F" else 1.0)
    outline = (  # z, y, half width, half depth: the wings reach the ilia between z 165 and 222
        (128.0, 78.0, 13.0, 6.0),
        (145.0, 79.0, 24.0, 9.0),
        (165.0, 76.0, 35.0, 12.0),
        (185.0, 70.0, 45.0, 16.0),
        (205.0, 63.0, 52.0, 20.0),
        (220.0, 57.0, 48.0, 20.0),
        (227.0, 53.0, 30.0, 17.0),
    )
    wedge = Loft(tuple(Section(z, 0.0, y, x * wide, half) for z, y, x, half in outline), exponent=2.3)
    crest = chain(((0.0, 87.0, 216.0), (0.0, 92.0, 185.0), (0.0, 89.0, 150.0)), (4.0, 4.5, 3.5))
    coccyx = chain(((0.0, 77.0, 126.0), (0.0, 73.0, 114.0), (0.0, 66.0, 105.0)), (7.0, 5.5, 3.5))
    pieces = (Piece(wedge, 1.0), *(Piece(tube, 1.2) for tube in (*crest, *coccyx)))
    return bone_parts("sacrum", pieces)


def _canal_parts(column: tuple[Vertebra, ...]) -> list[Part]:
    centres = [vertebra.canal_mm for vertebra in column]
    # Down to S2, where the dural sac ends.
    sac = [*centres, (0.0, 70.0, 222.0), (0.0, 78.0, 185.0)]
    radii = [_CANAL_HALF_MM] * len(centres) + [6.0, 3.5]
    parts = [Part(tube, "body", "csf") for tube in chain(sac, radii)]
    cord = centres[:13]
    radii = [_CORD_HALF_MM] * 12 + [2.0]
    parts.extend(Part(tube, "spinal_cord", "spinal_cord") for tube in chain(cord, radii))
    return parts
