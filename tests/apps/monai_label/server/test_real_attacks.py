"""Attacks and bad input, over the wire, on the whole server with a real Orthanc."""

import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import requests
import SimpleITK

pytest.importorskip("monailabel")
from apps.monai_label.server.token_file import token_digest
from tests.apps.monai_label.foreign_segmentations import write_segmentation
from tests.apps.monai_label.small_exams import of_folder
from tests.small_exam import write_small_exam

pytestmark = [
    pytest.mark.xdist_group("annotation server"),
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.timeout(1800),
]
CLICK = "/infer/region_suv_4_0"


def infer(running, image, params, model=CLICK):
    files = {"params": (None, json.dumps(params))}
    return running.ask("POST", model, "annotator", params={"image": image, "output": "image"}, files=files)


def save(running, image, path, user="annotator", **params):
    files = {"params": (None, json.dumps(params)), "label": (path.name, path.read_bytes())}
    return running.ask("PUT", "/datastore/label", user, params={"image": image}, files=files)


def store(running, path, user="annotator"):
    """As a viewer stores."""
    body = b"--x\r\nContent-Type: application/dicom\r\n\r\n" + path.read_bytes() + b"\r\n--x--\r\n"
    kind = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=x'}
    return running.ask("POST", "/dicom-web/studies", user, data=body, headers=kind)


def orthanc(running):
    """The address and the account of the server's own Orthanc, as somebody on this machine might have them."""
    settings = json.loads((running.work / "orthanc" / "orthanc.json").read_text())
    ((name, password),) = settings["RegisteredUsers"].items()
    return f"http://127.0.0.1:{settings['HttpPort']}", (name, password)


def stored(running):
    url, account = orthanc(running)
    return requests.get(f"{url}/statistics", auth=account, timeout=30).json()["CountInstances"]


def version(running, image):
    return running.get("/datastore/image/info", "reader", params={"image": image}).json()["version"]


def on_grid(running, array, path):
    image = SimpleITK.GetImageFromArray(array)
    image.CopyInformation(SimpleITK.ReadImage(str(running.work.parent / "suv.nii.gz")))
    SimpleITK.WriteImage(image, str(path))
    return path


def test_it_listens_to_this_machine_alone(running):
    listening = [
        line.split()[1].rpartition(":")
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        if line.split()[3] == "0A"
    ]
    # 127.0.0.1 as the kernel writes it.
    assert {address for address, _, port in listening if int(port, 16) == running.port} == {"0100007F"}


@pytest.mark.parametrize("image", ["/etc/passwd", "file:///etc/passwd", "../../../../etc/passwd", "%2fetc%2fpasswd"])
def test_an_image_is_never_a_path(running, exam, image, tmp_path):
    answers = [running.get(path, "trainer", params={"image": image})
               for path in ("/datastore/image", "/datastore/image/info", "/datastore/label")]  # fmt: skip
    answers.append(running.get("/datastore/label", "trainer", params={"label": image}))
    answers.append(infer(running, image, {"foreground": [[1, 1, 1]]}))
    answers.append(save(running, image, on_grid(running, np.zeros(exam[1].shape, np.uint8), tmp_path / "l.nii.gz")))
    assert [answer.status_code for answer in answers] == [400] * 6
    assert not any("root:" in answer.text or "passwd" in answer.text for answer in answers)


def test_params_cannot_put_another_file_or_model_in(running, exam):
    image, _, top = exam
    network = next(name for name, model in running.get("/info/", "reader").json()["models"].items()
                   if model["type"] == "segmentation")  # fmt: skip
    for key in ("image", "label", "model_filename", "model", "session", "datastore", "device"):
        for model, params in ((CLICK, {"foreground": [top]}), (f"/infer/{network}", {})):
            assert infer(running, image, {**params, key: "/etc/passwd"}, model).status_code == 400, (model, key)
        trained = running.ask("POST", f"/train/{network}", "trainer", json={key: "/etc/passwd"})
        assert trained.status_code == 400, key
    assert running.get("/train/", "reader").status_code == 404  # nothing began
    assert infer(running, image, {"foreground": [top]}).status_code == 200


def test_models_cannot_be_sent_taken_or_removed(running):
    names = running.get("/info/", "reader").json()["models"]
    for method in ("PUT", "GET", "DELETE"):
        assert running.ask(method, f"/model/{next(iter(names))}", "trainer").status_code == 404
    assert running.get("/info/", "reader").json()["models"].keys() == names.keys()


@pytest.mark.parametrize("fault", ["taller", "place", "turned", "value", "halves", "archive"])
def test_a_label_that_does_not_fit_the_exam_is_refused(running, exam, labelled, tmp_path, fault):
    image, suv, _ = exam
    drawn = (suv > 4).astype(np.uint8)
    path = tmp_path / "label.nii.gz"
    if fault == "archive":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("../../escaped", "x")
    else:
        taller = np.concatenate([drawn, drawn])
        changed = {"taller": taller, "value": drawn * 200, "halves": drawn * np.float32(0.5)}.get(fault, drawn)
        made = SimpleITK.GetImageFromArray(changed)
        grid = SimpleITK.ReadImage(str(running.work.parent / "suv.nii.gz"))
        made.SetSpacing(grid.GetSpacing())
        made.SetOrigin(grid.GetOrigin())
        made.SetDirection(grid.GetDirection())
        if fault == "place":
            made.SetOrigin((0.0, 0.0, 5000.0))
        if fault == "turned":
            turn = np.cos(0.2), np.sin(0.2)
            made.SetDirection((turn[0], -turn[1], 0, turn[1], turn[0], 0, 0, 0, 1))
        SimpleITK.WriteImage(made, str(path))
    before, objects = version(running, image), stored(running)
    answer = save(running, image, path, expected_version=before)
    assert answer.status_code == 400, answer.text
    assert str(running.work) not in answer.text
    assert (version(running, image), stored(running)) == (before, objects)
    assert list((running.work / "uploads").iterdir()) == []


def test_a_segmentation_of_another_exam_is_no_label_and_no_other_dicom_is_stored(running, exam, exams, tmp_path):
    own = of_folder(exams, tmp_path / "own")
    image, other = exam[0], next(each for each in own.listed() if each != exam[0])
    drawn = (exam[1] > 4).astype(np.uint8)
    seg = write_segmentation(own, image, drawn, tmp_path / "one.dcm", algorithm="MANUAL")
    write_small_exam(tmp_path / "elsewhere" / "three", identity="three", day=12)
    foreign = of_folder(tmp_path / "elsewhere", tmp_path / "foreign")
    unlisted = write_segmentation(foreign, foreign.listed()[0], drawn, tmp_path / "three.dcm", algorithm="MANUAL")
    image_file = next(path for path in sorted((exams / "one" / "PT").rglob("*")) if path.is_file())
    objects = stored(running)
    assert save(running, other, seg, expected_version=0).status_code == 400
    assert store(running, unlisted).status_code in {400, 404}
    assert store(running, image_file).status_code == 400
    assert store(running, seg, "reader").status_code == 403
    assert (version(running, other), stored(running)) == (0, objects)


def test_two_annotators_at_the_same_moment_one_is_told(running, exam, labelled, tmp_path):
    image, suv, _ = exam
    seen = version(running, image)
    paths = [on_grid(running, (suv > level).astype(np.uint8), tmp_path / f"{level}.nii.gz") for level in (3, 5)]
    with ThreadPoolExecutor(2) as threads:
        both = list(threads.map(lambda who, path: save(running, image, path, who, expected_version=seen),
                                ("annotator", "trainer"), paths))  # fmt: skip
    assert sorted(answer.status_code for answer in both) == [200, 409]
    assert version(running, image) == seen + 1


def test_a_token_that_ended_and_a_role_too_low(running, exam, tmp_path):
    path = running.work / "tokens.json"
    document = json.loads(path.read_text())
    late = {"name": "late", "role": "train", "sha256": token_digest("once-right"), "expires": "2020-01-01T00:00:00Z"}
    path.write_text(json.dumps({**document, "users": [*document["users"], late]}))
    running.tokens["late"] = "once-right"
    assert running.get("/info/", "late").status_code == 401
    assert running.get("/info/", "reader").status_code == 200
    label = on_grid(running, np.zeros(exam[1].shape, np.uint8), tmp_path / "label.nii.gz")
    assert save(running, exam[0], label, "reader").status_code == 403
    for method, target in (("POST", "/train/"), ("DELETE", "/train/"), ("PUT", "/session/")):
        assert running.ask(method, target, "reader").status_code == 403


def test_orthanc_runs_no_script_even_for_its_own_account(running):
    url, account = orthanc(running)
    answer = requests.post(f"{url}/tools/execute-script", data="print('x')", auth=account, timeout=30)
    assert answer.status_code == 403
    assert requests.get(f"{url}/system", timeout=30).status_code == 401
