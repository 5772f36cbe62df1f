"""Parked files: owners, ends, and no archive."""

import json

import pytest

from apps.monai_label.server.refusal import Refusal
from apps.monai_label.server.sessions import Sessions
from tests.apps.monai_label.server.served import form


def park(here, user="ann", name="image.nii.gz", query="", data=b"voxels"):
    headers, body = form({"client_id": "x"}, {"files": (name, data)})
    return here.ask("PUT", f"/session/{query}", user, headers, body)


def test_only_its_owner_sees_a_session(here):
    found = json.loads(park(here).body)
    target = f"/session/{found['session_id']}"
    assert found["session_info"]["expiry"] == 3600
    assert str(here.token_file.parent) not in json.dumps(found)
    assert here.ask("GET", target, "ann").status == 200
    assert here.ask("GET", f"{target}?image=true", "ann").body == b"voxels"
    for other in ("ben", "trainer"):
        assert here.ask("GET", target, other).status == 404
        assert here.ask("GET", f"{target}?image=true", other).status == 404
        assert here.ask("DELETE", target, other).status == 404
    assert here.ask("DELETE", target, "ann").status == 200
    assert here.ask("GET", target, "ann").status == 404


@pytest.mark.parametrize("session", ["../../etc", "0" * 31, "0" * 33, "A" * 32, "x"])
def test_a_session_id_cannot_be_a_path(here, session):
    assert here.ask("GET", f"/session/{session}", "ann").status in {400, 404}
    assert here.ask("DELETE", f"/session/{session}", "ann").status in {400, 404}


def test_no_archive_is_taken_or_unpacked(here):
    assert park(here, name="image.zip").status == 415
    assert park(here, name="image.tar.gz").status == 415
    assert park(here, query="?uncompress=true").status == 400
    assert park(here, query="?expiry=-1").status == 400
    assert list((here.token_file.parent / "work" / "sessions").iterdir()) == []


def test_an_account_parks_five_at_most(here):
    assert [park(here).status for _ in range(6)] == [200] * 5 + [429]
    assert park(here, "ben").status == 200


def test_a_session_ends(tmp_path):
    now = [1000.0]
    upload = tmp_path / "x.nii"
    upload.write_bytes(b"x")
    sessions = Sessions(tmp_path / "sessions", lambda: now[0])
    session = sessions.open("ann", upload, ".nii", 60)
    now[0] = 1059.0
    assert sessions.get("ann", session.session_id).file.exists()
    now[0] = 1060.0
    with pytest.raises(Refusal):
        sessions.get("ann", session.session_id)
    assert not session.file.exists()


def test_what_a_killed_server_left_is_removed(tmp_path):
    (tmp_path / "sessions").mkdir()
    (tmp_path / "sessions" / "left.nii").write_bytes(b"x")
    Sessions(tmp_path / "sessions")
    assert list((tmp_path / "sessions").iterdir()) == []
