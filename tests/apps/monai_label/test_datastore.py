import dataclasses
import json
import shutil
from pathlib import Path

import nibabel
import numpy as np
import pytest

pytest.importorskip("monailabel")

from apps.monai_label.datastore import ExamDatastore
from apps.monai_label.exams.exam_errors import UnknownExam
from apps.monai_label.exams.folder_source import FolderSource
from apps.monai_label.exams.nifti_files import write_nifti
from apps.monai_label.labels import labelled_exams
from apps.monai_label.labels.label_errors import ConflictRefused, LabelRefused
from tests.apps.monai_label.small_exams import box, settings, submission
from uptake.errors import InputRefused


@pytest.fixture
def datastore(small_exams, tmp_path):
    return ExamDatastore(FolderSource(small_exams, tmp_path / "stored"), settings(tmp_path))


def test_an_image_is_an_exam_and_its_file_is_suv(datastore):
    images = datastore.list_images()
    assert len(images) == 2
    path = Path(datastore.get_image_uri(images[0]))
    image = nibabel.load(path)
    suv = datastore.exam(images[0]).suv
    assert path.name == f"{images[0]}.nii.gz"
    np.testing.assert_allclose(np.asarray(image.dataobj).T, suv.array, rtol=1e-6)
    assert 8 < suv.array.max() < 10
    x, y, z = suv.geometry.position_mm((3, 4, 5))
    np.testing.assert_allclose((image.affine @ (5, 4, 3, 1))[:3], (-x, -y, z), atol=1e-3)
    assert datastore.get_image(images[0]) == path.read_bytes()


def test_a_blank_first_slice_does_not_make_the_rest_whole_numbers(small_exams, tmp_path):
    import pydicom

    shutil.copytree(small_exams / "first", tmp_path / "exams" / "one")
    slices = [pydicom.dcmread(each) for each in (tmp_path / "exams" / "one" / "PT").rglob("*") if each.is_file()]
    for first in (min(slices, key=lambda each: each.InstanceNumber), max(slices, key=lambda each: each.InstanceNumber)):
        first.RescaleSlope, first.PixelData = "1", bytes(len(first.PixelData))
        first.save_as(first.filename)
    store = ExamDatastore(FolderSource(tmp_path / "exams", tmp_path / "stored"), settings(tmp_path))
    image = np.asarray(nibabel.load(store.get_image_uri(store.list_images()[0])).dataobj)
    assert not image[..., 0].any()
    assert image.dtype == np.float32
    assert 8 < image.max() < 10
    assert np.mean(image[image > 0.5] % 1 == 0) < 0.01


def test_the_prior_is_the_earlier_exam(datastore):
    first, second = datastore.list_images()
    assert datastore.prior(second).exam.pet.series_uid == first
    assert datastore.prior(first) is None
    assert datastore.get_image_info(second)["prior"] == first


def test_a_client_saves_a_file_and_reads_it_back(datastore, tmp_path):
    first, second = datastore.list_images()
    drawn = box(datastore, first, (5, 10, 10), value=2)
    write_nifti(drawn, datastore.grid(first), tmp_path / "label.nii.gz")
    assert (datastore.get_labeled_images(), datastore.get_unlabeled_images()) == ([], [first, second])
    label = datastore.save_label(first, str(tmp_path / "label.nii.gz"), "", {"user": "anna", "expected_version": 0})
    assert (datastore.get_labeled_images(), datastore.get_unlabeled_images()) == ([first], [second])
    assert datastore.get_labeled_images(labels=["Lesion"]) == []
    assert datastore.get_labeled_images(label_tag="final", labels=["Physiological uptake"]) == [first]
    assert datastore.get_label_by_image_id(first, "final") == label
    image = nibabel.load(datastore.get_label_uri(label, "final"))
    assert image.get_data_dtype() == np.uint8
    np.testing.assert_array_equal(np.asarray(image.dataobj).T, drawn)
    assert datastore.get_label_info(label, "final")["classes"] == {"physiological_uptake": 2}
    assert datastore.datalist() == [{"image": first, "label": label}]
    assert datastore.status()["completed"] == 1
    assert json.loads(json.dumps(datastore.json()))["objects"][first]["labels"]["final"]["id"] == label
    with pytest.raises(ConflictRefused):
        datastore.save_label(first, str(tmp_path / "label.nii.gz"), "final", {"user": "ben", "expected_version": 0})


def test_labels_are_wanted_on_the_ct_too(datastore):
    first = datastore.list_images()[0]
    key = datastore.key(first)
    assert datastore.image_of(key.ct_series_uid) == first
    assert datastore.grid_of(first).shape == (30, 40, 40)
    assert datastore.grid_of(key.ct_series_uid).shape == (36, 80, 80)
    assert datastore.study_versions(key.study_uid) == {first: 0}
    with pytest.raises(UnknownExam):
        datastore.image_of("1.2.3")


@pytest.mark.parametrize("name", ["/etc/passwd", "../../etc/passwd", "1.2.3/../../x", "", "1.2.3"])
def test_nothing_but_listed_exams_and_labels_is_opened(datastore, name, tmp_path):
    calls = (
        lambda: datastore.get_image_uri(name),
        lambda: datastore.get_image_info(name),
        lambda: datastore.get_label_uri(name, "final"),
        lambda: datastore.get_label_info(name, "final"),
        lambda: datastore.exam(name),
        lambda: datastore.submit(name, submission(datastore, datastore.list_images()[0], np.zeros((30, 40, 40)))),
    )
    for call in calls:
        with pytest.raises(InputRefused) as refused:
            call()
        assert "etc" not in str(refused.value)


def test_a_label_of_another_tag_is_not_there(datastore):
    first = datastore.list_images()[0]
    version = datastore.submit(first, submission(datastore, first, box(datastore, first, (5, 10, 10))))
    with pytest.raises(LabelRefused):
        datastore.get_label_uri(version.sop_instance_uid, "original")


def test_exams_and_labels_cannot_be_added_removed_or_packed(datastore):
    first = datastore.list_images()[0]
    for call in (
        lambda: datastore.add_image(first, "/etc/passwd", {}),
        lambda: datastore.remove_image(first),
        lambda: datastore.remove_label(first, "final"),
        lambda: datastore.get_dataset_archive(1),
        lambda: datastore.set_name("x"),
    ):
        with pytest.raises(InputRefused):
            call()


def test_no_patient_is_named(datastore):
    first = datastore.list_images()[0]
    datastore.update_image_info(first, {"strategy": {"random": 1}})
    text = json.dumps([datastore.json(), datastore.status(), datastore.get_image_info(first), datastore.name()])
    text += repr(datastore.key(first)) + repr(list(datastore.source._listing.fresh()))
    assert "strategy" in text
    for secret in ("SECRETID", "Secretname", "Zyxwvut", "1961", "2024"):
        assert secret not in text


def test_nifti_files_are_bounded(small_exams, tmp_path):
    few = dataclasses.replace(settings(tmp_path), nifti_bytes=1)
    store = ExamDatastore(FolderSource(small_exams, tmp_path / "stored"), few)
    first, second = store.list_images()
    kept = [Path(store.get_image_uri(image)) for image in (first, second)]
    assert [path.exists() for path in kept] == [False, True]


def test_an_exam_that_cannot_be_measured_is_not_listed_any_more(datastore, monkeypatch):
    def refuse(exam):
        raise InputRefused("The dose is missing.", remedy="Send it.")

    monkeypatch.setattr(labelled_exams, "prepare", refuse)
    first, second = datastore.list_images()
    with pytest.raises(InputRefused, match="dose"):
        datastore.exam(first)
    assert datastore.list_images() == [second]
    datastore.refresh()
    assert datastore.list_images() == [second]
    objects = datastore.source.objects
    monkeypatch.setattr(datastore.source, "objects", lambda image: objects(image) + 1)
    assert datastore.list_images() == [first, second]
