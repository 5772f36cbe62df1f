"""A bundle's labels for an exam, with weights that were set by hand."""

import numpy as np
import pytest

from apps.monai_label.infers.bundle_labels import bundle_labels, listed_bundle
from apps.monai_label.infers.infer_errors import RequestRefused
from apps.monai_label.infers.infer_request import InferRequest
from apps.monai_label.infers.network_shelf import NetworkShelf
from apps.monai_label.infers.prior_alignment import align_rigidly
from tests.apps.monai_label.infers.exam_of_spheres import Store
from tests.lesion_bundle import save_lesion_bundle
from tests.small_exam import SECOND_IS_DENSE, write_small_exam
from uptake.dicom.exams.exam_reader import read_exams
from uptake.errors import BundleRefused, InferenceStopped
from uptake.exam_preparation import prepare

FIRST_MM, SECOND_MM = (30, 0, 20), (-40, 10, -20)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("bundle_labels")
    write_small_exam(place / "exam", hounsfield=SECOND_IS_DENSE)
    save_lesion_bundle(place / "models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UPTAKE_CACHE", str(place / "cache"))
        yield place


@pytest.fixture(scope="module")
def exam(folder):
    (found,) = read_exams(folder / "exam")
    return prepare(found)


@pytest.fixture(scope="module")
def network(folder):
    return NetworkShelf("torch").of(folder / "models/hot_and_dense")


def run(network, exam, series=None, **params):
    uid = exam.exam.pet.series_uid
    request = InferRequest(uid, series or uid, params=params)
    return bundle_labels(network, request, exam, Store(exam), align_rigidly)


def at(answer, place_mm):
    index = tuple(np.rint(answer.placed.grid.index(place_mm)).astype(int))
    return int(answer.placed.whole()[index])


def test_each_class_is_where_it_should_be(network, exam):
    answer = run(network, exam)
    assert answer.placed.grid is exam.suv.geometry
    assert (at(answer, FIRST_MM), at(answer, SECOND_MM), at(answer, (0, 50, 60))) == (1, 2, 0)
    assert answer.names == {"primary_tumour": 1, "lymph_node_metastasis": 2}
    assert answer.algorithm == "hot_and_dense 1.0.0, trained on digital patients only"
    for value, radius_mm in ((1, 20), (2, 15)):
        volume_ml = (answer.labels.array == value).sum() * exam.suv.geometry.voxel_volume_ml
        assert 0.75 < volume_ml / (4 / 3 * np.pi * radius_mm**3 / 1000) < 1.05


def test_on_the_ct_the_classes_are_chosen_there(network, exam):
    answer = run(network, exam, series=exam.exam.ct.series_uid)
    assert answer.placed.grid is exam.ct.geometry
    assert (at(answer, FIRST_MM), at(answer, SECOND_MM)) == (1, 2)


def test_single_classes_may_be_asked_for(network, exam):
    assert run(network, exam, label_prompt=[2]).names == {"lymph_node_metastasis": 2}
    for wrong in ([0], [9], "2", [True], [1.5]):
        with pytest.raises(RequestRefused):
            run(network, exam, label_prompt=wrong)


def test_it_can_be_stopped(network, exam):
    uid = exam.exam.pet.series_uid
    request = InferRequest(uid, uid, cancelled=lambda: True)
    with pytest.raises(InferenceStopped):
        bundle_labels(network, request, exam, Store(exam), align_rigidly)


def test_a_network_is_loaded_once_and_anew_when_it_changed(folder, tmp_path):
    shelf = NetworkShelf("torch")
    save_lesion_bundle(tmp_path)
    first = shelf.of(tmp_path / "hot_and_dense")
    assert shelf.of(tmp_path / "hot_and_dense") is first
    assert shelf.of(folder / "models/hot_and_dense") is not first


def test_a_damaged_bundle_is_refused_and_not_kept(tmp_path):
    bundle = save_lesion_bundle(tmp_path)
    weights = bundle.folder / bundle.weights[0].path
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-8] + b"\1\0\0\0\0\0\0\0")
    shelf = NetworkShelf("torch")
    with pytest.raises(BundleRefused):
        shelf.of(bundle.folder)
    weights.write_bytes(whole)
    assert shelf.of(bundle.folder).bundle.name == "hot_and_dense"


def test_a_bundle_says_what_it_is(tmp_path):
    line = listed_bundle("hot_and_dense", save_lesion_bundle(tmp_path))
    assert line.labels == {"primary_tumour": 1, "lymph_node_metastasis": 2, "bone": 3}
    assert "digital patients only" in line.description
    assert "reads PT, CT" in line.description
