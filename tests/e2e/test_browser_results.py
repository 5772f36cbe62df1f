"""Results in a newer OHIF from npm, in a real browser: what the server stored is seen as it was drawn."""

import shutil
import subprocess
import tarfile

import numpy as np
import pytest
import SimpleITK

pytest.importorskip("monailabel")
pytest.importorskip("selenium")
from tests.apps.monai_label.orthanc_server import OrthancServer, require_orthanc
from tests.apps.monai_label.server.running_server import with_pacs
from tests.e2e.browser import Browser, require_chromium
from tests.e2e.exam_labels import draw_hot, exams_by_size, stored_segmentations, suv_of
from tests.small_exam import write_small_exam

pytestmark = [pytest.mark.full, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(1800)]
PACKAGE = "@ohif/app@3.13.2"


@pytest.fixture
def dist(tmp_path):
    """The built viewer of the npm package."""
    if shutil.which("npm") is None:
        pytest.skip("needs npm")
    packed = subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=tmp_path, capture_output=True, text=True)
    if packed.returncode:
        pytest.skip(f"npm does not give {PACKAGE}")
    with tarfile.open(tmp_path / packed.stdout.split()[-1]) as archive:
        archive.extractall(tmp_path / "ohif", filter="data")
    return tmp_path / "ohif" / "package" / "dist"


@pytest.fixture
def running(dist, tmp_path):
    require_chromium()
    write_small_exam(tmp_path / "exams", identity="results")
    pacs = OrthancServer(require_orthanc(), tmp_path / "orthanc").start()
    pacs.store(tmp_path / "exams")
    (tmp_path / "models").mkdir()
    server = with_pacs(pacs, tmp_path / "work", tmp_path / "models", "--results-viewer", str(dist))
    yield server
    server.stop()
    pacs.kill()


@pytest.fixture
def browser(running, tmp_path):
    browser = Browser(tmp_path / "browser", running.url)
    yield browser
    browser.close()


def test_a_stored_segmentation_is_seen_as_it_was_drawn(running, browser, tmp_path):
    (exam,) = exams_by_size(running)
    draw_hot(running, exam, 1, tmp_path)
    (_,) = stored_segmentations(running, exam)
    drawn = np.count_nonzero(SimpleITK.GetArrayFromImage(suv_of(running, exam, tmp_path)) > 4)
    browser.sign_in("reader", running.tokens["reader"])
    browser.until(lambda: browser.has("Studies"), "the list after the sign-in")

    browser.open(f"/viewer?StudyInstanceUIDs={exam.study}")
    thumbnail = "//*[@data-cy='study-browser-thumbnail-no-image'][contains(.,'SEG')]"
    browser.click("//*[text()='Skip all']")  # the tour for newcomers lies over the page
    browser.find(thumbnail)
    browser.double_click(thumbnail)
    browser.click("//button[.='Yes']")  # whether to open it
    browser.until(lambda: sum(browser.voxels().values()) > 0, "the segmentation")
    assert sum(browser.voxels().values()) == drawn
    browser.picture("results")
    assert browser.missing() == []
