from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from uptake.phantom.disease.recovery import blur_sigma_mm, radius_of, recovery
from uptake.phantom.physics.scanners import scanner

SPACING_MM = 1.5


@pytest.fixture(scope="module", params=[1.5, 8.0])
def blurred_ball(request: pytest.FixtureRequest) -> tuple[float, np.ndarray, np.ndarray]:
    radius = radius_of(request.param)
    axis = np.arange(-18, 18.1, SPACING_MM / 2)
    distance = np.sqrt(axis[:, None, None] ** 2 + axis[None, :, None] ** 2 + axis[None, None, :] ** 2)
    ball = np.clip(0.5 + (radius - distance) / (SPACING_MM / 2), 0, 1)
    return request.param, distance, ndimage.gaussian_filter(ball, 3.0 / (SPACING_MM / 2), mode="constant")


def test_recovery_is_that_of_a_blurred_ball(blurred_ball: tuple[float, np.ndarray, np.ndarray]) -> None:
    volume, distance, image = blurred_ball
    found = recovery(volume, 3.0)
    assert found.maximum == pytest.approx(image.max(), rel=0.01)
    assert found.peak == pytest.approx(image[distance < radius_of(1.0)].mean(), rel=0.015)
    assert found.mean == pytest.approx(image[distance < radius_of(volume)].mean(), rel=0.015)


def test_a_litre_is_ten_centimetres_cubed() -> None:
    assert 4 / 3 * np.pi * radius_of(1000.0) ** 3 == pytest.approx(1e6)


def test_blur_grows_towards_the_edge_and_about_the_diaphragm() -> None:
    plan = scanner("neutral-whole-body")
    still = blur_sigma_mm(plan, (0.0, 0.0, 700.0), 10.0)
    assert blur_sigma_mm(plan, (150.0, 0.0, 700.0), 10.0) > still
    moving = blur_sigma_mm(plan, (0.0, 0.0, 400.0), 10.0)
    assert moving**2 - still**2 == pytest.approx(100.0 / 12 / 3)
