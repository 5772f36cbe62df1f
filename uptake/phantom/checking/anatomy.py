"""What the checker knows of the body: the numbers of structures and the sites of lesions, read from their tables."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

_THORACIC_REGIONS = frozenset({"chest-nodes", "axilla", "lung", "breast"})
_THORACIC_BONES = frozenset(
    {*(f"t{number}" for number in range(1, 13)), "sternum"}
    | {f"{bone}_{side}" for bone in ("ribs", "clavicle", "scapula") for side in ("right", "left")}
)


@dataclass(frozen=True, slots=True)
class Structure:
    """A row of ``body/structures.csv``: what a number of the structure labels stands for."""

    number: int
    name: str
    group: str
    code: str
    meaning: str
    laterality: str


@dataclass(frozen=True, slots=True)
class Site:
    """A row of ``body/sites.csv``, without its place: what a lesion there counts as, and its code."""

    name: str
    region: str
    mitnm: str
    code: str
    meaning: str
    laterality: str

    @property
    def in_thorax(self) -> bool:
        """Whether it belongs to the thorax: its nodes, lungs, breasts and bones."""
        return self.region in _THORACIC_REGIONS or self.name in _THORACIC_BONES


@cache
def structures() -> Mapping[str, Structure]:
    """Every structure by its name."""
    rows = (
        Structure(int(row["number"]), row["name"], row["group"], row["code"], row["meaning"], row["laterality"])
        for row in _rows("structures.csv")
    )
    return MappingProxyType({row.name: row for row in rows})


@cache
def sites() -> Mapping[str, Site]:
    """Every site of lesions by its name."""
    rows = (
        Site(row["name"], row["region"], row["mitnm"], row["code"], row["meaning"], row["laterality"])
        for row in _rows("sites.csv")
    )
    return MappingProxyType({row.name: row for row in rows})


def numbers_of(*names: str) -> tuple[int, ...]:
    """The label numbers of the named structures.

    Raises
    ------
    KeyError
        If there is no structure of that name.
    """
    return tuple(structures()[name].number for name in names)


def numbers_of_group(group: str) -> tuple[int, ...]:
    """The label numbers of all structures of a group: ``envelope``, ``organ`` or ``bone``."""
    return tuple(row.number for row in structures().values() if row.group == group)


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("uptake.phantom.body") / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
