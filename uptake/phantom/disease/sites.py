"""Where disease can sit: the rows of ``body/sites.csv``."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from uptake.geometry import Vector


@dataclass(frozen=True, slots=True)
class Site:
    """One place of disease.

    Parameters
    ----------
    name, region
        Its own name, and the group of places it belongs to (``neck``, ``chest-nodes``, ``bone`` ...).
    mitnm
        What a prostate cancer lesion here counts as: ``T``, ``N``, ``M1a``, ``M1b`` or ``M1c``.
    structure
        Of ``structures.csv``, in which the lesion lies; empty for a station in soft tissue.
    anchor_mm
        Body coordinates of the station, or of about the structure's middle.
    code, meaning, laterality
        SNOMED CT.
    """

    name: str
    region: str
    mitnm: str
    structure: str
    anchor_mm: Vector
    code: str
    meaning: str
    laterality: str


@lru_cache(maxsize=1)
def all_sites() -> tuple[Site, ...]:
    """Every row of ``sites.csv``, in its order."""
    text = files("uptake.phantom.body").joinpath("sites.csv").read_text(encoding="utf-8")
    return tuple(
        Site(
            row["name"],
            row["region"],
            row["mitnm"],
            row["structure"],
            (float(row["x_mm"]), float(row["y_mm"]), float(row["z_mm"])),
            row["code"],
            row["meaning"],
            row["laterality"],
        )
        for row in csv.DictReader(text.splitlines())
    )


def site(name: str) -> Site:
    """The site of that name.

    Raises
    ------
    ValueError
        If ``sites.csv`` has none.
    """
    for each in all_sites():
        if each.name == name:
            return each
    raise ValueError(f"sites.csv has no site {name!r}")


def sites_of(*regions: str) -> tuple[str, ...]:
    """Names of the sites of some regions."""
    return tuple(each.name for each in all_sites() if each.region in regions)
