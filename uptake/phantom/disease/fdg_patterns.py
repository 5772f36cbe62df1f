"""Metastatic breast cancer and lymphoma in FDG: many lesions, the hottest of them in the chest.

Breast: bone most often, then nodes, liver and lung (Moreau et al. 2022: bone and liver are the sites most affected;
over 2000 lesions in 60 patients). Lymphoma: nodes above and below the diaphragm, sometimes the spleen and the bones.
"""

from __future__ import annotations

from math import exp

import numpy as np

from uptake.phantom.disease.lesions import LesionSet, Wanted, size_of
from uptake.phantom.disease.sites import sites_of

_CHEST = ("chest-nodes", "axilla")
_BREAST_FIRST = ("hilar", "paratracheal", "axillary", "subcarinal")
_LYMPHOMA_FIRST = ("axillary", "paratracheal", "prevascular", "hilar")
_BREAST_SHARES = {"bone": 0.55, "node": 0.2, "liver": 0.13, "lung": 0.12}
_LYMPHOMA_REGIONS = ("neck", "chest-nodes", "axilla", "abdomen-nodes", "groin", "pelvis-nodes")
_BREAST_NODES = (
    *(f"{name}_{side}" for name in ("axillary", "supraclavicular", "internal_mammary") for side in ("right", "left")),
    *sites_of("chest-nodes"),
)
_MOST = {"bone": 18, "node": 10, "liver": 4, "lung": 4, "soft-tissue": 1}


def draw_breast(lesions: LesionSet, hottest_suv: float, largest_ml: float, institution: str) -> Wanted | None:
    """Draw metastases; the first is the hottest and at least ``largest_ml`` large. None where it found no room."""
    rng = lesions.rng
    size = size_of("breast metastasis", institution)
    first = _first(lesions, _BREAST_FIRST, size.draw(rng, largest_ml), hottest_suv)
    if first is None:
        return None
    shares = dict(_BREAST_SHARES)
    for kind, likely in (("liver", 0.45), ("lung", 0.35), ("bone", 0.85)):
        if rng.random() > likely:
            del shares[kind]
    weights = np.array(list(shares.values()))
    count = int(np.clip(10.0 * exp(0.7 * rng.standard_normal()), 3, 28))
    for kind in rng.choice(list(shares), size=count, p=weights / weights.sum()).tolist():
        if sum(each.kind == kind for each in lesions.lesions) < _MOST[kind]:
            # Those that respond by volume alone must stay large enough to be seen.
            volume = size.draw(rng, 2.0 if kind == "liver" else largest_ml / 12.0)
            add_fdg(lesions, "breast", kind, volume, hottest_suv * rng.uniform(0.5, 0.8))
    return first


def draw_lymphoma(lesions: LesionSet, hottest_suv: float, largest_ml: float, institution: str) -> Wanted | None:
    """Draw lymph nodes; the first is the hottest and at least ``largest_ml`` large. None where it found no room."""
    rng = lesions.rng
    size = size_of("lymphoma", institution)
    first = _first(lesions, _LYMPHOMA_FIRST, size.draw(rng, largest_ml), hottest_suv)
    if first is None:
        return None
    for _ in range(int(np.clip(7.0 * exp(0.5 * rng.standard_normal()), 2, 16))):
        kind = str(rng.choice(["node", "bone", "soft-tissue"], p=[0.88, 0.08, 0.04]))
        node = add_fdg(lesions, "lymphoma", kind, size.draw(rng), hottest_suv * rng.uniform(0.5, 0.8))
        if node is not None and kind == "node" and rng.random() < 0.25:
            lesions.add_beside(node, node.site, size.draw(rng) * 0.6, node.level_suv, gap_mm=4.0)
    return first


def add_fdg(lesions: LesionSet, disease: str, kind: str, volume_ml: float, level_suv: float) -> Wanted | None:
    """One more lesion of a kind at a site of the disease; None where three sites had no room."""
    if kind == "node":
        names = _BREAST_NODES if disease == "breast" else sites_of(*_LYMPHOMA_REGIONS)
    else:
        names = sites_of("spleen" if kind == "soft-tissue" else kind)
    for _ in range(3):
        found = lesions.add(str(lesions.rng.choice(names)), kind, volume_ml, level_suv)
        if found is not None:
            return found
    return None


def add_in_chest(lesions: LesionSet, volume_ml: float, level_suv: float) -> Wanted | None:
    """One more node of the chest, where OncoNet looks; None where no station has room."""
    for name in lesions.rng.permutation(sites_of(*_CHEST)).tolist():
        if (found := lesions.add(name, "node", volume_ml, level_suv)) is not None:
            return found
    return None


def _first(lesions: LesionSet, stations: tuple[str, ...], volume_ml: float, level_suv: float) -> Wanted | None:
    """The hottest lesion, at one of some stations of the chest, tried in random order."""
    names = [name for name in sites_of(*_CHEST) if name.startswith(stations)]
    for name in lesions.rng.permutation(names).tolist():
        found = lesions.add(name, "node", volume_ml, level_suv)
        if found is not None and found.volume_ml >= 0.75 * volume_ml:
            return found
        if found is not None:
            lesions.lesions.remove(found)
    return None
