import numpy as np
import pytest
import SimpleITK

from tests.training.small_training import small_recipe, write_patient
from uptake.errors import InputRefused
from uptake.evaluation.baselines import AT_LESIONS, NAMED, ThresholdLabels, suv_on_grid
from uptake.evaluation.cohort_data import read_cohort


@pytest.fixture(scope="module")
def exam(tmp_path_factory):
    """Spheres of SUV 12 and 7 in a body of 1, and a hot spot of 9 that is no lesion."""
    folder = tmp_path_factory.mktemp("one")
    home = folder / "data" / "ann"
    write_patient(home, seed=3)
    pet = SimpleITK.ReadImage(str(home / "PT.nii.gz"))
    array = SimpleITK.GetArrayFromImage(pet)
    array[17:19, 10:14, 10:14] = 9.0
    changed = SimpleITK.GetImageFromArray(array)
    changed.CopyInformation(pet)
    SimpleITK.WriteImage(changed, str(home / "PT.nii.gz"))
    return read_cohort(folder / "data", small_recipe(), folder / "cache").exams[0]


def test_suv_is_in_its_unit_again(exam):
    suv, truth = suv_on_grid(exam, small_recipe()), exam.prepared.labels()
    assert exam.prepared.image()[0].max() == 1.0
    assert np.allclose(suv.array[truth == 1], 12.0)
    assert np.allclose(suv.array[truth == 2], 7.0)
    assert not suv.array[~exam.prepared.body()].any()


def test_thresholds_find_what_is_hot_with_and_without_what_is_no_lesion(exam):
    thresholds = ThresholdLabels(small_recipe(), ("fixed-4.0", "percent-41", "adaptive", "fixed-2.5"))
    truth = exam.prepared.labels() > 0
    hot_spot = np.zeros_like(truth)
    hot_spot[17:19, 10:14, 10:14] = True

    found = thresholds.make(exam, lambda done, total: None)

    assert found.keys() == thresholds.methods.keys()
    for name in thresholds.names:
        assert np.array_equal(found[name] > 0, truth | hot_spot)
        assert np.array_equal(found[name + AT_LESIONS] > 0, truth)
        assert found[name].dtype == np.uint8
    assert thresholds.methods["adaptive" + AT_LESIONS] == "threshold adaptive at lesions"


def test_the_key_follows_the_methods(exam):
    assert ThresholdLabels(small_recipe()).key(exam) != ThresholdLabels(small_recipe(), ("adaptive",)).key(exam)
    assert {"percent-41", "percent-45", "percent-50", "fixed-2.5", "fixed-4.0", "adaptive"} <= set(NAMED)


def test_an_exam_that_changed_since_it_was_prepared_is_refused(exam, tmp_path):
    from dataclasses import replace

    from uptake.inference.model_store import Preprocessing

    other = replace(small_recipe(), preprocessing=Preprocessing((4.0, 5.0, 5.0)))
    with pytest.raises(InputRefused, match="is not the one that was prepared"):
        suv_on_grid(exam, other)
