"""Head and neck cancer: a primary tumour and its chain of lymph nodes.

Volumes and how often each site occurs follow Nikulin et al. 2023 (643 primaries and 1078 nodes; 175 and 397 in the
external set).
"""

from __future__ import annotations

from uptake.phantom.disease.lesions import LesionSet, Wanted, level_of, size_of, with_core

# Main and external set of the paper; what is left over goes to the oropharynx.
_SITES = {
    "internal": {"oropharynx": 0.65, "larynx": 0.17, "oral cavity": 0.06, "hypopharynx": 0.06, "nasopharynx": 0.06},
    "external": {"oropharynx": 0.42, "larynx": 0.17, "oral cavity": 0.19, "hypopharynx": 0.14, "nasopharynx": 0.08},
}
_PLACES = {
    "oropharynx": ("tonsil_{side}", "tonsil_{side}", "tongue_base"),
    "larynx": ("larynx_{side}",),
    "oral cavity": ("oral_tongue_{side}", "floor_of_mouth"),
    "hypopharynx": ("hypopharynx_{side}",),
    "nasopharynx": ("nasopharynx_{side}",),
}
# How often each level is involved (Lindberg R, Cancer 1972;29:1446-1449, in round shares).
_LEVELS = {
    "neck_level_2": 0.45,
    "neck_level_3": 0.24,
    "neck_level_4": 0.10,
    "neck_level_1b": 0.08,
    "neck_level_5": 0.08,
    "retropharyngeal": 0.05,
}
_MEAN_NODES = 1.7
_NECROTIC_ML = 9.0


def draw_head_neck(lesions: LesionSet, pattern: str, institution: str) -> None:
    """Draw a primary and nodes.

    Parameters
    ----------
    lesions
        Receives them.
    pattern
        ``primary with nodes``, ``primary alone``, ``touching``, ``necrotic`` or ``nodes alone``.
    institution
        ``internal`` or ``external``.
    """
    rng = lesions.rng
    side = str(rng.choice(["right", "left"]))
    primary = None if pattern == "nodes alone" else _primary(lesions, side, institution, pattern)
    if pattern == "touching" and primary is not None:
        volume = size_of("head-neck node", institution).draw(rng, least=2.0)
        level = level_of("head-neck node").draw(rng, least=4.0)
        lesions.add_beside(primary, f"neck_level_2_{side}", volume, level, gap_mm=-1.5)
    count = {"primary alone": 0}.get(pattern, 1 + int(rng.poisson(_MEAN_NODES)))
    for number in range(min(count, 7)):
        _node(lesions, side, institution, necrotic=pattern == "necrotic" and number == 0)


def _primary(lesions: LesionSet, side: str, institution: str, pattern: str) -> Wanted | None:
    rng = lesions.rng
    shares = _SITES[institution]
    places = _PLACES[str(rng.choice(list(shares), p=list(shares.values())))]
    where = str(rng.choice(places)).format(side=side)
    least = _NECROTIC_ML if pattern == "necrotic" else 0.0
    volume = size_of("head-neck primary", institution).draw(rng, least=least)
    # The larger, the hotter, on the whole.
    level = level_of("head-neck primary").draw(rng) * (volume / 8.0) ** 0.15
    primary = lesions.add(where, "primary", volume, level)
    if primary is not None and primary.volume_ml >= _NECROTIC_ML and (pattern == "necrotic" or rng.random() < 0.2):
        return lesions.replace(primary, with_core(primary, rng))
    return primary


def _node(lesions: LesionSet, side: str, institution: str, *, necrotic: bool) -> None:
    rng = lesions.rng
    other = "left" if side == "right" else "right"
    level_name = str(rng.choice(list(_LEVELS), p=list(_LEVELS.values())))
    where = f"{level_name}_{side if rng.random() < 0.75 else other}"
    volume = size_of("head-neck node", institution).draw(rng, least=_NECROTIC_ML if necrotic else 0.0)
    node = lesions.add(where, "node", volume, level_of("head-neck node").draw(rng))
    if node is not None and node.volume_ml >= _NECROTIC_ML / 2 and (necrotic or rng.random() < 0.15):
        lesions.replace(node, with_core(node, rng))
