from __future__ import annotations

import csv
from importlib.resources import files

import pytest

from uptake.phantom.disease.sites import all_sites, site, sites_of


def test_names_are_unique_and_structures_known() -> None:
    text = files("uptake.phantom.body").joinpath("structures.csv").read_text(encoding="utf-8")
    structures = {row["name"] for row in csv.DictReader(text.splitlines())}
    names = [each.name for each in all_sites()]
    assert len(set(names)) == len(names)
    assert {each.structure for each in all_sites() if each.structure} <= structures


def test_every_stage_has_sites() -> None:
    assert {each.mitnm for each in all_sites()} == {"T", "N", "M1a", "M1b", "M1c"}
    assert all(each.mitnm == "M1b" for each in all_sites() if each.region == "bone")
    assert all(each.mitnm == "N" for each in all_sites() if each.region == "pelvis-nodes")
    assert len(sites_of("bone")) >= 25


def test_right_and_left_mirror_each_other() -> None:
    pairs = [(each, site(each.name.replace("_right", "_left"))) for each in all_sites() if each.name.endswith("_right")]
    assert len(pairs) > 20
    for right, left in pairs:
        assert right.anchor_mm == (-left.anchor_mm[0], *left.anchor_mm[1:])
        assert right.anchor_mm[0] < 0
        assert (right.laterality, left.laterality) == ("right", "left")
        assert right.code == left.code


def test_an_unknown_site_is_refused() -> None:
    with pytest.raises(ValueError, match="no site 'moon'"):
        site("moon")
