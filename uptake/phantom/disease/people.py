"""Who the patients are, and how they lie in the scanner: drawn per system."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from uptake.exam import Patient
from uptake.phantom.plan import BodyPlan, PosePlan

# Share of men, and mean and spread of the age in years, by disease.
_MEN = {"head-neck": 0.76, "breast": 0.0, "prostate": 1.0, "lymphoma": 0.55}
_AGE = {"head-neck": (61.0, 9.0), "breast": (58.0, 11.0), "prostate": (69.0, 7.0), "lymphoma": (52.0, 16.0)}
_HEIGHT_M = {"M": (1.76, 0.065), "F": (1.63, 0.06)}
_FIRST_DAY = datetime(2021, 1, 4)
_DAYS = 1200


def draw_body(disease: str, rng: np.random.Generator) -> BodyPlan:
    """A person with a disease: sex, age, height and weight."""
    sex = "M" if rng.random() < _MEN[disease] else "F"
    age, spread = _AGE[disease]
    mean_m, spread_m = _HEIGHT_M[sex]
    height_m = round(float(np.clip(rng.normal(mean_m, spread_m), 1.48, 1.98)), 2)
    # Patients' body mass index: 26 on average, with the longer tail above.
    body_mass_index = float(np.clip(25.5 * np.exp(rng.normal(0.0, 0.15)), 18.5, 38.0))
    return BodyPlan(
        seed=int(rng.integers(2**31)),
        sex=sex,
        age_y=round(float(np.clip(rng.normal(age, spread), 22.0, 88.0)), 1),
        height_m=height_m,
        weight_kg=round(body_mass_index * height_m**2, 1),
    )


def later_body(body: BodyPlan, days: float, rng: np.random.Generator) -> BodyPlan:
    """The same person some days later: a few kilograms more or less."""
    factor = 1.0 + float(np.clip(rng.normal(-0.01, 0.03), -0.07, 0.06))
    return replace(body, age_y=round(body.age_y + days / 365.25, 1), weight_kg=round(body.weight_kg * factor, 1))


def draw_pose(rng: np.random.Generator, *, arms_up: bool) -> PosePlan:
    """One way of lying on the table, which stands somewhere."""
    x, y, z = np.clip(rng.normal(0.0, (1.0, 0.8, 1.5)), -3.0, 3.0).tolist()
    return PosePlan(
        arms_up=arms_up,
        rotation_deg=(x, y, z),
        shift_mm=(float(rng.normal(0, 5)), float(rng.normal(0, 8)), float(rng.uniform(-900, -300))),
        bend_seed=int(rng.integers(2**31)),
        bend_mm=float(rng.uniform(2.0, 6.0)),
    )


def draw_first_injection(rng: np.random.Generator) -> datetime:
    """When the first exam's tracer was injected: a working day, in working hours."""
    day = _FIRST_DAY + timedelta(days=int(rng.integers(_DAYS)))
    day -= timedelta(days=max(0, day.weekday() - 4))
    return day + timedelta(seconds=int(rng.integers(8 * 3600, 16 * 3600)))


def patient_of(identity: str, body: BodyPlan, first_exam: datetime) -> Patient:
    """Name, number and birth date of a digital patient."""
    born = first_exam - timedelta(days=body.age_y * 365.25)
    return Patient(
        patient_id=f"DIGITAL-{identity.upper()}",
        name=f"Digital^{identity.title()}",
        birth_date=born.strftime("%Y%m%d"),
        sex=body.sex,
    )
