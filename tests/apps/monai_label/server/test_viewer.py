"""The viewer's files."""

import json

import pytest

from apps.monai_label.server.viewer import Viewers, app_config, wheel_viewer
from apps.monai_label.server.viewer_changes import changed_files


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<html><script>let a = 1;</script><script src='x.js'></script>start</html>")
    (folder / "app.bundle.0123456789abcdef0123.js").write_text("code")
    (folder / "code.wasm").write_bytes(b"\0asm")
    (folder / "app-config.js").write_text("window.config = {upstream: true}")
    (folder / "manifest.json").write_text("{}")
    (folder / "assets" / "logo.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


@pytest.fixture
def here(serve, folder):
    return serve(viewers=Viewers(annotation=folder))


@pytest.mark.parametrize("page", ["/ohif/", "/ohif/viewer", "/ohif/tmtv", "/ohif/monai-label", "/ohif/viewer/dicomweb"])
def test_pages_get_the_start_page_with_its_policy(here, page):
    answer = here.ask("GET", f"{page}?StudyInstanceUIDs=1.2.3", "reader")
    assert answer.status == 200
    assert b"start" in answer.body
    policy = answer.headers["content-security-policy"]
    # printf 'let a = 1;' | openssl dgst -sha256 -binary | base64
    assert "'sha256-xY6QKfH9PRsQnLz56nj6MBwiK5oHg+im1Jkpdp1x/Ck='" in policy
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
    assert "frame-ancestors 'none'" in policy


def test_nested_files_are_files_and_unknown_ones_are_not_the_start_page(here):
    assert here.ask("GET", "/ohif/assets/logo.svg", "reader").body == b"<svg/>"
    for path in ("/ohif/assets/none.svg", "/ohif/none.js", "/ohif/a/b/c.js"):
        assert here.ask("GET", path, "reader").status == 404


def test_the_configuration_is_ours(here):
    text = here.ask("GET", "/ohif/app-config.js", "reader").body.decode()
    assert "upstream" not in text
    assert "/dicom-web" in text
    assert "/proxy/" not in text


def test_the_viewer_is_for_those_who_signed_in(here):
    assert here.ask("GET", "/ohif/").status == 303
    assert here.ask("GET", "/ohif/app.bundle.0123456789abcdef0123.js").status == 401
    assert here.ask("GET", "/ohif/manifest.json").status == 200


def test_links_out_of_the_folder_are_not_followed(here):
    assert here.ask("GET", "/ohif/link.txt", "trainer").status == 404


def test_webassembly_has_its_type_and_hashed_files_are_kept(here):
    assert here.ask("GET", "/ohif/code.wasm", "reader").headers["content-type"] == "application/wasm"
    script = here.ask("GET", "/ohif/app.bundle.0123456789abcdef0123.js", "reader")
    assert "immutable" in script.headers["cache-control"]
    assert "immutable" not in here.ask("GET", "/ohif/assets/logo.svg", "reader").headers["cache-control"]


def test_the_wheels_viewer_gets_a_way_to_save_and_shows_pet_over_ct():
    pytest.importorskip("monailabel", reason="needs MONAI Label")
    changed = changed_files(wheel_viewer())
    assert len(changed) == 3
    text = "".join(changed.values())
    assert text.count("panelModule.panelSegmentation',") + text.count("panelModule.panelSegmentation']") == 1
    assert text.count("hangingProtocol: 'uptakePetCt'") == text.count("id: 'uptakePetCt'") == 1
    assert "onChangeStrategy" not in text
    assert text.count("componentWillUnmount() {\n    const { isDataReady, info, options }") == 1
    assert text.count("dataSource = extensionManager.getActiveDataSource()[0]") == 1
    assert text.count("Submitted as a label") == 1


def test_a_viewer_without_that_mode_is_served_as_it_is(folder):
    assert changed_files(folder) == {}


def test_the_configuration_is_json_but_for_the_panels_cookie():
    text = app_config()
    start, end = text.index("{"), text.rindex("};\n")
    config = json.loads(text[start : end + 1])
    source = config["dataSources"][0]["configuration"]
    assert source["wadoRoot"] == source["qidoRoot"] == "/dicom-web"
    assert source["dicomUploadEnabled"] is False


def test_the_wheels_viewer_is_found_without_importing_it():
    import sys

    pytest.importorskip("monailabel", reason="needs MONAI Label")
    before = set(sys.modules)
    folder = wheel_viewer()
    assert (folder / "index.html").is_file()
    assert not [name for name in set(sys.modules) - before if name.startswith("monailabel")]
