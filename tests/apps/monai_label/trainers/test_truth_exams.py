import numpy as np
import pytest

from apps.monai_label.trainers.truth_exams import TruthCache, collect
from tests.apps.monai_label.trainers.small_site import Site, image_id
from tests.evaluation.small_runs import quick_recipe
from tests.training.small_training import GRID

CLASSES = {1: 1, 2: 2}


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path / "data", patients=3)


def cache(tmp_path, classes=CLASSES):
    return TruthCache(tmp_path / "cache", quick_recipe(), classes)


def folders(tmp_path):
    return {each.name for each in (tmp_path / "cache").iterdir() if each.is_dir()}


def test_only_exams_with_truth_are_prepared_and_each_once(site, tmp_path):
    site.submit(image_id(0))
    site.submit(image_id(2))
    found = collect(site, cache(tmp_path)).exams
    assert [each.name for each in found] == [image_id(0), image_id(2)]
    assert set(np.unique(found[0].labels())) == {0, 1, 2}
    read = site.prepared
    assert [each.folder for each in collect(site, cache(tmp_path)).exams] == [each.folder for each in found]
    assert site.prepared == read


def test_a_newer_truth_takes_the_older_ones_place(site, tmp_path):
    site.submit(image_id(0))
    old = collect(site, cache(tmp_path)).exams[0]
    other = np.zeros(GRID.shape, np.uint8)
    other[5, 5, 5] = 2
    site.submit(image_id(0), other, version=2)
    (new,) = collect(site, cache(tmp_path)).exams
    assert np.count_nonzero(new.labels() == 2) == 1
    assert not np.any(new.labels() == 1)
    assert folders(tmp_path) == {new.folder.name}
    assert new.folder != old.folder


def test_announced_values_become_the_recipes_classes_and_others_are_told(site, tmp_path):
    array = np.zeros(GRID.shape, np.uint8)
    array[5, 5, 5], array[6, 6, 6], array[7, 7, 7] = 4, 9, 7
    site.submit(image_id(0), array)
    (exam,) = collect(site, cache(tmp_path, {4: 2, 7: 1})).exams
    assert (exam.labels()[5, 5, 5], exam.labels()[6, 6, 6], exam.labels()[7, 7, 7]) == (2, 0, 1)
    assert exam.warnings == ("exam 1.2.1: labels [9] are of no class of the model and count as background",)


def test_an_exam_that_cannot_be_used_is_left_out_and_told(site, tmp_path):
    site.submit_all()
    del site._loaded[image_id(1)][1].channels["CT"]
    found = collect(site, cache(tmp_path))
    assert [each.name for each in found.exams] == [image_id(0), image_id(2)]
    assert len(found.left_out) == 1
    assert image_id(1) in found.left_out[0]
    assert "CT" in found.left_out[0]


def test_the_same_images_under_two_patients_are_used_once(site, tmp_path):
    site.submit_all()
    site._loaded[image_id(2)] = 2, site._loaded[image_id(0)][1]
    found = collect(site, cache(tmp_path))
    assert [each.name for each in found.exams] == [image_id(0), image_id(1)]
    assert "of another patient" in found.left_out[0]


def test_patients_without_an_id_are_not_all_one_and_no_id_is_written(site, tmp_path, monkeypatch):
    plain = Site.exam

    def nameless(self, name):
        exam = plain(self, name)
        exam.exam.patient.patient_id = ""
        return exam

    monkeypatch.setattr(Site, "exam", nameless)
    site.submit_all()
    assert len({each.patient for each in collect(site, cache(tmp_path)).exams}) == 3
    monkeypatch.undo()
    (tmp_path / "cache" / "patients.json").unlink()
    collect(site, cache(tmp_path))
    assert '"P0"' not in (tmp_path / "cache" / "patients.json").read_text()
