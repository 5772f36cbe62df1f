"""The whole server as a process, with an Orthanc of its own, asked by MONAI Label's own Python client."""

import http.client
import json
import re
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import requests
import SimpleITK

pytest.importorskip("monailabel")
from tests.apps.monai_label.orthanc_server import require_orthanc
from tests.apps.monai_label.server.running_server import Running
from tests.small_exam import NAME

# The client leaves its connections open and imports cgi.
pytestmark = [
    pytest.mark.xdist_group("annotation server"),
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.timeout(1800),
]


def test_the_clients_road_from_exam_to_label(running, exam, labelled):
    image_id, suv, top = exam
    client = running.client("annotator")
    info = client.info()
    assert info["datastore"]["total"] == 2
    assert suv.shape == (30, 40, 40)
    assert 5.0 < suv.max() < 10.0  # the hotter sphere is SUV 9, blurred
    label, facts, saved = labelled
    assert label.shape == suv.shape
    # Every voxel of the region is at or above 41 % of the maximum, and the hottest is in it.
    assert suv[label > 0].min() >= 0.41 * suv.max() * 0.999
    ((_, value),) = facts["label_names"].items()  # the first lesion class of the bundles that are there
    assert label[top[2], top[1], top[0]] == value
    assert saved["version"] == 1
    stored = running.get(
        "/dicom-web/studies",
        "reader",
        params={"ModalitiesInStudy": "SEG"},
        headers={"Accept": "application/dicom+json"},
    )
    assert len(stored.json()) == 1
    again = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(client.download_label(saved["label"], "final")))
    assert np.array_equal(again, label)
    assert client.info()["datastore"]["completed"] == 1
    assert client.next_sample("first", {})["id"] != image_id


def test_another_annotator_must_see_the_label_first(running, exam, labelled, tmp_path):
    image_id, suv, _ = exam
    other = running.client("trainer")
    path = str(tmp_path / "label.nii.gz")
    write_label(suv > 4, running, path)
    first = running.client("annotator")
    first.download_label(image_id, "final")
    first.save_label(image_id, path)
    with pytest.raises(Exception, match="409"):
        other.save_label(image_id, path)
    other.download_label(image_id, "final")
    assert other.save_label(image_id, path)["version"] > 1


def write_label(array, running, path):
    """A label file on the exam's grid."""
    image = SimpleITK.GetImageFromArray(np.asarray(array, np.uint8))
    image.CopyInformation(SimpleITK.ReadImage(str(running.work.parent / "suv.nii.gz")))
    SimpleITK.WriteImage(image, path)


def test_a_label_comes_on_the_grid_of_the_series_that_is_shown(running, exam):
    image_id, _, _ = exam
    ct = running.get("/datastore/image/info", "reader", params={"image": image_id}).json()["ct"]
    client = running.client("annotator")
    pet_top = exam[2]
    # The centre of the PET's voxel [i, j, k] in millimetres, and the CT's voxel around it (by the small exam's grids).
    x, y, z = (-117 + 6 * pet_top[0], -117 + 6 * pet_top[1], -87 + 6 * pet_top[2])
    click = [round((x + 118.5) / 3), round((y + 118.5) / 3), round((z + 87.5) / 5)]
    file, _ = client.infer("region_suv_4_0", ct, {"foreground": [click], "background": []})
    assert SimpleITK.ReadImage(file).GetSize() == (80, 80, 36)


def test_the_viewers_store_becomes_a_label_with_the_account_as_author(running, exam, labelled, tmp_path):
    image_id, suv, _ = exam
    study = running.get("/datastore/image/info", "trainer", params={"image": image_id}).json()["StudyInstanceUID"]
    series = running.get(f"/dicom-web/studies/{study}/series", "annotator", params={"Modality": "SEG"}).json()
    uid = series[-1]["0020000E"]["Value"][0]
    found = running.get(f"/dicom-web/studies/{study}/series/{uid}/instances", "annotator").json()
    instance = found[0]["00080018"]["Value"][0]
    one = running.get(
        f"/dicom-web/studies/{study}/series/{uid}/instances/{instance}",
        "annotator",
        headers={"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'},
    )
    # Another label comes between, so that the one sent is a new version again.
    path = str(tmp_path / "label.nii.gz")
    write_label(suv > 2.5, running, path)
    client = running.client("annotator")
    client.download_label(image_id, "final")
    before = client.save_label(image_id, path)["version"]
    sent = requests.post(
        f"{running.url}/dicom-web/studies",
        data=one.content,
        headers={"Authorization": f"Bearer {running.tokens['annotator']}", "Content-Type": one.headers["Content-Type"]},
        timeout=300,
    )
    assert sent.status_code == 200, sent.text
    stored = sent.json()["00081199"]["Value"][0]["00081155"]["Value"][0]
    assert re.fullmatch(r"[0-9.]{1,64}", stored)
    facts = running.get("/datastore/label/info", "reader", params={"label": image_id, "tag": "final"}).json()
    assert facts["version"] > before


def test_twenty_clicks_at_once_without_an_error(running, exam):
    image_id, _, top = exam
    headers = {"Authorization": f"Bearer {running.tokens['annotator']}"}
    params = json.dumps({"foreground": [top], "background": []})

    def click(_):
        return requests.post(
            f"{running.url}/infer/region_50_percent?image={image_id}&output=image",
            files={"params": (None, params)},
            headers=headers,
            timeout=300,
        ).status_code

    with ThreadPoolExecutor(20) as threads:
        assert list(threads.map(click, range(20))) == [200] * 20


@pytest.mark.parametrize(
    "path",
    ["/dicom-web/%2e%2e/instances", "/dicom-web/..%2f..%2ftools/execute-script", "/dicom-web/studies/../../system"],
)
def test_escapes_are_refused_as_they_come_over_the_wire(running, path):
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)
    connection.putrequest("GET", path, skip_accept_encoding=True)
    connection.putheader("Authorization", f"Bearer {running.tokens['trainer']}")
    connection.endheaders()
    assert connection.getresponse().status == 400
    connection.close()


def test_a_giant_upload_is_refused_before_it_is_sent(running, exam):
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)
    connection.putrequest("PUT", f"/datastore/label?image={exam[0]}")
    connection.putheader("Authorization", f"Bearer {running.tokens['annotator']}")
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", str(10**12))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_nothing_of_a_patient_is_in_the_logs(running, labelled):
    audit = "".join(path.read_text() for path in (running.work / "audit").glob("*.jsonl"))
    assert '"action": "save label"' in audit
    for secret in (NAME.partition("^")[0], NAME.partition("^")[2], "SECRETID"):
        assert secret not in running.text()
        assert secret not in audit


@pytest.mark.full
def test_a_killed_server_loses_no_label_and_leaves_no_orthanc(exams, tmp_path):
    require_orthanc()
    work = tmp_path / "work"
    server = Running(work, "--import", str(exams))
    try:
        client = server.client("annotator")
        image_id = client.next_sample("first", {})["id"]
        path = tmp_path / "suv.nii.gz"
        path.write_bytes(server.get("/datastore/image", "annotator", params={"image": image_id}).content)
        image = SimpleITK.ReadImage(str(path))
        label = SimpleITK.Cast(image > 4, SimpleITK.sitkUInt8)
        SimpleITK.WriteImage(label, str(tmp_path / "label.nii.gz"))
        client.save_label(image_id, str(tmp_path / "label.nii.gz"))
        child = int(
            subprocess.run(["pgrep", "-P", str(server.process.pid)], capture_output=True, text=True).stdout.split()[0]
        )
        server.stop(signal.SIGKILL)
        end = time.monotonic() + 20
        while time.monotonic() < end and _lives(child):
            time.sleep(0.2)
        assert not _lives(child)
    finally:
        server.stop(signal.SIGKILL)
    again = Running(work)
    try:
        assert again.client("annotator").info()["datastore"]["completed"] == 1
    finally:
        again.stop()


def _lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
