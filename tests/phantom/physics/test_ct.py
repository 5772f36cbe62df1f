from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from uptake.geometry import ImageGeometry
from uptake.phantom.body.materials import materials
from uptake.phantom.body.painting import Painted
from uptake.phantom.physics.ct import acquired
from uptake.phantom.physics.scanners import scanner

PLAN = scanner("neutral-whole-body")
SIDE = 200
GEOMETRY = ImageGeometry((9, SIDE, SIDE), (3.0, 2.0, 2.0), (-199.0, -199.0, 0.0))
Y, X = np.mgrid[:SIDE, :SIDE] * 2.0 - 199.0


def body(half_x: float, half_y: float, material: str = "liver") -> Painted:
    inside = (X / half_x) ** 2 + (Y / half_y) ** 2 < 1
    numbers = np.zeros(GEOMETRY.shape, np.uint8)
    numbers[:, inside] = materials()[material].number
    values = np.full(GEOMETRY.shape, -1000.0, np.float32)
    values[:, inside] = 60.0
    return Painted(numbers, numbers, values, GEOMETRY)


def scan(painted: Painted, *, streaks: float = 0.0, metal: bool = False, seed: int = 1) -> NDArray[np.float32]:
    return acquired(painted, PLAN, streaks=streaks, metal=metal, rng=np.random.default_rng(seed)).array


def test_tissue_keeps_its_number_and_air_stays_air() -> None:
    hu = scan(body(160, 105))
    centre = hu[:, 90:110, 90:110]
    assert centre.mean() == pytest.approx(60.0, abs=1.5)
    assert 8 < centre.std() < 20
    air = hu[:, :15, :15]
    assert air.mean() == pytest.approx(-1000.0, abs=0.5)
    assert air.std() < 6
    assert hu.min() >= -1024


def test_noise_grows_with_the_body_and_its_texture_with_the_tissue() -> None:
    slim, large = (scan(body(*half))[:, 90:110, 90:110].std() for half in ((120, 80), (190, 150)))
    assert large > 1.5 * slim
    lung = scan(body(120, 80, "lung"))[:, 90:110, 90:110].std()
    assert lung**2 - slim**2 == pytest.approx(30.0**2 - 5.0**2, rel=0.25)


def test_streaks_run_from_side_to_side_where_rays_cross_much() -> None:
    def along(hu: NDArray[np.float32]) -> float:
        rest = hu[:, 85:115, 60:140] - 60
        return float((rest[:, :, 10:] * rest[:, :, :-10]).mean() / rest.var())

    wide = body(195, 100)
    assert along(scan(wide, streaks=1.0)) > 0.2
    assert along(scan(wide)) < 0.05
    assert along(scan(body(120, 80), streaks=1.0)) < 0.05
    assert scan(wide, streaks=1.0)[:, 95:105, 60:140].mean() < 55


def test_fillings_lie_in_the_teeth_and_throw_streaks() -> None:
    painted = body(80, 95)
    painted.materials[3:6, 80:84, 90:110] = materials()["tooth"].number
    painted.values[3:6, 80:84, 90:110] = 1800
    plain, filled = scan(painted), scan(painted, metal=True)
    assert plain.max() < 2800
    assert filled.max() == 3071
    beside = np.s_[4, 95:110, 90:110]
    assert filled[beside].std() > 2 * plain[beside].std()
    np.testing.assert_array_equal(filled[8, :, :], plain[8, :, :])
    np.testing.assert_array_equal(scan(body(80, 95), metal=True), scan(body(80, 95)))


def test_an_implant_throws_streaks_unasked() -> None:
    painted = body(160, 105)
    painted.materials[2:7, 95:105, 60:70] = materials()["metal"].number
    painted.values[2:7, 95:105, 60:70] = 3000
    beside = np.s_[4, 85:115, 75:95]
    assert scan(painted)[beside].std() > 3 * scan(body(160, 105))[beside].std()


def test_the_same_seed_gives_the_same_bytes() -> None:
    painted = body(160, 105)
    one, other = (scan(painted, streaks=0.5, seed=4) for _ in range(2))
    assert one.tobytes() == other.tobytes()
    assert one.tobytes() != scan(painted, streaks=0.5, seed=5).tobytes()
    assert painted.values.min() == -1000
