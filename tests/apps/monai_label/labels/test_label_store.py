import multiprocessing
import os
import shutil
import signal
import threading

import numpy as np
import pytest

from apps.monai_label.exams.exam_errors import PacsUnavailable
from apps.monai_label.exams.exam_source import StoreRefused
from apps.monai_label.labels.label_errors import ConflictRefused, LabelRefused
from apps.monai_label.labels.submission import Submission
from tests.apps.monai_label.foreign_segmentations import write_segmentation
from tests.apps.monai_label.small_exams import box, of_folder, submission
from uptake.dicom.annotations.segmentation_authorship import read_authorship
from uptake.volume import LabelMap


@pytest.fixture
def site(small_exams, tmp_path):
    exams = of_folder(small_exams, tmp_path)
    return exams, exams.listed()[0]


def stored(tmp_path):
    return sorted((tmp_path / "stored").rglob("*.dcm"))


def test_a_label_comes_back_voxel_by_voxel_with_its_author(site, tmp_path):
    exams, image = site
    drawn = box(exams, image, (5, 10, 10)) + box(exams, image, (15, 20, 20), value=2)
    version = exams.submit(image, submission(exams, image, drawn, expected_version=0))
    assert (version.number, version.author, version.origin.is_truth) == (1, "anna", True)
    np.testing.assert_array_equal(exams.truth(image).array, drawn)
    np.testing.assert_array_equal(exams.truth(image, {"lesion": 9}).array, 9 * (drawn == 1))
    np.testing.assert_array_equal(exams.truth(image, {"lesion": 1, "physiological_uptake": 1}).array, drawn > 0)
    (path,) = stored(tmp_path)
    author = read_authorship(path)
    assert (author.author, author.algorithm_types) == ("anna", {"SEMIAUTOMATIC"})
    assert (author.sop_instance_uid, author.source_series_uids) == (version.sop_instance_uid, (image,))
    assert list((tmp_path / "labels" / "kept").iterdir()) == []


def test_an_exam_without_any_lesion_is_a_label_too(site):
    exams, image = site
    exams.submit(image, submission(exams, image, box(exams, image, (5, 10, 10), value=0)))
    assert exams.truths()[image].number == 1
    assert not exams.truth(image).array.any()


def test_two_annotators_do_not_overwrite_each_other(site):
    exams, image = site
    first, second = box(exams, image, (5, 10, 10)), box(exams, image, (15, 20, 20))
    exams.submit(image, submission(exams, image, first, "anna", expected_version=0))
    with pytest.raises(ConflictRefused, match=r"version 1.*version 0") as refused:
        exams.submit(image, submission(exams, image, second, "ben", expected_version=0))
    assert (refused.value.expected, refused.value.current) == (0, 1)
    with pytest.raises(ConflictRefused):  # a client that does not say what it saw
        exams.submit(image, submission(exams, image, second, "ben"))
    np.testing.assert_array_equal(exams.truth(image).array, first)
    joined = np.maximum(first, second)
    assert exams.submit(image, submission(exams, image, joined, "ben", expected_version=1)).number == 2
    assert [each.author for each in exams.labels.versions(image)] == ["anna", "ben"]


def test_two_annotators_at_the_same_moment_one_is_told(site):
    exams, image = site
    results = []

    def save(author, at):
        try:
            results.append(exams.submit(image, submission(exams, image, box(exams, image, at), author)).number)
        except ConflictRefused:
            results.append("conflict")

    threads = [threading.Thread(target=save, args=(f"a{n}", (5 + n, 10, 10))) for n in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(map(str, results)) == ["1", "conflict", "conflict", "conflict"]


def test_a_retry_does_not_double(site, tmp_path):
    exams, image = site
    sent = submission(exams, image, box(exams, image, (5, 10, 10)), expected_version=0)
    assert exams.submit(image, sent).sop_instance_uid == exams.submit(image, sent).sop_instance_uid
    assert len(stored(tmp_path)) == 1
    assert exams.truth_version(image) == 1


class _Killer:
    """Ends the process before or after the source has stored."""

    def __init__(self, exams, moment):
        self.store, self.moment = exams.source.store, moment

    def __call__(self, path, place):
        if self.moment == "after":
            self.store(path, place)
        os.kill(os.getpid(), signal.SIGKILL)


def _save_and_die(folder, tmp_path, moment):
    exams = of_folder(folder, tmp_path)
    image = exams.listed()[0]
    if moment == "intent":
        exams.labels.ledger.add = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    else:
        exams.source.store = _Killer(exams, moment)
    exams.submit(image, submission(exams, image, box(exams, image, (15, 20, 20)), expected_version=1))


@pytest.mark.parametrize(("moment", "survives"), [("intent", False), ("before", True), ("after", True)])
def test_kill_9_during_save_leaves_the_old_or_the_new_label(small_exams, tmp_path, moment, survives):
    exams = of_folder(small_exams, tmp_path)
    image = exams.listed()[0]
    old, new = box(exams, image, (5, 10, 10)), box(exams, image, (15, 20, 20))
    exams.submit(image, submission(exams, image, old))
    process = multiprocessing.get_context("fork").Process(target=_save_and_die, args=(small_exams, tmp_path, moment))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL

    after = of_folder(small_exams, tmp_path)
    np.testing.assert_array_equal(after.truth(image).array, new if survives else old)
    # The client, which got no answer, sends it again.
    again = after.submit(image, submission(after, image, new, expected_version=1))
    assert again.number == 2
    assert (after.labels.send_pending(), len(stored(tmp_path))) == (0, 2)
    np.testing.assert_array_equal(of_folder(small_exams, tmp_path).truth(image).array, new)


def test_with_the_pacs_down_the_label_waits_and_is_truth(site, tmp_path):
    exams, image = site
    store = exams.source.store

    def down(path, place):
        raise PacsUnavailable("The PACS does not take an object: ConnectTimeout.")

    exams.source.store = down
    drawn = box(exams, image, (5, 10, 10))
    version = exams.submit(image, submission(exams, image, drawn))
    assert exams.is_pending(version.sop_instance_uid)
    assert stored(tmp_path) == []
    np.testing.assert_array_equal(exams.truth(image).array, drawn)
    assert exams.labels.send_pending() == 1
    exams.source.store = store
    exams.list_again()
    assert not exams.is_pending(version.sop_instance_uid)
    assert len(stored(tmp_path)) == 1
    np.testing.assert_array_equal(exams.truth(image).array, drawn)


def test_a_pacs_that_will_not_have_it_is_said_and_the_label_is_kept(site, tmp_path):
    exams, image = site

    def refuses(path, place):
        raise StoreRefused("failure reason 0124H")

    exams.source.store = refuses
    with pytest.raises(LabelRefused, match="will not store"):
        exams.submit(image, submission(exams, image, box(exams, image, (5, 10, 10))))
    assert exams.truths() == {}
    assert len(list((tmp_path / "labels" / "kept").iterdir())) == 1


def test_a_label_that_the_pacs_gives_back_otherwise_is_no_truth(site, small_exams, tmp_path):
    exams, image = site
    first = box(exams, image, (5, 10, 10))
    exams.submit(image, submission(exams, image, first))
    exams.submit(image, submission(exams, image, box(exams, image, (15, 20, 20))))
    second = next(path for path in stored(tmp_path) if path.stem == exams.truths()[image].sop_instance_uid)
    write_segmentation(exams, image, first, second, author="anna", algorithm="MANUAL")
    np.testing.assert_array_equal(exams.truth(image).array, first)
    assert exams.truth_version(image) == 1
    stored(tmp_path)[0].parent.parent.rename(tmp_path / "gone")
    shutil.rmtree(tmp_path / "labels" / "cache")
    again = of_folder(small_exams, tmp_path)
    assert again.truth(image) is None
    assert again.truths() == {}


def test_a_seg_file_of_this_exam_is_taken_and_of_another_refused(site, tmp_path):
    exams, image = site
    other = exams.listed()[1]
    drawn = box(exams, image, (5, 10, 10), value=2)
    own = write_segmentation(exams, image, drawn, tmp_path / "own.dcm", algorithm="MANUAL")
    assert exams.segmented_image(own) == image
    version = exams.submit(image, Submission(author="anna", seg=own))
    assert version.sop_instance_uid != read_authorship(own).sop_instance_uid
    np.testing.assert_array_equal(exams.truth(image).array, drawn)
    with pytest.raises(LabelRefused, match="another exam"):
        exams.submit(other, Submission(author="anna", seg=own))
    unknown = write_segmentation(exams, image, drawn, tmp_path / "u.dcm", algorithm="MANUAL", names={2: "spleen"})
    with pytest.raises(LabelRefused, match="Name the segments lesion, physiological_uptake"):
        exams.submit(image, Submission(author="anna", seg=unknown))
    (tmp_path / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\1\2\3" * 50)
    with pytest.raises(LabelRefused, match="could not be read"):
        exams.submit(image, Submission(author="anna", seg=tmp_path / "broken.dcm"))
    assert exams.truth_version(other) == 0


def test_the_machines_seg_is_automatic_and_the_same_each_time(site, tmp_path):
    exams, image = site
    drawn = box(exams, image, (5, 10, 10)).astype(np.uint16)
    content = exams.seg_of(image, LabelMap(drawn, exams.grid(image)), {1: "lesion"}, ("head_neck_mtv", "1.2"))
    (tmp_path / "seg.dcm").write_bytes(content)
    author = read_authorship(tmp_path / "seg.dcm")
    assert (author.author, author.algorithm_types) == ("", {"AUTOMATIC"})
    again = exams.seg_of(image, LabelMap(drawn.copy(), exams.grid(image)), {1: "lesion"}, ("head_neck_mtv", "1.2"))
    (tmp_path / "again.dcm").write_bytes(again)
    assert read_authorship(tmp_path / "again.dcm").sop_instance_uid == author.sop_instance_uid
