from __future__ import annotations

import numpy as np
import pytest

from uptake.geometry import ImageGeometry
from uptake.phantom.physics.pet import Counts, blurred, with_noise
from uptake.phantom.physics.resolution import FWHM_PER_SIGMA, image_fwhm_mm, sphere_recovery
from uptake.phantom.physics.scanners import scanner, scanners
from uptake.phantom.plan import ScannerPlan
from uptake.volume import SuvVolume

CENTRE = ImageGeometry((25, 25, 25), (4.0, 4.0, 4.0), (-48.0, -48.0, -48.0))
FINE = ImageGeometry((50, 50, 50), (2.0, 2.0, 2.0), (-49.0, -49.0, -49.0))
REFERENCE = Counts(300e6, 75.0, 3600.0, 6586.2, np.full(40, 22.0, np.float32))


def painted(radius_mm: float, parts: int = 6) -> SuvVolume:
    offset = (np.arange(50 * parts) - (50 * parts - 1) / 2) * 2.0 / parts
    square = offset**2
    share = np.zeros(FINE.shape, np.float32)
    for z, row in enumerate(square.reshape(50, parts)):
        inside = row[:, None, None] + square[:, None] + square <= radius_mm**2
        share[z] = inside.mean(axis=0).reshape(50, parts, 50, parts).mean(axis=(1, 3))
    return SuvVolume(share, FINE)


def uniform(suv: float = 2.2) -> SuvVolume:
    geometry = ImageGeometry((40, 40, 40), (4.0, 4.0, 4.0), (0.0, 0.0, 0.0))
    return SuvVolume(np.full(geometry.shape, suv, np.float32), geometry)


@pytest.mark.parametrize("radius_mm", [5.0, 8.0, 11.0, 18.5])
def test_a_sphere_recovers_what_the_gaussian_leaves(radius_mm: float) -> None:
    plan = scanner("neutral-whole-body")
    image = blurred(painted(radius_mm), plan, CENTRE, axis_mm=(0.0, 0.0)).array
    expected = sphere_recovery(radius_mm, image_fwhm_mm(plan, 0.0, voxels=True))
    assert image[12, 12, 12] == pytest.approx(expected, rel=0.02)
    at_8_mm = sphere_recovery(radius_mm, image_fwhm_mm(plan, 0.0, voxels=True), at_mm=8.0)
    assert image[12, 12, 14] == pytest.approx(at_8_mm, abs=0.02)
    assert image[10, 12, 12] == pytest.approx(at_8_mm, abs=0.02)


def test_recovery_far_from_the_axis_is_that_of_the_wider_resolution() -> None:
    plan = scanner("cps-whole-body")
    beside = blurred(painted(8.0), plan, CENTRE, axis_mm=(-200.0, 0.0)).array[12, 12, 12]
    assert beside == pytest.approx(sphere_recovery(8.0, image_fwhm_mm(plan, 200.0, voxels=True)), rel=0.02)
    assert beside < 0.9 * sphere_recovery(8.0, image_fwhm_mm(plan, 0.0, voxels=True))


def test_activity_is_kept_and_the_variance_is_that_of_all_blurs() -> None:
    plan = scanner("siemens-whole-body")
    fine = painted(6.0)
    geometry = ImageGeometry((25, 25, 25), (4.0, 4.0, 4.0), (-47.2, -48.7, -48.3))
    image = blurred(fine, plan, geometry, axis_mm=(0.0, 0.0), motion_mm=np.full(50, 15.0, np.float32)).array
    assert image.sum() * 64 == pytest.approx(fine.array.sum() * 8, rel=2e-3)
    profile = image.sum(axis=(1, 2), dtype=np.float64)
    z = geometry.origin_mm[2] + 4.0 * np.arange(25)
    mean = (profile * z).sum() / profile.sum()
    assert mean == pytest.approx(0.0, abs=0.05)
    expected = 6.0**2 / 5 + (image_fwhm_mm(plan, 0.0) / FWHM_PER_SIGMA) ** 2 + (4.0**2 + 15.0**2) / 12
    assert (profile * (z - mean) ** 2).sum() / profile.sum() == pytest.approx(expected, rel=0.02)


def test_uniform_activity_stays_uniform_and_goes_on_beyond_the_scan() -> None:
    fine = SuvVolume(np.full(FINE.shape, 3.0, np.float32), FINE)
    motion = np.linspace(0, 20, 50, dtype=np.float32)
    image = blurred(fine, scanner("ge-whole-body"), CENTRE, axis_mm=(30.0, 0.0), motion_mm=motion).array
    np.testing.assert_allclose(image[:, 8:17, 8:17], 3.0, rtol=1e-5)
    assert image[12, 12, 0] < 2.5


# Stands for the scanners of the two real exams, whose livers vary by 18 and 22 %.
OLDEST = "ge-oldest-whole-body"
WHOLE_BODY = {*scanners("internal", "whole-body"), *scanners("external", "whole-body")}


@pytest.mark.parametrize("name", [*scanners("internal"), *scanners("external")])
def test_the_reference_liver_has_the_stated_noise(name: str) -> None:
    plan = scanner(name)
    counts = Counts(300e6, 75.0, 3600.0, 6586.2, np.full((40, 40, 40), 22.0, np.float32))
    noisy = with_noise(uniform(), plan, counts, np.random.default_rng(3)).array[12:-12]
    stated = plan.noise * np.sqrt(120.0 / plan.frame_duration_s)
    assert noisy.std() / noisy.mean() == pytest.approx(stated, rel=0.06)
    assert noisy.mean() == pytest.approx(2.2, rel=0.02)
    assert 0.08 <= plan.noise <= 0.15 or name == OLDEST


def test_noise_follows_the_counts() -> None:
    plan = scanner("neutral-whole-body")

    def variance(suv: float = 2.2, counts: Counts = REFERENCE) -> float:
        return float(with_noise(uniform(suv), plan, counts, np.random.default_rng(5)).array[12:-12].var())

    usual = variance()
    assert variance(suv=8.8) == pytest.approx(4 * usual, rel=0.05)
    half = Counts(150e6, 75.0, 3600.0, 6586.2, REFERENCE.attenuation_cm)
    assert variance(counts=half) == pytest.approx(2 * usual, rel=0.05)
    decayed = Counts(300e6, 75.0, 3600.0 + 6586.2, 6586.2, REFERENCE.attenuation_cm)
    assert variance(counts=decayed) == pytest.approx(2 * usual, rel=0.05)
    thick = Counts(300e6, 75.0, 3600.0, 6586.2, np.full(40, 32.0, np.float32))
    assert variance(counts=thick) == pytest.approx(np.exp(0.96) * usual, rel=0.05)


def test_noise_is_correlated_without_bias_and_never_negative() -> None:
    plan = scanner("neutral-whole-body")
    few = Counts(20e6, 75.0, 3600.0, 6586.2, REFERENCE.attenuation_cm)
    noisy = with_noise(uniform(0.3), plan, few, np.random.default_rng(7)).array
    assert noisy.min() > 0
    assert noisy.mean() == pytest.approx(0.3, rel=0.03)
    rest = np.log(noisy) - np.log(noisy).mean()
    in_plane = (rest[:, :, 1:] * rest[:, :, :-1]).mean() / rest.var()
    axial = (rest[1:] * rest[:-1]).mean() / rest.var()
    # Gaussian noise kernels of 5.8 mm in the plane and 3.8 mm along the axis, 4 mm voxels.
    assert in_plane == pytest.approx(0.52, abs=0.05)
    assert axial == pytest.approx(0.22, abs=0.05)
    empty = with_noise(uniform(0.0), plan, few, np.random.default_rng(7)).array
    assert not empty.any()


def test_the_same_seed_gives_the_same_image() -> None:
    plan = scanner("neutral-whole-body")
    one, other = (with_noise(uniform(), plan, REFERENCE, np.random.default_rng(9)).array for _ in range(2))
    assert one.tobytes() == other.tobytes()
    images = [blurred(painted(6.0), plan, CENTRE, axis_mm=(0.0, 0.0)).array.tobytes() for _ in range(2)]
    assert images[0] == images[1]


def test_wrong_shapes_are_refused() -> None:
    plan = scanner("neutral-whole-body")
    with pytest.raises(ValueError, match="attenuation"):
        with_noise(uniform(), plan, Counts(1.0, 1.0, 1.0, 1.0, np.ones(3, np.float32)), np.random.default_rng())
    with pytest.raises(ValueError, match="motion_mm"):
        blurred(painted(5.0), plan, CENTRE, axis_mm=(0.0, 0.0), motion_mm=np.ones(3, np.float32))
    with pytest.raises(ValueError, match="no scanner"):
        scanner("none")
    with pytest.raises(ValueError, match="sites"):
        scanners("nowhere")


def liver_noise(plan: ScannerPlan, weight_kg: float) -> float:
    path = np.full(40, 22.0 * np.sqrt(weight_kg / 75.0), np.float32)
    counts = Counts(4e6 * weight_kg, weight_kg, 3600.0, 6586.2, path)
    noisy = with_noise(uniform(), plan, counts, np.random.default_rng(3)).array[12:-12]
    return float(noisy.std() / noisy.mean())


@pytest.mark.parametrize("name", sorted(WHOLE_BODY - {OLDEST}))
def test_livers_of_usual_persons_are_as_noisy_as_in_clinics(name: str) -> None:
    for weight_kg in (60.0, 75.0, 95.0):
        assert 0.08 < liver_noise(scanner(name), weight_kg) < 0.15


def test_the_oldest_scanner_covers_the_noise_of_the_real_exams() -> None:
    assert liver_noise(scanner(OLDEST), 60.0) < 0.22
    assert liver_noise(scanner(OLDEST), 95.0) > 0.18
