"""MONAI Label's own Python client on its whole road, without a browser: real server, real Orthanc, a real training."""

import shutil
import time

import numpy as np
import pytest
import SimpleITK

pytest.importorskip("monailabel")
from tests.apps.monai_label.orthanc_server import OrthancServer, require_orthanc
from tests.apps.monai_label.server.running_server import with_pacs
from tests.apps.monai_label.server.untrained_bundle import LESION, NAME, write_untrained_bundle
from tests.small_exam import write_small_exam
from uptake.dicom.annotations.segmentation_authorship import read_authorship
from uptake.dicom.annotations.segmentation_reader import read_segmentation

# The client leaves its connections open and imports cgi.
pytestmark = [
    pytest.mark.xdist_group("annotation server"),
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.timeout(1800),
]
PATIENTS = 4
BROKEN = "z_damaged"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("road")


@pytest.fixture(scope="module")
def pacs(folder):
    for number in range(1, PATIENTS + 1):
        write_small_exam(folder / "exams" / f"{number}", identity=f"road {number}", patient=number)
    server = OrthancServer(require_orthanc(), folder / "orthanc").start()
    server.store(folder / "exams")
    yield server
    server.kill()


@pytest.fixture(scope="module")
def running(pacs, folder):
    models = write_untrained_bundle(folder)
    shutil.copytree(models / NAME, models / BROKEN)
    weights = next((models / BROKEN / "models").iterdir())
    weights.write_bytes(weights.read_bytes()[:-8] + b"damaged!")
    server = with_pacs(pacs, folder / "work", models)
    yield server
    server.stop()


def test_from_an_exam_to_a_better_model(running, pacs, tmp_path):
    annotator, trainer = running.client("annotator"), running.client("trainer")
    info = annotator.info()
    assert info["datastore"]["total"] == PATIENTS
    assert info["models"][NAME]["type"] == "segmentation"
    assert f"{NAME} 1.0.0" in info["models"][NAME]["description"]
    value = info["models"][NAME]["labels"][LESION]

    seen = []
    for _ in range(PATIENTS - 1):
        image_id = annotator.next_sample("first", {})["id"]
        assert image_id not in seen
        seen.append(image_id)
        saved = annotator.save_label(image_id, drawn(running, image_id, value, tmp_path))
        assert saved["version"] == 1
        require_in_pacs(pacs, saved["label"], len(seen), tmp_path)
    left = annotator.next_sample("disagreement", {})["id"]
    assert left not in seen
    before, facts = answer(annotator, left)
    assert facts["version"] == "1.0.0"

    with pytest.raises(Exception, match="403"):
        annotator.train_start(NAME, {})
    assert trainer.train_start(NAME, {"seconds": 60.0, "patience": 0})["status"] == "RUNNING"
    assert trainer.train_status(check_if_running=True)
    status = ended(trainer)
    assert status["status"] == "DONE", status
    assert status["promoted"] == 2, status["details"]

    after, facts = answer(annotator, left)
    assert facts["version"] == "1.0.2"
    truth = suv_of(running, left, tmp_path) > 4
    assert dice(after > 0, truth) > max(0.5, dice(before > 0, truth) + 0.1)
    info = annotator.info()
    assert f"{NAME} 1.0.2" in info["models"][NAME]["description"]
    assert info["trainers"][NAME]
    require_machine_is_no_truth(running, left, tmp_path)
    assert annotator.info()["datastore"]["completed"] == PATIENTS - 1
    rolled = running.ask("POST", f"/versions/{NAME}/rollback", "trainer", json={}).json()
    assert rolled["version"] == 1
    assert answer(annotator, left)[1]["version"] == "1.0.0"


def test_a_damaged_model_is_a_clear_answer_and_the_others_go_on(running, tmp_path):
    client = running.client("annotator")
    image_id = client.next_sample("random", {})["id"]
    with pytest.raises(Exception, match=r"503.*hash"):
        client.infer(BROKEN, image_id, {})
    suv = suv_of(running, image_id, tmp_path)
    top = [int(at) for at in np.unravel_index(suv.argmax(), suv.shape)][::-1]
    file, _ = client.infer("region_suv_4_0", image_id, {"foreground": [top]})
    assert SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(file)).any()
    assert client.infer(NAME, image_id, {})[1]["version"]


def test_the_pacs_goes_down_in_the_middle_and_no_label_is_lost(running, pacs, tmp_path):
    client = running.client("annotator")
    image_id = client.next_sample("random", {})["id"]
    before = len(pacs.instances("SEG"))
    suv = suv_of(running, image_id, tmp_path)
    path = drawn(running, image_id, 1, tmp_path, 3.0)
    seen = running.get("/datastore/image/info", "annotator", params={"image": image_id}).json()["version"]
    pacs.stop()
    try:
        down = running.get("/dicom-web/studies", "annotator")
        assert (down.status_code, down.headers["Retry-After"]) == (503, "10")
        saved = client.save_label(image_id, path, params={"expected_version": seen})
        assert saved["pending"]
        time.sleep(3.1)  # what was known of the PACS is believed for three seconds
        ready = running.get("/ready", "annotator")
        assert (ready.status_code, ready.json()["pacs"]) == (503, "down")
        assert running.get("/health", "annotator").status_code == 200
        assert client.info()["datastore"]["pending_labels"] == 1
        again = SimpleITK.ReadImage(client.download_label(image_id, "final"))
        assert np.array_equal(SimpleITK.GetArrayFromImage(again) > 0, suv > 3)
    finally:
        pacs.start()
    # The client, which saw that its label waits, sends it again.
    sent = client.save_label(image_id, path, params={"expected_version": saved["version"]})
    assert (sent["label"], sent["version"], sent["pending"]) == (saved["label"], saved["version"], False)
    assert len(pacs.instances("SEG")) == before + 1
    assert client.info()["datastore"]["pending_labels"] == 0


def suv_of(running, image_id, folder):
    path = folder / f"{image_id}.nii.gz"
    path.write_bytes(running.get("/datastore/image", "annotator", params={"image": image_id}).content)
    return SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))


def drawn(running, image_id, value, folder, suv=4.0):
    """The label file of somebody who draws every voxel above an SUV."""
    label = SimpleITK.GetImageFromArray(np.uint8(value) * (suv_of(running, image_id, folder) > suv))
    label.CopyInformation(SimpleITK.ReadImage(str(folder / f"{image_id}.nii.gz")))
    SimpleITK.WriteImage(label, str(folder / "drawn.nii.gz"))
    return str(folder / "drawn.nii.gz")


def require_in_pacs(pacs, label_id, count, folder):
    """The SEG is in Orthanc, with the account as its author and the voxels that were drawn."""
    found = []
    for instance in pacs.instances("SEG"):
        (folder / "seg.dcm").write_bytes(pacs.file(instance))
        author = read_authorship(folder / "seg.dcm")
        if author.sop_instance_uid == label_id:
            assert (author.author, author.algorithm_types) == ("annotator", {"SEMIAUTOMATIC"})
            (segment,) = read_segmentation(folder / "seg.dcm").segments
            found.append(segment.label)
    assert len(pacs.instances("SEG")) == count
    assert len(found) == 1


def answer(client, image_id):
    file, facts = client.infer(NAME, image_id, {})
    return SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(file)), facts


def ended(client):
    end = time.monotonic() + 900
    while client.train_status(check_if_running=True):
        assert time.monotonic() < end, client.train_status()
        time.sleep(0.5)
    return client.train_status()


def dice(first, second):
    return 2 * np.count_nonzero(first & second) / (np.count_nonzero(first) + np.count_nonzero(second))


def require_machine_is_no_truth(running, image_id, folder):
    """The model as a DICOM Segmentation: AUTOMATIC, and refused by nobody but believed by nobody."""
    found = running.ask("POST", f"/infer/{NAME}?image={image_id}&output=dicom_seg", "annotator")
    assert found.status_code == 200, found.text
    (folder / "machine.dcm").write_bytes(found.content)
    assert read_authorship(folder / "machine.dcm").algorithm_types == {"AUTOMATIC"}
