"""The digital scanners and their protocols."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

from uptake.geometry import Vector
from uptake.phantom.plan import ScannerPlan

SITES = ("internal", "external")


def scanner(name: str) -> ScannerPlan:
    """The scanner and protocol of that name.

    Raises
    ------
    ValueError
        If there is none.

    References
    ----------
    The ``source`` column of ``scanners.csv``: each is like a published class of scanners, and none is a product.
    """
    for row in _rows():
        if row["name"] == name:
            return ScannerPlan(
                name=name,
                vendor=row["vendor"],
                pet_spacing_mm=_vector(row, "pet"),
                ct_spacing_mm=_vector(row, "ct"),
                fwhm_mm=float(row["fwhm_mm"]),
                fwhm_edge_mm=float(row["fwhm_edge_mm"]),
                filter_mm=float(row["filter_mm"]),
                noise=float(row["noise"]),
                frame_duration_s=float(row["frame_duration_s"]),
                units=row["units"],
                decay_correction=row["decay_correction"],
                enhanced=row["enhanced"] == "yes",
                transfer_syntax=row["transfer_syntax"],
            )
    raise ValueError(f"no scanner is named {name}")


def scanners(site: str, field: str | None = None) -> tuple[str, ...]:
    """Names of the scanners of a site, with ``whole-body`` or ``head-neck`` as ``field`` only those for it.

    Parameters
    ----------
    site
        ``internal`` or ``external``: no scanner belongs to both.

    Raises
    ------
    ValueError
        If there is no such site.
    """
    if site not in SITES:
        raise ValueError(f"sites are {' and '.join(SITES)}, not {site}")
    names = (row["name"] for row in _rows() if row["site"] == site)
    return tuple(name for name in names if field is None or name.endswith(field))


@cache
def _rows() -> tuple[dict[str, str], ...]:
    text = (files("uptake.phantom.physics") / "scanners.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def _vector(row: dict[str, str], image: str) -> Vector:
    z, y, x = (float(row[f"{image}_{axis}_mm"]) for axis in "zyx")
    return z, y, x
