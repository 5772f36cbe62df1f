"""An annotator's road in a real browser: sign in, open, segment, submit, the next exam, train, and the better model."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

pytest.importorskip("monailabel")
pytest.importorskip("selenium")
from tests.apps.monai_label.orthanc_server import OrthancServer, require_orthanc
from tests.apps.monai_label.server.running_server import with_pacs
from tests.apps.monai_label.server.untrained_bundle import LESION, NAME, write_untrained_bundle
from tests.e2e.browser import Browser, require_chromium
from tests.e2e.exam_labels import (
    answer_of,
    dice_with_hot,
    draw_hot,
    ended_training,
    exams_by_size,
    stored_segmentations,
)
from tests.e2e.ohif_pages import LabelPage, open_study_list, show_fused
from tests.small_exam import write_small_exam

pytestmark = [pytest.mark.full, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(3600)]
SEED = 11
SMALL = 4  # exams with two hot spheres; all but the last are labelled before the browser comes


def make_head_neck_patient(folder: Path) -> Path:
    """A digital patient with a tumour and nodes that no weights have seen; its folder of DICOM is given back."""
    command = [sys.executable, "-m", "uptake", "phantom", "make", str(folder)]
    options = ["--system", "head-neck", "--scenario", "primary with nodes", "--seed", str(SEED)]
    subprocess.run([*command, *options], check=True)
    return folder / "dicom"


@pytest.fixture
def pacs(tmp_path):
    require_chromium()
    program = require_orthanc()
    for number in range(1, SMALL + 1):
        write_small_exam(tmp_path / "exams" / f"{number}", identity=f"browser {number}", patient=number)
    server = OrthancServer(program, tmp_path / "orthanc").start()
    server.store(tmp_path / "exams", make_head_neck_patient(tmp_path / "patient"))
    yield server
    server.kill()


@pytest.fixture
def running(pacs, tmp_path):
    models = write_untrained_bundle(tmp_path)
    shutil.copytree("models/head_neck_mtv", models / "head_neck_mtv")
    server = with_pacs(pacs, tmp_path / "work", models)
    yield server
    server.stop()


@pytest.fixture
def browser(running, tmp_path):
    browser = Browser(tmp_path / "browser", running.url)
    yield browser
    browser.close()


def test_from_the_sign_in_to_a_better_model(running, browser, tmp_path):
    head_neck, *small = exams_by_size(running)
    value = running.client("annotator").info()["models"][NAME]["labels"][LESION]
    for exam in small[:-1]:
        draw_hot(running, exam, value, tmp_path)
    browser.sign_in("trainer", running.tokens["trainer"])
    open_study_list(browser, studies=SMALL + 1)
    show_fused(browser, head_neck.study)

    page = LabelPage(browser, head_neck.study)
    page.connect(picture="pet-ct")
    found = page.run("head_neck_mtv", picture="model")
    assert set(found) == {"primary_tumour", "lymph_node_metastasis"}
    answer, _ = answer_of(running, "head_neck_mtv", head_neck)
    assert sum(found.values()) == np.count_nonzero(SimpleITK.GetArrayFromImage(answer))
    assert stored_segmentations(running, head_neck) == []
    page.submit()
    assert len(stored_segmentations(running, head_neck)) == 1
    facts = running.get("/datastore/label/info", "reader", params={"label": head_neck.image, "tag": "final"}).json()
    assert facts["version"] == 1

    last = small[-1]
    assert page.next_exam() == last.study
    page.connect()
    before, version = shown_quality(page, running, last, tmp_path)
    assert version == "1.0.0"
    page.train(NAME, seconds=60, patience=0)
    status = ended_training(running)
    assert status["promoted"] == 2, status
    assert running.get(f"/versions/{NAME}", "reader").json()["version"] == 2
    after, version = shown_quality(page, running, last, tmp_path, picture="trained")
    assert version == "1.0.2"
    assert after > max(0.5, before + 0.1)
    assert browser.missing() == []


def shown_quality(page, running, exam, folder, picture=None):
    """Dice of what the viewer shows with what is hot, and the version of the model that gave it."""
    shown = page.run(NAME, picture=picture)
    answer, version = answer_of(running, NAME, exam)
    assert sum(shown.values()) == np.count_nonzero(SimpleITK.GetArrayFromImage(answer))
    return dice_with_hot(running, answer, exam, folder), version
