"""Labels: saved from clients and viewers, read, and never silently overwritten."""

import json

import pytest

from tests.apps.monai_label.server.served import CT, OTHER_PET, PET, STUDY, form

DICOM = b"\0" * 128 + b"DICM" + b"segmentation"


def save(here, user="ann", target=f"/datastore/label?image={PET}", name="label.nii.gz", params=None, data=b"data"):
    headers, body = form({"params": json.dumps(params or {})}, {"label": (name, data)})
    return here.ask("PUT", target, user, headers, body)


def related(*parts, kind="application/dicom"):
    limit = "b0undary"
    body = b"".join(b"--b0undary\r\nContent-Type: " + kind.encode() + b"\r\n\r\n" + part + b"\r\n" for part in parts)
    return {
        "Content-Type": f'multipart/related; type="application/dicom"; boundary={limit}'
    }, body + b"--b0undary--\r\n"


def test_a_label_is_saved_with_its_author(here):
    answer = save(here, params={"label_info": [{"name": "lesion", "idx": 1, "color": [1, 2, 3]}], "client_id": "x"})
    assert answer.status == 200
    assert json.loads(answer.body) == {"sop_instance_uid": "1.9.1", "version": 1, "image": PET, "label": "1.9.1"}
    image, label, data = here.app.saved[0]
    assert (image, label.author, label.tag, label.expected_version, data) == (PET, "ann", "final", 0, b"data")
    assert label.label_info == ({"name": "lesion", "idx": 1},)
    assert not label.file.exists()


def test_a_label_on_the_ct_belongs_to_the_same_exam(here):
    assert save(here, target=f"/datastore/label?image={CT}").status == 200
    assert here.app.saved[0][0] == PET


def test_two_annotators_cannot_overwrite_each_other_unseen(here):
    assert save(here, "ann").status == 200
    refused = save(here, "ben")
    assert refused.status == 409
    assert b"submit again" in refused.body
    assert here.ask("GET", "/datastore/label?label=1.9.1&tag=final", "ben").body == b"label"
    assert save(here, "ben").status == 200
    assert save(here, "ann").status == 409
    assert [label.author for _, label, _ in here.app.saved] == ["ann", "ben"]


def test_looking_at_the_study_in_the_viewer_is_seeing_its_labels(here):
    save(here, "ann")
    here.services.seen.mark("ben", PET, here.app.study_versions(STUDY)[PET])
    assert save(here, "ben").status == 200


def test_a_head_request_is_not_seeing(here):
    save(here, "ann")
    assert here.ask("HEAD", f"/datastore/label?image={PET}&tag=final", "ben").status == 200
    assert save(here, "ben").status == 409


def test_a_client_may_say_which_version_it_saw(here):
    save(here, "ann")
    assert save(here, "ben", params={"expected_version": 1}).status == 200
    assert save(here, "ann", params={"expected_version": 0}).status == 409
    for wrong in (-1, "2", True, 1.5):
        assert save(here, "ann", params={"expected_version": wrong}).status == 400


@pytest.mark.parametrize("name", ["label.zip", "label.tar.gz", "label.pkl", "label", "label.nii.gz.exe", "label.bin"])
def test_only_label_files_are_taken_and_no_archive(here, name):
    assert save(here, name=name).status == 415
    assert here.app.saved == []


@pytest.mark.parametrize("name", ["../../../tmp/escaped.nii.gz", "/etc/cron.d/x.nii.gz", "a\\..\\b.nrrd"])
def test_a_file_name_cannot_leave_the_folder(here, name):
    assert save(here, name=name).status == 200
    (_, label, _) = here.app.saved[0]
    assert label.file.parent == here.token_file.parent / "work" / "uploads"
    assert "escaped" not in str(label.file)
    assert "cron" not in str(label.file)


@pytest.mark.parametrize("tag", ["../x", "a/b", "%2e%2e", "A", "x" * 33, "final.nii", "a b"])
def test_a_tag_is_a_plain_word(here, tag):
    from urllib.parse import quote

    quoted = quote(tag, safe="")
    assert save(here, target=f"/datastore/label?image={PET}&tag={quoted}").status == 400
    assert here.ask("GET", f"/datastore/label?label={PET}&tag={quoted}", "ann").status == 400
    assert here.app.saved == []


@pytest.mark.parametrize("query", ["image=/etc/passwd", "image=9.9.9", "", f"image={PET}&user=ben", f"image={PET}&x=1"])
def test_a_label_of_no_listed_exam_is_refused(here, query):
    assert save(here, target=f"/datastore/label?{query}").status in {400, 404}
    assert here.app.saved == []


def test_params_cannot_name_an_author_or_a_file(here):
    for params in ({"user": "ben"}, {"author": "ben"}, {"image": OTHER_PET}, {"label": "/etc/passwd"}, {"tag": "x"}):
        assert save(here, params=params).status == 400
    assert here.app.saved == []


def test_the_upstream_server_paths_are_not_given_out(here):
    assert here.ask("GET", "/datastore/?output=train", "trainer").status == 400
    assert json.loads(here.ask("GET", "/datastore/?output=all", "reader").body) == {"objects": {PET: {}}}
    answer = here.ask("GET", f"/datastore/image?image={PET}", "reader")
    assert answer.headers["content-disposition"] == 'attachment; filename="image.nii.gz"'
    assert str(here.app.folder) not in str(answer.headers)
    assert here.ask("GET", "/datastore/image?image=/etc/passwd", "reader").status == 400
    assert here.ask("GET", f"/datastore/image?image={PET}&check_sum=../x", "reader").status == 400


def test_the_viewers_segmentation_becomes_a_label_of_the_account(here):
    headers, body = related(DICOM)
    answer = here.ask("POST", "/dicom-web/studies", "ann", headers, body)
    assert answer.status == 200
    assert json.loads(answer.body)["00081199"]["Value"][0]["00081155"]["Value"] == ["1.9.1"]
    image, label, data = here.app.saved[0]
    assert (image, label.author, data) == (PET, "ann", DICOM)
    assert not label.file.exists()


def test_storing_is_for_annotators_and_only_dicom_of_listed_exams(here):
    headers, body = related(DICOM)
    assert here.ask("POST", "/dicom-web/studies", "reader", headers, body).status == 403
    assert here.ask("POST", "/dicom-web/studies", None, headers, body).status == 401
    wrong, other = related(b"PK\x03\x04 not DICOM")
    assert here.ask("POST", "/dicom-web/studies", "ann", wrong, other).status == 415
    wrong, other = related(DICOM, kind="application/zip")
    assert here.ask("POST", "/dicom-web/studies", "ann", wrong, other).status == 415
    assert here.ask("POST", "/dicom-web/studies", "ann", {"Content-Type": "application/dicom"}, DICOM).status == 415
    wrong, other = related(*[DICOM] * 5)
    assert here.ask("POST", "/dicom-web/studies", "ann", wrong, other).status == 400
    wrong, other = related(DICOM + b"not-ours")
    assert here.ask("POST", "/dicom-web/studies", "ann", wrong, other).status == 404
    for broken in (b"", b"--b0undary\r\n", b"garbage", b"--b0undary\r\n\r\n\r\n--b0undary--"):
        assert here.ask("POST", "/dicom-web/studies", "ann", headers, broken).status in {400, 415}
    assert here.app.saved == []


def test_a_viewers_label_over_anothers_unseen_one_is_a_conflict(here):
    save(here, "ann")
    headers, body = related(DICOM)
    assert here.ask("POST", f"/dicom-web/studies/{STUDY}", "ben", headers, body).status == 409
    assert len(here.app.saved) == 1
