from __future__ import annotations

import numpy as np
import pytest

from uptake.phantom.body.materials import materials
from uptake.phantom.body.parts import Ellipsoid, Part
from uptake.phantom.plan import BodyPlan, TracerPlan
from uptake.phantom.tracers.radionuclides import TRACERS, radiopharmaceutical
from uptake.phantom.tracers.tables import table
from uptake.phantom.tracers.uptake import fat_factor, material_uptake, part_uptake

MAN = BodyPlan(1, "M", 60.0, 1.76, 24.0 * 1.76**2)
HOUR = 3600.0


def uptake(seed: int, name: str = "fdg", **change: object) -> dict[str, float]:
    return material_uptake(TracerPlan(name, seed, **change), MAN)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", TRACERS)
def test_every_material_has_a_range_and_a_source(name: str) -> None:
    rows = {row["material"]: row for row in table(name)}
    assert list(rows) == list(materials())
    for row in rows.values():
        assert 0 <= float(row["low"]) <= float(row["high"])
        assert row["source"]


# Measured in the two real exams at hand (liver, lung, fat, muscle, marrow in regions without edges).
@pytest.mark.parametrize(
    ("material", "measured"),
    [
        ("liver", (1.78, 2.1)),
        ("lung", (0.33,)),
        ("fat", (0.23,)),
        ("muscle", (0.65, 0.68)),
        ("red_marrow", (1.1, 1.43)),
    ],
)
def test_fdg_ranges_cover_real_exams(material: str, measured: tuple[float, ...]) -> None:
    row = next(row for row in table("fdg") if row["material"] == material)
    assert float(row["low"]) < min(measured)
    assert max(measured) < float(row["high"])


def test_persons_spread_over_the_published_range() -> None:
    livers = np.array([uptake(seed)["liver"] for seed in range(200)])
    inside = ((livers > 1.6) & (livers < 2.9)).mean()
    assert 0.8 < inside < 0.93  # the range is 1.5 standard deviations to either side
    assert np.median(livers) == pytest.approx(np.sqrt(1.6 * 2.9), rel=0.05)
    assert livers.max() / livers.min() < (2.9 / 1.6) ** (2 / 1.5) * 1.001


def test_organs_of_a_person_go_together_and_pairs_more_so() -> None:
    logs = np.log(
        [[uptake(seed)[m] for m in ("liver", "blood", "parotid_right", "parotid_left")] for seed in range(200)]
    )
    related = np.corrcoef(logs.T)
    assert 0.1 < related[0, 1] < 0.4
    assert related[2, 3] > 0.85


def test_uptake_changes_with_time_as_the_table_says() -> None:
    early, late = uptake(3), uptake(3, uptake_s=2 * HOUR)
    assert late["blood"] / early["blood"] == pytest.approx(0.8)
    assert late["liver"] / early["liver"] == pytest.approx(0.92)
    assert late["urine"] > early["urine"]


def test_scale_and_traps_change_only_what_they_name() -> None:
    plain = uptake(5)
    changed = uptake(5, traps=("thyroid",), scale={"red_marrow": 2.5})
    assert 4 * 0.7 < changed["thyroid"] < 11 * 1.4
    assert changed["thyroid"] > 2 * plain["thyroid"]
    assert changed["red_marrow"] == pytest.approx(2.5 * plain["red_marrow"])
    rest = set(plain) - {"thyroid", "red_marrow"}
    assert {m: changed[m] for m in rest} == {m: plain[m] for m in rest}
    one_sided = uptake(5, traps=("vocal-cord-left",))
    assert one_sided["vocal_cord_left"] > 2 * one_sided["vocal_cord_right"]


def test_suv_rises_with_body_fat_so_that_sul_does_not() -> None:
    heavy = BodyPlan(1, "M", 60.0, 1.76, 120.0)
    lean_kg = [9270 * body.weight_kg / (6680 + 216 * body.weight_kg / body.height_m**2) for body in (MAN, heavy)]
    sul = [
        material_uptake(TracerPlan("fdg", 2), body)["liver"] * lean / body.weight_kg
        for body, lean in zip((MAN, heavy), lean_kg, strict=True)
    ]
    assert sul[1] == pytest.approx(sul[0], rel=1e-9)
    assert fat_factor(heavy) == pytest.approx(1.267, abs=0.002)
    assert material_uptake(TracerPlan("psma-11", 2), heavy) == material_uptake(TracerPlan("psma-11", 2), MAN)


def test_tracers_differ_as_published() -> None:
    def middle(name: str, material: str) -> float:
        return float(np.median([uptake(seed, name)[material] for seed in range(30)]))

    assert middle("psma-11", "kidney") > 2 * middle("psma-1007", "kidney")
    assert middle("psma-1007", "liver") > 2 * middle("psma-11", "liver")
    assert middle("psma-11", "urine") > 5 * middle("psma-1007", "urine")
    assert middle("fdg", "brain_grey") > 50 * middle("psma-11", "brain_grey")


def test_parts_get_their_materials_uptake() -> None:
    shape = Ellipsoid((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    parts = [Part(shape, "liver", "liver"), Part(shape, "airway", "airway"), Part(shape, "spleen", "spleen")]
    values = part_uptake(TracerPlan("fdg", 4), MAN, parts)
    known = uptake(4)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, [known["liver"], 0.0, known["spleen"]], rtol=1e-6)
    with pytest.raises(ValueError, match="nothing"):
        part_uptake(TracerPlan("fdg", 4), MAN, [Part(shape, "liver", "nothing")])


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match="tracers are"):
        uptake(1, "choline")
    with pytest.raises(ValueError, match="no physiological trap"):
        uptake(1, traps=("ganglia-coeliac",))


def test_half_lives_and_codes() -> None:
    assert radiopharmaceutical("fdg").half_life_s == pytest.approx(109.77 * 60, rel=1e-3)
    assert radiopharmaceutical("psma-11").half_life_s == pytest.approx(67.83 * 60, rel=1e-3)
    assert radiopharmaceutical("psma-1007").code.value == "126758"
    assert radiopharmaceutical("fdg").code.scheme == "SCT"
