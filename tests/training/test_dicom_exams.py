import shutil
from dataclasses import replace

import numpy as np
import pytest

from tests.phantom.coarse import coarse_patient
from tests.training.small_training import small_recipe
from uptake.errors import InputRefused
from uptake.phantom.patient_folder import write_patient
from uptake.training.cache import prepared
from uptake.training.exam_folder import find_exams


@pytest.fixture(scope="module")
def patient(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort") / "patient-1"
    write_patient(folder, coarse_patient("head-neck", 4, pet_mm=6.0, ct_mm=8.0))
    return folder


def test_a_digital_patient_gives_primary_and_nodes(patient, tmp_path):
    (exam,) = find_exams(patient.parent, small_recipe())
    loaded = exam.load()

    assert exam.digital
    assert exam.name == "patient-1"
    assert set(np.unique(loaded.truth)) == {0, 1, 2}
    assert loaded.channels["CT"].geometry.spacing_mm != loaded.pet.geometry.spacing_mm

    (made,) = prepared([exam], small_recipe(), tmp_path)
    assert made.image().shape[1:] == made.labels().shape
    for value in (1, 2):
        expected = (loaded.truth == value).sum() * loaded.pet.geometry.voxel_volume_ml
        assert (made.labels() == value).sum() * 0.125 == pytest.approx(expected, rel=0.35)


@pytest.fixture
def plain_dicom(patient, tmp_path):
    """The same exam without a word about where it came from, the SEG beside it."""
    shutil.copytree(patient / "dicom", tmp_path / "data" / "dicom")
    shutil.copy(patient / "truth" / "exam-1-lesions.dcm", tmp_path / "data" / "seg.dcm")
    return tmp_path / "data"


def test_dicom_with_a_segmentation_is_read_by_the_segments_names(plain_dicom):
    (exam,) = find_exams(plain_dicom, small_recipe())
    truth = exam.load().truth

    assert not exam.digital
    assert set(np.unique(truth)) == {0, 2}  # every lesion is called L0*, which the recipe takes for a node


def test_regions_of_no_class_and_a_truth_that_lacks_are_refused(plain_dicom):
    recipe = small_recipe()
    other = replace(recipe.classes[2], truth=replace(recipe.classes[2].truth, names=("node*",)))
    (exam,) = find_exams(plain_dicom, replace(recipe, classes=(*recipe.classes[:2], other)))
    with pytest.raises(InputRefused, match=r"no region of exam .* L01"):
        exam.load()
    (plain_dicom / "seg.dcm").unlink()
    with pytest.raises(InputRefused, match="has no SEG or RTSTRUCT"):
        find_exams(plain_dicom, recipe)


def test_contours_of_real_exams(data_folder, tmp_path):
    (tmp_path / "sts").mkdir()
    shutil.copytree(data_folder / "sts" / "STS_001", tmp_path / "sts" / "STS_001")
    recipe = small_recipe()
    mass = replace(recipe.classes[1], truth=replace(recipe.classes[1].truth, names=("*",)))
    (exam,) = find_exams(tmp_path / "sts", replace(recipe, classes=(recipe.classes[0], mass, recipe.classes[2])))

    loaded = exam.load()

    assert not exam.digital
    assert 5 < (loaded.truth == 1).sum() * loaded.pet.geometry.voxel_volume_ml < 3000
