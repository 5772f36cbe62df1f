"""Whole bodies: they weigh what was planned, and every organ and bone can be seen."""

from __future__ import annotations

import numpy as np
import pytest

from uptake.geometry import ImageGeometry
from uptake.phantom.body.body import body_parts
from uptake.phantom.body.mapping import mapping_of
from uptake.phantom.body.materials import materials
from uptake.phantom.body.packing import numbers_by_name
from uptake.phantom.body.painting import Painted, paint
from uptake.phantom.plan import BodyPlan, PosePlan

# Without shanks and feet, which are not painted: 12 % (Dempster 1955, 6.1 % of body mass on either side).
_PAINTED_SHARE = 0.88


def painted(body: BodyPlan, spacing_mm: float) -> Painted:
    mapping = mapping_of(body, PosePlan())
    low, high = mapping.to_patient([(0, 0, -450), (0, 0, 1130)])[:, 2]
    shape = tuple(int(length / spacing_mm) for length in (high - low, 380.0, 580.0))
    grid = ImageGeometry((shape[0], shape[1], shape[2]), (spacing_mm,) * 3, (-290.0, -190.0, float(low)))
    parts = body_parts(body, arms_up=True)
    hu = {name: material.hu for name, material in materials().items()}
    return paint(grid, parts, np.array([hu[part.material] for part in parts], np.float32), mapping, outside=-1000.0)


@pytest.mark.parametrize(
    "body",
    [
        BodyPlan(3, "M", 40, 1.76, 73),
        BodyPlan(3, "F", 40, 1.63, 60),
        BodyPlan(4, "F", 60, 1.60, 95),
        BodyPlan(5, "M", 60, 1.80, 115),
        BodyPlan(6, "M", 70, 1.70, 52),
    ],
)
def test_bodies_weigh_what_was_planned(body: BodyPlan) -> None:
    result = painted(body, 6.0)
    # Bone's CT number rises about 1.7 times as fast with density as soft tissue's (Schneider, Phys Med Biol 1996).
    density = np.maximum(1 + result.values / 1000 * np.where(result.values > 100, 0.6, 1.0), 0.0)
    weight_kg = float(density.sum(dtype=np.float64)) * result.geometry.voxel_volume_ml / 1000
    assert weight_kg == pytest.approx(_PAINTED_SHARE * body.weight_kg, rel=0.10)


@pytest.mark.parametrize("sex", ["M", "F"])
def test_every_organ_and_bone_can_be_seen(sex: str) -> None:
    seen = set(np.unique(painted(BodyPlan(7, sex, 50, 1.7, 70), 3.5).structures).tolist())
    numbers = numbers_by_name("structures.csv")
    of_the_other = {"M": ("uterus", "ovaries"), "F": ("prostate", "seminal_vesicles", "testes")}[sex]
    hidden = {name for name, number in numbers.items() if number not in seen}
    assert hidden - {"table"} == set(of_the_other)
