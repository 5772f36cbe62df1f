import shutil
from datetime import datetime

import numpy as np
import pytest

from apps.monai_label.labels.label_types import LabelOrigin
from apps.monai_label.labels.truth_search import look_through, same_author
from tests.apps.monai_label.foreign_segmentations import write_segmentation
from tests.apps.monai_label.small_exams import box, of_folder, submission
from tests.uptake_command import exit_status
from uptake.dicom.annotations.segmentation_authorship import read_authorship
from uptake.dicom.annotations.segmentation_reader import read_segmentation
from uptake.errors import UnreadableFile
from uptake.volume import LabelMap

HUMAN = "Reader^Rosa"


@pytest.fixture
def site(small_exams, tmp_path):
    """Exams in a folder that may be added to, with one listed author, and the first image."""
    folder = tmp_path / "exams"
    shutil.copytree(small_exams, folder)
    exams = of_folder(folder, tmp_path, human_authors=("Reader Rosa",))
    return exams, exams.listed()[0], folder / "first"


def test_a_listed_authors_manual_segmentation_is_truth(site):
    exams, image, folder = site
    drawn = box(exams, image, (5, 10, 10))
    write_segmentation(exams, image, drawn, folder / "seg.dcm", author=HUMAN, algorithm="MANUAL")
    found = exams.truths()
    assert found[image].origin is LabelOrigin.listed_author
    assert (found[image].number, found[image].author) == (1, HUMAN)
    np.testing.assert_array_equal(exams.truth(image).array, drawn)
    assert len(exams.labels.ledger.entries()) == 1
    exams.list_again()
    assert len(exams.labels.ledger.entries()) == 1


@pytest.mark.parametrize(
    ("author", "algorithm", "types", "origin"),
    [
        (HUMAN, "AUTOMATIC", (), LabelOrigin.machine),
        (HUMAN, "MANUAL", ("MANUAL", "AUTOMATIC"), LabelOrigin.machine),
        (HUMAN, "MANUAL", ("", "MANUAL"), LabelOrigin.unknown),
        (HUMAN, "MANUAL", ("SOMETHING",), LabelOrigin.unknown),
        ("Stranger^Sam", "MANUAL", (), LabelOrigin.unknown),
        ("", "MANUAL", (), LabelOrigin.unknown),
    ],
)
def test_machines_and_strangers_are_not_truth(site, author, algorithm, types, origin):
    exams, image, folder = site
    drawn = box(exams, image, (5, 10, 10)) + box(exams, image, (15, 20, 20), value=2)
    write_segmentation(exams, image, drawn, folder / "seg.dcm", author=author, algorithm=algorithm, types=types)
    exams.source.refresh()
    counts = look_through(exams.labels, exams.source)
    assert counts[origin] == 1
    assert sum(counts.values()) == 1
    assert exams.truths() == {}
    assert exams.truth(image) is None


@pytest.mark.parametrize("how", ["as it was", "one class alone", "classes joined"])
def test_a_machines_mask_that_a_viewer_saved_as_manual_is_not_truth(site, how):
    exams, image, folder = site
    drawn = box(exams, image, (5, 10, 10)) + box(exams, image, (15, 20, 20), value=2)
    exams.seg_of(image, LabelMap(drawn.astype(np.uint16), exams.grid(image)), {1: "lesion", 2: "liver"}, ("net", "1"))
    saved = {"as it was": drawn, "one class alone": drawn * (drawn == 1), "classes joined": drawn > 0}[how]
    write_segmentation(exams, image, saved, folder / "seg.dcm", author=HUMAN, algorithm="MANUAL")
    assert exams.truths() == {}


def test_a_copy_of_another_machines_segmentation_in_the_pacs_is_not_truth(site):
    exams, image, folder = site
    drawn = box(exams, image, (5, 10, 10)) + box(exams, image, (15, 20, 20), value=2)
    write_segmentation(exams, image, drawn, folder / "machine.dcm")
    write_segmentation(exams, image, drawn > 0, folder / "copy.dcm", author=HUMAN, algorithm="SEMIAUTOMATIC")
    assert exams.truths() == {}


def test_what_uptake_run_sent_to_the_pacs_is_not_truth_nor_is_a_viewers_copy_of_it(small_exams, tmp_path):
    folder = tmp_path / "exams"
    shutil.copytree(small_exams, folder)
    assert exit_status("run", folder / "first", tmp_path / "results", "--method", "fixed-4.0", "--task", "lesions") == 0
    sent = [path for path in (tmp_path / "results").rglob("*.dcm") if is_segmentation(path)]
    assert sent
    for number, path in enumerate(sent):
        shutil.copy(path, folder / "first" / f"result-{number}.dcm")
    # Even where its own author is believed.
    exams = of_folder(folder, tmp_path, human_authors=(read_authorship(sent[0]).author or "Uptake", "Reader Rosa"))
    image = exams.listed()[0]
    assert exams.truths() == {}
    found = read_segmentation(sent[0]).label_map(exams.grid(image)).array > 0
    assert found.any()
    write_segmentation(exams, image, found, folder / "first" / "copy.dcm", author=HUMAN, algorithm="MANUAL")
    exams.list_again()
    assert exams.truths() == {}
    assert exams.truth(image) is None


def is_segmentation(path):
    try:
        return bool(read_authorship(path).sop_instance_uid)
    except UnreadableFile:
        return False


def test_a_machines_mask_that_a_person_corrected_is_truth(site):
    exams, image, folder = site
    drawn = box(exams, image, (5, 10, 10))
    exams.note_machine(image, LabelMap(drawn.astype(np.uint16), exams.grid(image)))
    drawn[5, 10, 10] = 0
    write_segmentation(exams, image, drawn, folder / "seg.dcm", author=HUMAN, algorithm="SEMIAUTOMATIC")
    assert list(exams.truths()) == [image]


def test_the_same_mask_of_a_machine_submitted_through_the_server_is_truth(site):
    exams, image, _ = site
    drawn = box(exams, image, (5, 10, 10))
    exams.note_machine(image, LabelMap(drawn.astype(np.uint16), exams.grid(image)))
    exams.submit(image, submission(exams, image, drawn))
    assert exams.truths()[image].origin is LabelOrigin.submitted


def test_classes_that_are_not_ours_are_not_truth(site):
    exams, image, folder = site
    drawn = box(exams, image, (5, 10, 10))
    write_segmentation(
        exams, image, drawn, folder / "seg.dcm", author=HUMAN, algorithm="MANUAL", names={1: "Segment 1"}
    )
    assert exams.truths() == {}


def test_an_old_segmentation_found_late_does_not_replace_a_newer_label(site):
    exams, image, folder = site
    newer = box(exams, image, (5, 10, 10))
    exams.submit(image, submission(exams, image, newer))
    old = datetime(2020, 1, 1)
    write_segmentation(
        exams, image, box(exams, image, (9, 9, 9)), folder / "s.dcm", author=HUMAN, algorithm="MANUAL", created=old
    )
    assert exams.truths()[image].author == "anna"
    np.testing.assert_array_equal(exams.truth(image).array, newer)


def test_nobody_is_believed_where_no_author_is_listed(small_exams, tmp_path):
    folder = tmp_path / "exams"
    shutil.copytree(small_exams, folder)
    exams = of_folder(folder, tmp_path)
    image = exams.listed()[0]
    write_segmentation(
        exams, image, box(exams, image, (5, 10, 10)), folder / "first" / "s.dcm", author=HUMAN, algorithm="MANUAL"
    )
    assert exams.truths() == {}


def test_names_are_compared_without_case_and_components():
    assert same_author("READER^Rosa^^Dr", ["x", "reader rosa dr"])
    assert not same_author("Reader^Rosa", ["Rosa Reader"])
    assert not same_author("", [""])
