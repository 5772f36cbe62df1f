import numpy as np
import pytest

from tests.training.small_training import small_recipe, write_patient
from uptake.errors import InputRefused
from uptake.evaluation.cohort_data import read_cohort
from uptake.evaluation.follow_up import FollowUp


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Two exams of Ann, one of Ben."""
    folder = tmp_path_factory.mktemp("cohort") / "data"
    for seed, name in enumerate(("ann/first", "ann/second", "ben/first")):
        write_patient(folder / name, seed=seed)
    return folder


def test_follow_up_goes_to_the_first_exam_of_a_patient(data, tmp_path):
    table = tmp_path / "follow-up.csv"
    table.write_text("patient_id,follow_up_days,event\nann,400,1\n")

    cohort = read_cohort(data, small_recipe(), data.parent / "cache", table)

    known = {each.name: each.follow_up for each in cohort.exams}
    assert known == {"ann_first": FollowUp(400.0, True), "ann_second": None, "ben_first": None}
    assert cohort.warnings == ("1 patient(s) have no follow-up",)


def test_an_exam_is_delineated_on_the_networks_grid(data):
    (exam, *_) = read_cohort(data, small_recipe(), data.parent / "cache").exams
    found = np.full(exam.prepared.labels().shape, 2, np.uint8)

    plain, as_one = exam.delineated(found, as_one=False), exam.delineated(found, as_one=True)

    assert plain.voxel_ml == pytest.approx(0.125)  # 5 mm a side
    assert set(np.unique(plain.truth)) == {0, 1, 2}
    assert plain.found.min() == 2
    assert np.array_equal(as_one.truth, plain.truth > 0)
    assert as_one.found.max() == as_one.found.min() == 1
    assert plain.event is None


def test_the_same_pet_under_two_patients_is_refused(tmp_path):
    for name in ("ann", "ben"):
        write_patient(tmp_path / "data" / name, seed=1)
    with pytest.raises(InputRefused, match="same PET but belong to two patients"):
        read_cohort(tmp_path / "data", small_recipe(), tmp_path / "cache")
