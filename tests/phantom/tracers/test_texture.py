from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from uptake.geometry import ImageGeometry
from uptake.phantom.body.materials import materials
from uptake.phantom.plan import TracerPlan
from uptake.phantom.tracers.texture import add_texture

GEOMETRY = ImageGeometry((60, 60, 60), (2.0, 2.0, 2.0), (-60.0, -60.0, -900.0))
FDG = TracerPlan("fdg", 1)


def organs(*names: str) -> NDArray[np.uint8]:
    numbers = np.zeros(GEOMETRY.shape, np.uint8)
    for name, part in zip(names, np.array_split(np.arange(60), len(names)), strict=True):
        numbers[part] = materials()[name].number
    return numbers


def textured(numbers: NDArray[np.uint8], seed: int = 1) -> NDArray[np.float32]:
    values = np.full(GEOMETRY.shape, 2.0, np.float32)
    add_texture(values, numbers, GEOMETRY, FDG, seed)
    return values


def test_means_stay_and_spreads_are_the_tables() -> None:
    numbers = organs("liver", "muscle", "urine")
    values = textured(numbers)
    liver, muscle, urine = (values[numbers == materials()[name].number] for name in ("liver", "muscle", "urine"))
    assert liver.mean() == pytest.approx(2.0, rel=2e-3)
    assert muscle.mean() == pytest.approx(2.0, rel=5e-3)
    assert liver.std() / 2 == pytest.approx(0.03, rel=0.3)
    assert muscle.std() / 2 == pytest.approx(0.12, rel=0.4)
    assert np.all(urine == 2.0)


def test_patches_are_as_long_as_stated() -> None:
    values = textured(organs("liver"))
    rest = values - values.mean()
    half_length = (rest[:, :, 6:] * rest[:, :, :-6]).mean() / rest.var()  # 12 mm of 24 mm: down to a half
    assert half_length == pytest.approx(0.5, abs=0.15)
    assert (rest[:, :, 20:] * rest[:, :, :-20]).mean() / rest.var() < 0.25


def test_neighbouring_organs_have_patterns_of_their_own() -> None:
    numbers = np.zeros(GEOMETRY.shape, np.uint8)
    numbers[:, :, ::2], numbers[:, :, 1::2] = materials()["liver"].number, materials()["spleen"].number
    values = textured(numbers)
    related = np.corrcoef(values[:, :, ::2].ravel(), values[:, :, 1::2].ravel())[0, 1]
    assert abs(related) < 0.4


def test_the_pattern_lies_in_the_patient_not_in_the_grid() -> None:
    numbers = organs("liver")
    coarse = ImageGeometry((30, 30, 30), (4.0, 4.0, 4.0), (-60.0, -60.0, -900.0))
    values = np.full(coarse.shape, 2.0, np.float32)
    add_texture(values, np.ascontiguousarray(numbers[::2, ::2, ::2]), coarse, FDG, 1)
    np.testing.assert_allclose(values, textured(numbers)[::2, ::2, ::2], rtol=2e-3)


def test_the_seed_decides() -> None:
    numbers = organs("colon")
    assert textured(numbers).tobytes() == textured(numbers).tobytes()
    assert textured(numbers).tobytes() != textured(numbers, 2).tobytes()
    assert textured(numbers).min() > 0


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="must have shape"):
        add_texture(np.ones((2, 2, 2), np.float32), organs("liver"), GEOMETRY, FDG, 1)
