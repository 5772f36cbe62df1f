"""What was painted comes back: uniform organs, spheres and noise, through DICOM, read_exams and SUV."""

from dataclasses import replace
from math import dist

import numpy as np
import pytest
from scipy import ndimage

from tests.phantom.coarse import coarse
from uptake.dicom.exam_writer.pet_series import write_pet_series
from uptake.dicom.exams.exam_reader import read_exams
from uptake.exam_preparation import prepare
from uptake.phantom.checking.anatomy import structures
from uptake.phantom.dicom_terms import dicom_terms
from uptake.phantom.disease.design import design_patient
from uptake.phantom.physics.resolution import image_fwhm_mm, sphere_recovery
from uptake.phantom.physics.scanners import scanner
from uptake.phantom.plan import LesionPlan
from uptake.phantom.rendering.grids import body_mapping
from uptake.phantom.rendering.pet import counted, render_pet
from uptake.phantom.tracers.uptake import material_uptake

LESION_SUV = 12.0


def rendered(exam):
    return render_pet(replace(exam, breath_mm=0.0))


def through_dicom(patient, exam, suv, folder):
    write_pet_series(suv, *dicom_terms(patient, exam), folder, description="PET")
    (read,) = read_exams(folder)
    return prepare(read).suv


@pytest.fixture(scope="module")
def healthy():
    patient = design_patient("breast-pairs", 4)
    exam = replace(patient.exams[0], lesions=(), scanner=scanner("neutral-whole-body"))
    exam = replace(exam, tracer=replace(exam.tracer, traps=(), uptake_s=3600), activity_bq=4e6 * exam.body.weight_kg)
    return patient, exam, rendered(exam)


@pytest.fixture(scope="module")
def read_back(healthy, tmp_path_factory):
    patient, exam, pet = healthy
    suv = counted(pet, exam, np.random.default_rng(3))
    return through_dicom(patient, exam, suv, tmp_path_factory.mktemp("pet"))


def deep_inside(pet, name, depth_mm):
    mask = pet.structures.array == structures()[name].number
    return ndimage.distance_transform_edt(mask, pet.structures.geometry.spacing_mm) > depth_mm


@pytest.mark.parametrize(("organ", "material", "depth_mm"), [("liver", "liver", 16.0), ("bladder", "urine", 14.0)])
def test_uniform_organs_recover_their_uptake(organ, material, depth_mm, healthy, read_back):
    _, exam, pet = healthy
    inside = deep_inside(pet, organ, depth_mm)
    assert inside.sum() > 30
    painted = material_uptake(exam.tracer, exam.body)[material]
    assert read_back.array[inside].mean() == pytest.approx(painted, rel=0.02)


def test_liver_noise_is_that_of_a_clinical_scan(healthy, read_back):
    inside = deep_inside(healthy[2], "liver", 16.0)
    values = read_back.array[inside]
    assert 0.08 <= values.std() / values.mean() <= 0.15


def sphere(number, centre_mm, radius_mm):
    return LesionPlan(
        identity=f"S{number}",
        site="liver",
        kind="liver",
        centre_mm=centre_mm,
        half_axes_mm=(radius_mm,) * 3,
        rotation_deg=(0.0, 0.0, 0.0),
        roughness_mm=0.0,
        seed=number,
        suv=LESION_SUV,
    )


# Radius, and a place in the right lobe of the liver, far enough from the others.
SPHERES = {
    5.0: (-50.0, -15.0, 425.0),
    7.0: (-95.0, 25.0, 350.0),
    10.0: (-60.0, 20.0, 370.0),
    14.0: (-90.0, -10.0, 400.0),
}


@pytest.fixture(scope="module")
def spheres(healthy, tmp_path_factory):
    patient, exam, _ = healthy
    lesions = tuple(sphere(number, centre, radius) for number, (radius, centre) in enumerate(SPHERES.items(), start=1))
    exam = replace(exam, lesions=lesions, scanner=replace(exam.scanner, pet_spacing_mm=(2.5, 2.5, 2.5)))
    pet = rendered(exam)
    return exam, pet.volumes_ml, through_dicom(patient, exam, pet.noise_free, tmp_path_factory.mktemp("spheres"))


@pytest.mark.parametrize(("number", "radius_mm"), list(enumerate(SPHERES)))
def test_spheres_recover_as_the_analytic_blur_says(number, radius_mm, spheres):
    exam, volumes_ml, suv = spheres
    centre = body_mapping(exam).to_patient(np.asarray([SPHERES[radius_mm]]))[0]
    geometry = suv.geometry
    index = np.rint(geometry.index(centre)).astype(int)
    axis = geometry.position_mm((np.asarray(geometry.shape) - 1) / 2)
    fwhm = image_fwhm_mm(exam.scanner, dist(centre[:2], axis[:2]), voxels=True)
    background = material_uptake(exam.tracer, exam.body)["liver"]
    off_mm = dist(geometry.position_mm(index), centre)
    expected = background + (LESION_SUV - background) * sphere_recovery(radius_mm, fwhm, off_mm)
    assert suv.array[tuple(index)] == pytest.approx(expected, rel=0.05)
    assert volumes_ml[number] == pytest.approx(4 / 3 * np.pi * radius_mm**3 / 1000, rel=0.02)


def test_every_vendor_writes_the_same_suv_of_one_patient(healthy, tmp_path):
    patient, exam, _ = healthy
    pet = rendered(coarse(exam, pet_mm=12.0))
    ways = [
        ("ge", "BQML", "START"),
        ("siemens", "BQML", "START"),
        ("siemens", "BQML", "NONE"),
        ("philips", "CNTS-SUV", "START"),
        ("philips", "CNTS-BQML", "START"),
        ("cps", "BQML", "START"),
        ("neutral", "GML", "START"),
        ("neutral", "BQML", "ADMIN"),
    ]
    stored_unit = pet.noise_free.array.max(axis=(1, 2), keepdims=True) / 32767
    for number, (vendor, units, decay) in enumerate(ways):
        written = replace(exam, scanner=replace(exam.scanner, vendor=vendor, units=units, decay_correction=decay))
        suv = through_dicom(patient, written, pet.noise_free, tmp_path / str(number))
        assert np.all(np.abs(suv.array - pet.noise_free.array) <= stored_unit), (vendor, units, decay)
