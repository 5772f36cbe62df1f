import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from tests.training.small_training import GRID, small_recipe, write_patient, write_patients
from uptake.errors import InputRefused
from uptake.training.cache import prepared
from uptake.training.exam_folder import find_exams


def test_folders_of_nifti_are_read_with_their_truth(tmp_path):
    write_patients(tmp_path, 2)

    first, second = find_exams(tmp_path, small_recipe())
    loaded = first.load()

    assert {first.name, second.name} == {"patient-0", "patient-1"}
    assert first.patient != second.patient
    assert "patient" not in first.patient
    assert not first.digital
    assert loaded.pet.geometry.same_grid(GRID)
    assert set(np.unique(loaded.truth)) == {0, 1, 2}
    assert loaded.pet.array[loaded.truth == 1].min() == 12.0


def test_nnunet_raw_layout(tmp_path):
    write_patients(tmp_path / "from", 2)
    for part in ("imagesTr", "labelsTr"):
        (tmp_path / "raw" / part).mkdir(parents=True)
    for number in range(2):
        source = tmp_path / "from" / f"patient-{number}"
        shutil.copy(source / "CT.nii.gz", tmp_path / "raw" / "imagesTr" / f"case_{number}_0000.nii.gz")
        shutil.copy(source / "PT.nii.gz", tmp_path / "raw" / "imagesTr" / f"case_{number}_0001.nii.gz")
        shutil.copy(source / "labels.nii.gz", tmp_path / "raw" / "labelsTr" / f"case_{number}.nii.gz")
    (tmp_path / "raw" / "dataset.json").write_text(json.dumps({"channel_names": {"0": "CT", "1": "PET"}}))
    (tmp_path / "raw" / "patients.json").write_text(json.dumps({"case_0": "a", "case_1": "a"}))

    found = find_exams(tmp_path / "raw", small_recipe())

    assert [each.name for each in found] == ["case_0", "case_1"]
    assert len({each.patient for each in found}) == 1
    assert found[0].load().channels["CT"].array.min() == -1000.0


def test_a_truth_on_another_grid_is_refused_by_name(tmp_path):
    write_patient(tmp_path / "moved", seed=1, labels_grid=replace(GRID, origin_mm=(-58.0, -60.0, -50.0)))
    exams = find_exams(tmp_path, small_recipe())
    with pytest.raises(InputRefused, match="truth of exam moved is not on its PET's grid"):
        prepared(exams, small_recipe(), tmp_path / "cache")
    assert not any((tmp_path / "cache").glob("*"))


def test_what_lacks_is_named(tmp_path):
    with pytest.raises(InputRefused, match="does not exist"):
        find_exams(tmp_path / "nowhere", small_recipe())
    write_patients(tmp_path, 1)
    (tmp_path / "patient-0" / "CT.nii.gz").unlink()
    with pytest.raises(InputRefused, match=r"exam patient-0 has no CT.nii.gz"):
        find_exams(tmp_path, small_recipe())


def test_labels_of_no_class_are_told(tmp_path):
    write_patients(tmp_path, 1)
    recipe = small_recipe()
    recipe = replace(recipe, classes=recipe.classes[:2], network=replace(recipe.network, settings={"classes": 2}))
    (exam,) = find_exams(tmp_path, recipe)
    assert exam.load().warnings == ("exam patient-0: labels [2] are of no class and count as background",)


def test_the_cache_is_used_again_and_depends_on_the_preprocessing(tmp_path):
    write_patients(tmp_path / "data", 2)
    recipe, cache = small_recipe(), tmp_path / "cache"
    exams = find_exams(tmp_path / "data", recipe)

    first = prepared(exams, recipe, cache)
    stamps = [(each.folder / "image.npy").stat().st_mtime_ns for each in first]
    again = prepared(exams, small_recipe(epochs=9), cache)
    other = prepared(exams, replace(recipe, preprocessing=replace(recipe.preprocessing, spacing_mm=(6.0,) * 3)), cache)

    assert [(each.folder / "image.npy").stat().st_mtime_ns for each in again] == stamps
    assert {each.folder for each in other}.isdisjoint(each.folder for each in first)
    image, labels = first[0].image(), first[0].labels()
    assert image.shape == (2, *GRID.shape)
    assert (float(image[0].min()), float(image[0].max())) == (0.0, 1.0)
    assert np.array_equal(labels, exams[0].load().truth)
    assert first[0].body()[labels > 0].all()
