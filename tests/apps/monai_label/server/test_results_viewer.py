"""OHIF from npm at the root path: its own files and pages, and nothing of the server's opened by it."""

import pytest

from apps.monai_label.server.results_viewer import results_rules
from apps.monai_label.server.route_rules import RULES
from apps.monai_label.server.viewer import Viewers
from uptake.errors import InputRefused


@pytest.fixture
def dist(tmp_path):
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<html>start</html>")
    (folder / "app-config.js").write_text("window.config = {upstream: true}")
    (folder / "manifest.json").write_text("{}")
    (folder / "app.bundle.0123456789abcdef.js").write_text("code")
    (folder / "assets" / "logo.svg").write_text("<svg/>")
    (folder / "assets" / "a name.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


@pytest.fixture
def here(serve, dist):
    return serve(viewers=Viewers(results=dist), rules=RULES + results_rules(dist))


@pytest.mark.parametrize("page", ["/viewer", "/segmentation", "/tmtv", "/viewer/dicomweb"])
def test_pages_are_for_those_who_signed_in(here, page):
    assert here.ask("GET", f"{page}?StudyInstanceUIDs=1.2.3").headers["location"] == "/login"
    answer = here.ask("GET", f"{page}?StudyInstanceUIDs=1.2.3", "reader")
    assert (answer.status, b"start" in answer.body) == (200, True)
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_its_files_are_served_by_name_and_its_configuration_is_ours(here):
    assert here.ask("GET", "/assets/logo.svg", "reader").body == b"<svg/>"
    assert here.ask("GET", "/app.bundle.0123456789abcdef.js", "reader").body == b"code"
    assert here.ask("GET", "/manifest.json").status == 200
    text = here.ask("GET", "/app-config.js", "reader").body.decode()
    assert "upstream" not in text
    assert '"routerBasename": "/"' in text
    assert "/dicom-web" in text
    assert "cookie" not in text
    for path in ("/assets/logo.svg", "/app-config.js", "/app.bundle.0123456789abcdef.js"):
        assert here.ask("GET", path).status == 401


@pytest.mark.parametrize(
    "path", ["/link.txt", "/secret.txt", "/assets", "/index.html", "/none.js", "/docs", "/proxy/x"]
)
def test_nothing_else_is_there(here, dist, path):
    assert here.ask("GET", path, "trainer").status == 404
    (dist / "none.js").write_text("put there after the server began")
    assert here.ask("GET", path, "trainer").status == 404


def test_the_servers_own_paths_stay_its_own(here):
    assert here.ask("GET", "/info/", "reader").status == 200
    assert here.ask("GET", "/", "reader").status == 303
    assert here.ask("POST", "/viewer", "trainer").status == 405


def test_a_folder_without_a_built_viewer_is_refused(tmp_path):
    with pytest.raises(InputRefused, match="no built OHIF"):
        results_rules(tmp_path)
