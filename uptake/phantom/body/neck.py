"""The neck round its spine: fat planes, muscles, great vessels, brown fat and the stellate ganglia."""

from __future__ import annotations

from uptake.phantom.body.build import Build
from uptake.phantom.body.cervical import body_centre_mm
from uptake.phantom.body.mirror import chain, loft, pair, pairs
from uptake.phantom.body.parts import Ellipsoid, Part, Shape, Tube


def neck_parts(build: Build) -> tuple[Part, ...]:
    """Soft tissue of the neck, to be painted before spine, throat and glands; body coordinates (mm)."""
    return (*_planes(build), *_muscles(build), *_vessels())


def _planes(build: Build) -> tuple[Part, ...]:
    """Fat between the muscles, thicker in a heavier person, and the sheet of muscle in front of the spine."""
    wide = min(1.0, 0.9 + 0.005 * build.fat_mm)
    fat = loft(
        (713.0, 0.0, 3.0, 52.0 * wide, 47.0 * wide),
        (735.0, 0.0, 3.0, 53.0 * wide, 49.0 * wide),
        (775.0, 0.0, 4.0, 52.0 * wide, 50.0 * wide),
        (800.0, 0.0, 14.0, 50.0 * wide, 50.0 * wide),
        (816.0, 0.0, 18.0, 36.0 * wide, 30.0 * wide),
    )
    # Below the larynx only beside the windpipe and gullet, which the trunk's parts have drawn.
    beside = loft(
        (692.0, 33.0, 0.0, 14.0, 30.0),
        (702.0, 34.0, 2.0, 20.0 * wide, 42.0 * wide),
        (714.0, 34.0, 3.0, 20.0 * wide, 44.0 * wide),
    )
    front = loft((712.0, 0.0, 13.0, 17.0, 9.0), (760.0, 0.0, 9.0, 18.0, 9.0), (812.0, 0.0, 10.0, 14.0, 8.0))
    fossa = Ellipsoid((58.0, 10.0, 707.0), (23.0, 16.0, 13.0), rotation_deg=(0.0, 15.0, 20.0))
    return (
        Part(fat, "fat", "fat"),
        *pairs([Part(beside, "fat", "fat"), Part(fossa, "fat", "fat")]),
        Part(front, "muscle", "neck_muscle"),
    )


def _muscles(build: Build) -> tuple[Part, ...]:
    bulk = build.muscle**0.5
    strap = chain(((8.0, -48.0, 745.0), (11.0, -46.0, 705.0), (11.0, -55.0, 682.0)), (4.0, 4.5, 4.0))
    sternomastoid = chain(
        ((55.0, 22.0, 818.0), (48.0, 4.0, 775.0), (38.0, -24.0, 730.0), (24.0, -46.0, 695.0), (18.0, -56.0, 684.0)),
        (6.0 * bulk, 9.5 * bulk, 10.0 * bulk, 8.5 * bulk, 7.0 * bulk),
    )
    scalene = chain(((24.0, 14.0, 770.0), (28.0, 16.0, 725.0), (37.0, 18.0, 699.0)), (4.0, 7.5, 7.0))
    elevator = chain(((30.0, 24.0, 800.0), (40.0, 34.0, 745.0), (52.0, 46.0, 695.0)), (5.0, 8.0, 8.0))
    deep = loft(
        (695.0, 18.0, 61.0, 15.0, 13.0),
        (735.0, 18.0, 50.0, 15.0, 14.0),
        (785.0, 18.0, 49.0, 16.0, 16.0),
        (818.0, 20.0, 50.0, 16.0, 12.0),
    )
    splenius = chain(((14.0, 66.0, 705.0), (32.0, 54.0, 755.0), (42.0, 44.0, 812.0)), (7.0, 8.5, 6.0))
    trapezius = chain(
        ((12.0, 66.0, 820.0), (18.0, 64.0, 765.0), (38.0, 58.0, 715.0), (60.0, 48.0, 695.0)), (4.0, 5.5, 8.0, 9.0)
    )
    bellies: tuple[Shape, ...] = (*strap, *sternomastoid, *scalene, *elevator, deep, *splenius, *trapezius)
    return pairs(Part(belly, "muscle", "neck_muscle") for belly in bellies)


def _vessels() -> tuple[Part, ...]:
    carotid = chain(
        ((18.0, -2.0, 690.0), (25.0, -8.0, 735.0), (27.0, -8.0, 765.0), (26.0, 2.0, 825.0)), (3.6, 3.6, 3.6, 2.6)
    )
    line = ((38.0, -13.0, 674.0), (36.0, -10.0, 692.0), (33.0, -7.0, 735.0), (34.0, -4.0, 770.0), (31.0, 8.0, 825.0))
    jugular = chain(line, (6.5, 6.5, 6.0, 5.0, 4.0))
    return pairs(Part(rod, "blood_pool", "blood") for rod in (*carotid, *jugular))


def brown_fat_parts(build: Build) -> tuple[Part, ...]:
    """Brown fat above the collar bones, up the neck and beside the upper thoracic spine; both sides alike.

    References
    ----------
    Cypess AM et al., N Engl J Med 2009;360:1509-1517 (cervical-supraclavicular depots, deep to sternomastoid);
    Yeung HW et al., J Nucl Med 2003;44:1789-1796 (uptake in fat of the neck and beside the spine).
    """
    size = build.vary("brown_fat", 0.15)
    pad = Ellipsoid((56.0, 12.0, 699.0), (17.0 * size, 11.0 * size, 9.0 * size), rotation_deg=(0.0, 15.0, 20.0))
    cervical = Tube((42.0, 16.0, 703.0), (38.0, 20.0, 742.0), 6.0 * size, 4.0 * size)
    return pairs(Part(shape, "brown_fat", "brown_fat") for shape in (pad, cervical))


def paravertebral_fat_parts() -> tuple[Part, ...]:
    """Brown fat beside the first six thoracic vertebrae, at the heads of their ribs."""
    foci = [Ellipsoid((25.0, 50.0 + 2.0 * number, 672.0 - 22.0 * number), (4.0, 4.0, 5.0)) for number in range(6)]
    return pairs(Part(focus, "brown_fat", "brown_fat") for focus in foci)


def ganglion_parts() -> tuple[Part, ...]:
    """The stellate ganglia, before the transverse process of C7 (Rischpler C et al., J Nucl Med 2018;59:1406-1411)."""
    z, y = body_centre_mm(7)
    return pair(Part(Ellipsoid((19.0, y - 4.0, z - 6.0), (3.2, 2.4, 8.0)), "ganglia", "ganglion_stellate"))
