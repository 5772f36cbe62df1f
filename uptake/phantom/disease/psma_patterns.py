"""Prostate cancer in PSMA PET by miTNM pattern: regional nodes, distant nodes, bones, organs.

Volumes follow Capobianco et al. 2022 (median 1.3 ml, quartiles 0.6 and 3.0 ml); N0, N1 (single), N2 (multiple) and
M1b u (1), o (2 to 3), d (4 or more) are counted as there; dmi is PROMISE V2's diffuse marrow involvement.
"""

from __future__ import annotations

from uptake.phantom.disease.lesions import LesionSet, Wanted, level_of, size_of
from uptake.phantom.disease.sites import all_sites, sites_of

_DISTANT = ("retroperitoneal", "aortocaval", "supraclavicular_left", "paratracheal", "inguinal", "retrocrural")
_COUNTS = {"u": (1, 1), "o": (2, 3), "d": (5, 14), "dmi": (12, 20)}
# Bones by how often metastases of prostate cancer lie in them: the red marrow of spine and pelvis first.
_BONE_WEIGHTS = {"hip_bone": 4.0, "sacrum": 3.0, "ribs": 2.0, "femur": 1.5, "humerus": 0.7, "skull": 0.3}
_ORGANS = (("liver", "liver"), ("lung_right", "lung"), ("lung_left", "lung"))
_TRIES = 6


def draw_psma(lesions: LesionSet, pattern: str, least_suv: float, liver_suv: float, institution: str) -> bool:
    """Draw lesions that give a stage; whether all of them found room.

    Parameters
    ----------
    lesions
        Receives them.
    pattern
        ``N0``, ``N1`` or ``N2`` and ``M0``, ``M1a``, ``M1b-u``, ``M1b-o``, ``M1b-d``, ``M1b-dmi`` or ``M1c``.
    least_suv
        Every lesion shows at least this, g/ml.
    liver_suv
        Of the healthy liver: a metastasis in it must be hotter, g/ml.
    institution
        ``internal`` or ``external``.
    """
    rng = lesions.rng
    regional, distant = pattern.split()
    draw = _Draw(lesions, least_suv, liver_suv, institution)
    # Half of the patients come back after surgery, with nothing where the prostate was.
    if rng.random() < 0.5 or (regional == "N0" and distant == "M0"):
        draw.one(("prostate",), "prostate")
    nodes = {"N0": 0, "N1": 1, "N2": int(rng.integers(2, 6))}[regional]
    complete = draw.many(sites_of("pelvis-nodes"), "node", nodes)
    advanced = distant == "M1c" and rng.random() < 0.6
    if distant == "M1a" or advanced or (distant.startswith("M1b") and rng.random() < 0.35):
        stations = tuple(each.name for each in all_sites() if each.mitnm == "M1a" and each.name.startswith(_DISTANT))
        complete &= draw.many(stations, "node", int(rng.integers(1, 4)))
    if distant.startswith("M1b") or advanced:
        extent = distant.removeprefix("M1b-") if distant.startswith("M1b") else "o"
        low, high = _COUNTS[extent]
        kind = "marrow" if extent == "dmi" else "bone"
        bones = draw.many(sites_of("bone"), kind, int(rng.integers(low, high + 1)))
        # Of many foci a few may go without room; of few each one decides the stage.
        complete &= bones or (extent in ("d", "dmi") and draw.count(kind) >= low)
    if distant == "M1c":
        organ = _ORGANS[int(rng.integers(len(_ORGANS)))]
        complete &= all(draw.one((organ[0],), organ[1]) is not None for _ in range(int(rng.integers(1, 4))))
    return complete


def new_psma_site(lesions: LesionSet, least_suv: float, institution: str) -> Wanted | None:
    """One more bone or node, where none is."""
    draw = _Draw(lesions, least_suv, least_suv, institution)
    if lesions.rng.random() < 0.6:
        return draw.one(sites_of("bone"), "bone")
    return draw.one(sites_of("abdomen-nodes", "pelvis-nodes"), "node")


class _Draw:
    """Lesions at some of several sites, each site once as long as there are others."""

    def __init__(self, lesions: LesionSet, least_suv: float, liver_suv: float, institution: str) -> None:
        self.lesions = lesions
        self.least_suv = least_suv
        self.liver_suv = liver_suv
        self.size = size_of("psma", institution)

    def many(self, names: tuple[str, ...], kind: str, count: int) -> bool:
        return sum(self.one(names, kind) is not None for _ in range(count)) == count

    def one(self, names: tuple[str, ...], kind: str) -> Wanted | None:
        rng = self.lesions.rng
        used = {each.site for each in self.lesions.lesions}
        free = [name for name in names if name not in used] or list(names)
        weights = [_weight(name) for name in free]
        volume = self.size.draw(rng, 2.0 if kind in ("liver", "lung") else 0.0)
        # The smaller, the fainter, on the whole: what a site of 0.3 ml shows is mostly lost to the blur.
        level = max(level_of("psma").draw(rng) * min(1.0, (volume / 2.0) ** 0.3), self.least_suv)
        if kind == "liver":
            level = self.liver_suv * float(rng.uniform(1.8, 3.0))
        total = sum(weights)
        for _ in range(_TRIES):
            where = str(rng.choice(free, p=[each / total for each in weights]))
            if (found := self.lesions.add(where, kind, volume, level)) is not None:
                return found
        return None

    def count(self, kind: str) -> int:
        return sum(each.kind == kind for each in self.lesions.lesions)


def _weight(name: str) -> float:
    return next((weight for bone, weight in _BONE_WEIGHTS.items() if name.startswith(bone)), 1.0)
