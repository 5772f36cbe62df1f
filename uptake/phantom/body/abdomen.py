"""The solid organs of the upper abdomen, the stomach, and the diaphragm that bounds them."""

from __future__ import annotations

from uptake.geometry import Vector
from uptake.phantom.body.build import Build
from uptake.phantom.body.parts import Cut, Ellipsoid, Part
from uptake.phantom.body.placing import PathPoint, chain, mirrored, moved, pointing, varied

_DOMES = (
    Ellipsoid((-61, 0, 372), (61, 74, 94)),
    Ellipsoid((60, 2, 368), (60, 72, 88)),
    Ellipsoid((0, -26, 385), (66, 52, 75)),
)
_DIAPHRAGM_MM = 3.0


def diaphragm_parts() -> tuple[Part, ...]:
    """The domes under the lungs: their muscle, then abdominal fat under it, for the organs to lie in."""
    # Below this height the envelope's own abdominal cavity begins.
    above = (Cut((0.0, 0.0, -1.0), -392.0),)
    muscle = [Part(_inset(dome, 0.0, above), "muscle", "muscle") for dome in _DOMES]
    fat = [Part(_inset(dome, _DIAPHRAGM_MM, above), "fat", "fat") for dome in _DOMES]
    return *muscle, *fat


def _inset(shape: Ellipsoid, by_mm: float, cuts: tuple[Cut, ...]) -> Ellipsoid:
    a, b, c = shape.half_axes_mm
    return Ellipsoid(shape.centre_mm, (a - by_mm, b - by_mm, c - by_mm), shape.exponent, cuts=cuts)


def psoas_parts(build: Build) -> tuple[Part, ...]:
    """Both psoas muscles, from the lumbar spine to the lesser trochanter, and the iliac muscle beside."""
    bulk = build.muscle**0.5
    path = (
        (-25, 50, 372, 7),
        (-34, 47, 300, 13),
        (-44, 38, 230, 18),
        (-64, 4, 150, 18),
        (-80, -36, 85, 15),
        (-88, 6, 15, 9),
    )
    points: list[PathPoint] = [(x, y, z, radius * bulk) for x, y, z, radius in path]
    right = chain("muscle", "muscle", points)
    return *right, *mirrored(right)


def liver_parts(build: Build) -> tuple[Part, ...]:
    """Right lobe under the right dome, left lobe across the midline, and the gallbladder in its bed."""
    visceral = (Cut((0.60, 0.0, -0.80), -277.0), Cut((0.0, 0.45, -0.893), -268.0))
    right = Ellipsoid((-60, -2, 374), (60, 72, 88), 2.3, cuts=visceral)
    middle = Ellipsoid((-12, -30, 412), (54, 42, 45), 2.2)
    left = Ellipsoid((24, -42, 422), (52, 29, 31), 2.2, (0, -10, -8))
    bladder = Ellipsoid((-56, -50, 322), (17, 17, 44), rotation_deg=pointing((0.35, 0.55, 0.76)))
    parts = (
        Part(right, "liver", "liver"),
        Part(middle, "liver", "liver"),
        Part(left, "liver", "liver"),
        *varied((Part(bladder, "gallbladder", "gallbladder"),), build, "gallbladder", bladder.centre_mm),
    )
    # The dome is where the lungs end: the liver grows downward from it.
    return varied(parts, build, "liver", (-60.0, 0.0, 455.0))


def spleen_parts(build: Build) -> tuple[Part, ...]:
    """The spleen along the left back ribs."""
    shape = Ellipsoid((88, 38, 394), (21, 37, 54), rotation_deg=(14, -6, -38))
    return varied((Part(shape, "spleen", "spleen"),), build, "spleen", shape.centre_mm)


def stomach_parts(build: Build) -> tuple[Part, ...]:
    """Fundus, body and antrum down to the pylorus: walls, then the content, then the air that stands in front."""
    fundus = Ellipsoid((56, 8, 416), (37, 33, 33))
    body = Ellipsoid((58, -24, 376), (32, 29, 48), rotation_deg=(-16, 0, 0))
    antrum: tuple[PathPoint, ...] = ((52, -40, 342, 24), (24, -50, 326, 20), (-4, -48, 328, 16), (-20, -40, 334, 11))
    walls = [Part(shape, "stomach", "stomach_wall") for shape in (fundus, body)]
    thin = [Ellipsoid(s.centre_mm, _less(s.half_axes_mm, 5.0), rotation_deg=s.rotation_deg) for s in (fundus, body)]
    content = [Part(shape, "stomach", "stomach_content") for shape in thin]
    inner: list[PathPoint] = [(x, y, z, radius - 5.5) for x, y, z, radius in antrum]
    # A person lying on the back has the air before the body of the stomach.
    bubble = Ellipsoid(body.centre_mm, (24, 21, 38), rotation_deg=(-16, 0, 0), cuts=(Cut((0.0, 1.0, 0.0), -38.0),))
    parts = (
        *walls,
        *chain("stomach", "stomach_wall", antrum),
        *content,
        *chain("stomach", "stomach_content", inner),
        Part(bubble, "stomach", "bowel_gas"),
    )
    return varied(parts, build, "stomach", (60.0, 0.0, 400.0))


def _less(axes: Vector, by_mm: float) -> Vector:
    return axes[0] - by_mm, axes[1] - by_mm, axes[2] - by_mm


def pancreas_parts(build: Build) -> tuple[Part, ...]:
    """Head in the loop of the duodenum, body over the spine, tail to the spleen."""
    head = Ellipsoid((-20, -8, 322), (17, 16, 28), rotation_deg=(0, 12, 0))
    path: tuple[PathPoint, ...] = (
        (-14, -12, 336, 16),
        (8, -14, 348, 14.5),
        (32, -2, 356, 14.5),
        (56, 20, 368, 14),
        (72, 31, 378, 12),
    )
    parts = (Part(head, "pancreas", "pancreas"), *chain("pancreas", "pancreas", path))
    return varied(parts, build, "pancreas", (8.0, -14.0, 348.0))


def kidney_parts(build: Build) -> tuple[Part, ...]:
    """Fat capsule, kidney, the fat of its sinus, the pelvis with three calyces, and the adrenal."""
    return *_kidney(build, "right", (0.0, 0.0, -7.0)), *mirrored(_kidney(build, "left", (0.0, 0.0, 6.0)))


def _kidney(build: Build, side: str, place: Vector) -> tuple[Part, ...]:
    """Drawn on the right; the left one differs by its own draw and is mirrored afterwards."""
    centre = (-62.0, 43.0, 325.0)
    tilt = (8.0, 10.0, 30.0)
    capsule = Part(Ellipsoid((-56, 43, 332), (38, 29, 73), rotation_deg=tilt), "fat", "fat")
    kidney, pelvis = "kidney_right", "renal_pelvis"
    parts = (
        Part(Ellipsoid(centre, (29, 24.5, 55), 2.1, tilt), kidney, "kidney"),
        Part(Ellipsoid((-44, 36, 325), (14, 11, 23), rotation_deg=tilt), "fat", "fat"),
        Part(Ellipsoid((-43, 36, 322), (7, 6, 13)), kidney, pelvis),
        *chain(kidney, pelvis, ((-45, 37, 325, 4), (-58, 43, 350, 4.5))),
        *chain(kidney, pelvis, ((-45, 37, 322, 4), (-65, 46, 324, 4.5))),
        *chain(kidney, pelvis, ((-45, 37, 319, 4), (-63, 42, 296, 4.5))),
    )
    shaped = varied(parts, build, f"kidney {side}", centre)
    return moved((capsule, *shaped, *_adrenal(build, side)), place)


def _adrenal(build: Build, side: str) -> tuple[Part, ...]:
    """Two thin limbs that meet in front, before and above the kidney's upper pole."""
    limbs = (
        Ellipsoid((-35, 36, 388), (3.9, 13.5, 18), rotation_deg=(0, 0, -14)),
        Ellipsoid((-41, 36, 387), (3.9, 13.5, 18), rotation_deg=(0, 0, 22)),
    )
    parts = tuple(Part(limb, "adrenal_right", "adrenal") for limb in limbs)
    return varied(parts, build, f"adrenal {side}", (-38.0, 36.0, 388.0))


def coeliac_ganglion_parts() -> tuple[Part, ...]:
    """The coeliac ganglia beside the root of the coeliac trunk, the left one lower and larger."""
    return (
        *chain("ganglia", "ganglion_coeliac", ((24, 16, 376, 2.6), (29, 22, 362, 3.0))),
        *chain("ganglia", "ganglion_coeliac", ((-7, 20, 384, 2.4), (-9, 24, 372, 2.4))),
    )
