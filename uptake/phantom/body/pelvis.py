"""Ureters, bladder, the organs of either sex, and the ganglia before the sacrum."""

from __future__ import annotations

from itertools import pairwise

from uptake.phantom.body.build import Build
from uptake.phantom.body.parts import Ellipsoid, Part
from uptake.phantom.body.placing import PathPoint, chain, grown, mirrored, pointing, varied

_BLADDER_WALL_MM = 3.0
# Right: from the renal pelvis over the psoas and the iliac vessels, down the side wall, to the bladder.
_URETER: tuple[PathPoint, ...] = ((-42, 34, 308, 2.6), (-34, 20, 236, 2.6), (-44, 22, 138, 2.6), (-20, -18, 76, 2.6))
_BOLUS_RADIUS_MM = 3.2
# Where in each stretch of it (0: upper end, 1: lower end) urine stands, on average, and half the length of that.
_BOLUS_AT, _BOLUS_HALF = (0.3, 0.5, 0.75), 0.18


def ureter_parts(build: Build) -> tuple[Part, ...]:
    """Both ureters: collapsed (muscle) but for three boluses of urine in each; each person has them elsewhere."""
    return *_ureter(build, "right"), *mirrored(_ureter(build, "left"))


def _ureter(build: Build, side: str) -> tuple[Part, ...]:
    parts = [*chain("ureter_right", "muscle", _URETER)]
    for index, (upper, lower) in enumerate(pairwise(_URETER)):
        at = _BOLUS_AT[index] * build.vary(f"ureter {side} {index}", 0.12)
        ends = [_between(upper, lower, min(max(at + half, 0.0), 1.0)) for half in (-_BOLUS_HALF, _BOLUS_HALF)]
        parts += chain("ureter_right", "ureter_right", ends)
    return tuple(parts)


def _between(upper: PathPoint, lower: PathPoint, share: float) -> PathPoint:
    x, y, z = (a + share * (b - a) for a, b in zip(upper[:3], lower[:3], strict=True))
    return x, y, z, _BOLUS_RADIUS_MM


def bladder_parts(build: Build) -> tuple[Part, ...]:
    """Bladder wall and the urine in it; how full it is differs most of all from person to person."""
    urine = Ellipsoid((0, -45, 80), (48, 34, 27.5), 2.1)
    wall = Ellipsoid(urine.centre_mm, (51, 37, 30.5), 2.1)
    parts = (Part(wall, "bladder", "muscle"), Part(urine, "bladder", "urine"))
    return grown(parts, build.vary("bladder filling", 0.12), (0.0, -45.0, 50.0))


def genital_parts(build: Build) -> tuple[Part, ...]:
    """Prostate, seminal vesicles and testes, or uterus with endometrium, vagina and ovaries."""
    return _male(build) if build.sex == "M" else _female(build)


def _male(build: Build) -> tuple[Part, ...]:
    vesicle = chain("seminal_vesicles", "seminal_vesicle", ((-6, -8, 60, 5), (-18, -5, 68, 6.5), (-30, -2, 74, 4.5)))
    prostate = Part(Ellipsoid((0, -22, 42), (20.5, 16, 17.5), 2.1), "prostate", "prostate")
    scrotum = Part(Ellipsoid((0, -72, -28), (36, 26, 32)), "skin", "skin")
    penis = chain("skin", "skin", ((0, -82, 18, 14), (0, -104, -4, 14), (0, -104, -48, 13)))
    testis = Part(Ellipsoid((-17, -72, -32), (13, 14, 22)), "testes", "testis")
    return (
        *vesicle,
        *mirrored(vesicle),
        # The prostate grows with age and from man to man far more than other organs do.
        *grown(
            varied((prostate,), build, "prostate", (0.0, -22.0, 30.0)),
            build.vary("prostate size", 0.06),
            (0.0, -22.0, 30.0),
        ),
        *penis,
        scrotum,
        testis,
        *mirrored((testis,)),
    )


def _female(build: Build) -> tuple[Part, ...]:
    forward = pointing((0.0, -0.75, 0.66))
    womb = (
        Part(Ellipsoid((0, -14, 122), (24, 19, 31), rotation_deg=forward), "uterus", "uterus"),
        *chain("uterus", "uterus", ((0, 0, 108, 14), (0, 8, 84, 12.5))),
        Part(Ellipsoid((0, -15, 123), (11, 4.5, 20), rotation_deg=forward), "uterus", "endometrium"),
    )
    vagina = chain("muscle", "muscle", ((0, 8, 84, 10), (0, 0, 30, 10)))
    ovary = (Part(Ellipsoid((-40, 4, 124), (9.5, 10, 14)), "ovaries", "ovary_right"),)
    return (
        *vagina,
        *varied(womb, build, "uterus", (0.0, 8.0, 84.0)),
        *varied(ovary, build, "ovary right", (-40.0, 4.0, 124.0)),
        *mirrored(varied(ovary, build, "ovary left", (-40.0, 4.0, 124.0))),
    )


def sacral_ganglion_parts() -> tuple[Part, ...]:
    """The sympathetic ganglia before the sacrum, two on each side."""
    upper = chain("ganglia", "ganglion_sacral", ((-23, 42, 200, 2.6), (-23, 46, 192, 2.6)))
    lower = chain("ganglia", "ganglion_sacral", ((-19, 58, 168, 2.4), (-18, 60, 161, 2.4)))
    return *upper, *lower, *mirrored(upper), *mirrored(lower)
