"""The models that are listed, and what a call of one gives."""

import inspect
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

pytest.importorskip("monailabel")

from apps.monai_label.infers.infer_errors import ModelUnavailable, RequestRefused
from apps.monai_label.infers.network_shelf import NetworkShelf
from apps.monai_label.infers.tasks import BundleInfer, InferSettings, init_infers
from tests.apps.monai_label.infers.exam_of_spheres import GRID, PET_UID, Store, click, exam_of, hot
from tests.lesion_bundle import save_lesion_bundle
from uptake.errors import BundleRefused, InputRefused, UptakeError
from uptake.inference.model_store import InputChannel, Normalisation
from uptake.inference.model_store.input_channels import UNITS

LESION = (-30.0, 2.0, 2.0)
TOOLS = {"region_41_percent", "region_45_percent", "region_50_percent", "region_suv_2_5", "region_suv_4_0",
         "region_percist", "interactive", "remove_region", "physiological_to_suspicious"}  # fmt: skip


@pytest.fixture
def models(tmp_path):
    save_lesion_bundle(tmp_path / "models")
    return tmp_path / "models"


@pytest.fixture
def store():
    return Store(exam_of(hot(GRID, [(LESION, 12, 9.0)])))


def request(model, **more):
    return {"model": model, "image": PET_UID, **more}


def test_every_bundle_and_every_tool_is_listed(models, store, tmp_path):
    tasks = init_infers(models, store, InferSettings(scratch=tmp_path))
    assert set(tasks) == {"hot_and_dense", *TOOLS}
    infos = {name: task.info() for name, task in tasks.items()}
    assert infos["hot_and_dense"]["type"] == "segmentation"
    assert infos["hot_and_dense"]["labels"] == {"primary_tumour": 1, "lymph_node_metastasis": 2, "bone": 3}
    assert {infos[name]["type"].value for name in TOOLS} == {"deepgrow", "deepedit"}
    assert infos["interactive"]["labels"] == {
        "primary_tumour": 1, "lymph_node_metastasis": 2, "bone": 3, "lesion": 4, "physiological_uptake": 5
    }  # fmt: skip
    assert [name for name, task in tasks.items() if not task.quick] == ["hot_and_dense"]
    json.dumps(infos)


def test_a_bundle_that_comes_later_needs_no_change(models, store):
    save_lesion_bundle(models, name="uptake_sites")
    assert isinstance(init_infers(models, store)["uptake_sites"], BundleInfer)


def test_the_projects_own_models_are_listed(store):
    folder = Path(__file__).parents[4] / "models"
    tasks = init_infers(folder, store)
    assert set(tasks) >= TOOLS


def test_a_broken_bundle_is_listed_with_the_reason(models, store):
    shutil.copytree(models / "hot_and_dense", models / "broken")
    (models / "broken/configs/metadata.json").write_text("{")
    task = init_infers(models, store)["broken"]
    assert "Not available because" in task.info()["description"]
    assert task.info()["type"] == "others"
    with pytest.raises(BundleRefused):
        task.answer(request("broken"))


def test_a_bundle_whose_inputs_cannot_be_prepared_says_so(models, store, monkeypatch):
    monkeypatch.setitem(UNITS, "MR", "1")
    inputs = (InputChannel("PET", "PT", "g/ml", Normalisation()), InputChannel("T2", "MR", "1", Normalisation()))
    save_lesion_bundle(models, name="with_mr", inputs=inputs)
    task = init_infers(models, store)["with_mr"]
    assert task.info()["description"].startswith("Not available because")
    with pytest.raises(UptakeError):
        task.answer(request("with_mr"))


def test_a_network_that_lacks_its_ct_says_so(models, store, tmp_path):
    settings = InferSettings(shelf=NetworkShelf("torch"), scratch=tmp_path)
    with pytest.raises(ModelUnavailable, match="reads a CT"):
        init_infers(models, store, settings)["hot_and_dense"].answer(request("hot_and_dense"))


def test_a_call_gives_a_file_and_its_facts(models, store, tmp_path):
    task = init_infers(models, store, InferSettings(scratch=tmp_path))["region_suv_4_0"]
    path, facts = task(request("region_suv_4_0", foreground=[click(LESION)], result_extension=".nrrd"))
    assert Path(path).parent == tmp_path
    image = SimpleITK.ReadImage(path)
    assert np.array_equal(SimpleITK.GetArrayFromImage(image) > 0, store.exam(PET_UID).suv.array == 9)
    assert facts["label_names"] == {"primary_tumour": 1}


def test_nothing_is_left_of_a_call_that_is_refused(models, store, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    tasks = init_infers(models, store, InferSettings(scratch=scratch))
    with pytest.raises(UptakeError):
        tasks["interactive"](request("interactive", foreground=[[0, 0, 0]]))
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("model", sorted({"hot_and_dense", *TOOLS}))
@pytest.mark.parametrize("more", [{"model_filename": "x"}, {"label": "x"}, {"session": {}}, {"image": "/etc/passwd"}])
def test_no_task_takes_what_is_not_allowed(models, store, model, more):
    with pytest.raises(InputRefused):
        init_infers(models, store)[model](request(model) | more)


def test_the_version_in_use_is_what_runs(models, store, tmp_path):
    newer = save_lesion_bundle(tmp_path / "newer", version="1.1.0").folder
    used = [models / "hot_and_dense"]
    task = init_infers(models, store, InferSettings(current=lambda name: used[0]))["hot_and_dense"]
    assert "hot_and_dense 1.0.0" in task.info()["description"]
    used[0] = newer
    assert "hot_and_dense 1.1.0" in task.info()["description"]


def test_a_version_whose_files_are_gone_does_not_hide_the_other_models(models, store):
    def gone(name):
        raise InputRefused("its files are gone.", remedy="Use another version.")

    task = init_infers(models, store, InferSettings(current=gone))["hot_and_dense"]
    assert "Not available because of this: its files are gone." in task.info()["description"]
    with pytest.raises(InputRefused, match="gone"):
        task.answer(request("hot_and_dense"))


def test_an_edit_starts_from_the_models_answer(models, tmp_path):
    from tests.small_exam import SECOND_IS_DENSE, write_small_exam
    from uptake.dicom.exams.exam_reader import read_exams
    from uptake.exam_preparation import prepare

    write_small_exam(tmp_path / "exam", hounsfield=SECOND_IS_DENSE)
    (exam,) = read_exams(tmp_path / "exam")
    prepared, uid = prepare(exam), exam.pet.series_uid

    class One(Store):
        def exam(self, image_id):
            return prepared

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UPTAKE_CACHE", str(tmp_path / "cache"))
        tasks = init_infers(models, One(prepared), InferSettings(shelf=NetworkShelf("torch")))
        asked = {"image": uid, "user": "a"}
        tasks["hot_and_dense"].answer({"model": "hot_and_dense", **asked})
    at = click((30, 0, 20), prepared.suv.geometry)
    answer = tasks["remove_region"].answer({"model": "remove_region", **asked, "primary_tumour": [at]})
    assert answer.params["label_names"] == {"lymph_node_metastasis": 2}
    with pytest.raises(RequestRefused, match="no label of this exam"):
        tasks["remove_region"].answer({"model": "remove_region", **asked, "user": "b", "primary_tumour": [at]})


def test_only_tasks_import_monailabel():
    folder = Path(inspect.getfile(init_infers)).parent
    found = [path.name for path in folder.glob("*.py") if "import monailabel" in (text := path.read_text())
             or "from monailabel" in text]  # fmt: skip
    assert found == ["tasks.py"]
