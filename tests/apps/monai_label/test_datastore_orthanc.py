"""The datastore before a real Orthanc."""

import shutil
from datetime import datetime

import numpy as np
import pytest

from apps.monai_label.exams.dicomweb_source import DicomwebSource, SourceSettings
from apps.monai_label.exams.exam_errors import PacsUnavailable, UnknownExam
from apps.monai_label.exams.pacs_client import PacsAddress, PacsClient
from apps.monai_label.labels.label_types import LabelOrigin
from apps.monai_label.labels.labelled_exams import LabelledExams
from tests.apps.monai_label.foreign_segmentations import write_segmentation
from tests.apps.monai_label.small_exams import box, settings, submission
from uptake.dicom.annotations.segmentation_authorship import read_authorship
from uptake.dicom.exams.exam_reader import read_exams
from uptake.exam_preparation import prepare
from uptake.volume import LabelMap


@pytest.fixture
def exams_of(orthanc, small_exams, tmp_path):
    """Makes the exams of the Orthanc, which holds both small exams; ``fresh`` forgets all that was cached."""
    orthanc.store(small_exams)

    def make(fresh=False, listing_s=0.0, **labels):
        if fresh:
            shutil.rmtree(tmp_path / "cache", ignore_errors=True)
        user, password = orthanc.credentials
        address = PacsAddress(orthanc.dicomweb_url, user=user, password=password, timeout_s=5.0, pauses_s=(0.05,))
        cache = tmp_path / "cache"
        cache.mkdir(exist_ok=True)
        source = DicomwebSource(PacsClient(address), SourceSettings(cache, listing_s=listing_s))
        return LabelledExams(source, settings(tmp_path, **labels))

    return make


def sent(orthanc):
    return [orthanc.file(each) for each in orthanc.instances("SEG")]


def test_exams_are_found_paired_and_the_same_as_from_a_folder(exams_of, small_exams):
    exams = exams_of()
    first, second = exams.listed()
    expected = prepare(read_exams(small_exams / "first")[0])
    found = exams.exam(first)
    np.testing.assert_array_equal(found.suv.array, expected.suv.array)
    np.testing.assert_array_equal(found.ct.array, expected.ct.array)
    assert found.suv.geometry.same_grid(expected.suv.geometry)
    key = exams.key(second)
    assert (key.prior_pet_series_uid, exams.prior(second).exam.pet.series_uid) == (first, first)
    assert key.ct_series_uid == exams.exam(second).exam.ct.series_uid
    assert key.frame_of_reference_uid == exams.exam(second).exam.pet.frame_of_reference_uid
    assert exams.image_of(key.ct_series_uid) == second
    with pytest.raises(UnknownExam):
        exams.image_of("1.2.3")


def test_a_label_goes_to_the_pacs_and_comes_back(exams_of, orthanc, tmp_path):
    exams = exams_of()
    image = exams.listed()[0]
    drawn = box(exams, image, (5, 10, 10)) + box(exams, image, (15, 20, 20), value=2)
    version = exams.submit(image, submission(exams, image, drawn))
    (content,) = sent(orthanc)
    (tmp_path / "seg.dcm").write_bytes(content)
    author = read_authorship(tmp_path / "seg.dcm")
    assert (author.sop_instance_uid, author.author) == (version.sop_instance_uid, "anna")
    assert author.study_uid == exams.key(image).study_uid
    shutil.rmtree(tmp_path / "labels" / "cache")
    again = exams_of(fresh=True)
    np.testing.assert_array_equal(again.truth(image).array, drawn)
    # What is there already counts as stored.
    with again.labels.stored.fetched(again.labels.ledger.find(version.sop_instance_uid).place) as path:
        again.source.store(path, again.labels.ledger.find(version.sop_instance_uid).place)
    assert len(sent(orthanc)) == 1


def test_the_pacs_goes_down_in_the_middle_and_no_label_is_lost(exams_of, orthanc):
    exams = exams_of()
    first, second = exams.listed()
    drawn = box(exams, first, (5, 10, 10))
    exams.exam(first)
    orthanc.stop()
    version = exams.submit(first, submission(exams, first, drawn))
    assert exams.is_pending(version.sop_instance_uid)
    assert not exams.source.state().available
    assert exams.listed() == [first, second]
    np.testing.assert_array_equal(exams.truth(first).array, drawn)
    with pytest.raises(PacsUnavailable, match="Try again"):
        exams.exam(second)
    with pytest.raises(PacsUnavailable):
        exams.submit(second, submission(exams, first, drawn))

    restarted = exams_of()  # the server is started again while the PACS is down
    with pytest.raises(PacsUnavailable):
        restarted.listed()
    assert list(restarted.truths()) == [first]

    orthanc.start()
    restarted.list_again()
    assert restarted.source.state().available
    assert not restarted.is_pending(version.sop_instance_uid)
    assert len(sent(orthanc)) == 1
    np.testing.assert_array_equal(exams_of(fresh=True).truth(first).array, drawn)


def test_a_viewers_copy_of_a_machines_mask_is_not_truth_and_a_readers_own_is(exams_of, orthanc, tmp_path):
    exams = exams_of(human_authors=("Reader Rosa",))
    first, second = exams.listed()
    machine = box(exams, first, (5, 10, 10))
    exams.seg_of(first, LabelMap(machine.astype(np.uint16), exams.grid(first)), {1: "lesion"}, ("net", "1"))
    folder = tmp_path / "sent"
    folder.mkdir()
    rosa = {"author": "Reader^Rosa", "algorithm": "MANUAL", "created": datetime(2024, 4, 1)}
    write_segmentation(exams, first, machine, folder / "copy.dcm", **rosa)
    own = box(exams, second, (5, 10, 10))
    write_segmentation(exams, second, own, folder / "own.dcm", **rosa)
    write_segmentation(exams, second, box(exams, second, (9, 9, 9)), folder / "automatic.dcm", author="Reader^Rosa")
    orthanc.store(folder)
    found = exams.truths()
    assert {image: version.origin for image, version in found.items()} == {second: LabelOrigin.listed_author}
    np.testing.assert_array_equal(exams.truth(second).array, own)
    # Labels are seen at once, not after two hours.
    third = box(exams, first, (15, 20, 20))
    write_segmentation(exams, first, third, folder / "later.dcm", **rosa)
    orthanc.store(folder)
    assert set(exams.truths()) == {first, second}


def test_of_two_pets_of_a_study_the_one_that_can_be_measured_is_the_exam(exams_of, orthanc, small_exams, tmp_path):
    import pydicom

    (tmp_path / "uncorrected").mkdir()
    for number, path in enumerate(sorted(each for each in (small_exams / "first" / "PT").rglob("*") if each.is_file())):
        dataset = pydicom.dcmread(path)
        dataset.SeriesInstanceUID = "1.2.826.0.1.3680043.8.498.1"
        dataset.SOPInstanceUID = f"1.2.826.0.1.3680043.8.498.2.{number}"
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.CorrectedImage = ["DECY", "RAN"]
        dataset.save_as(tmp_path / "uncorrected" / f"{number}.dcm")
    before = exams_of().listed()
    assert orthanc.store(tmp_path / "uncorrected") > 0
    exams = exams_of()
    assert exams.listed() == before
    assert exams.exam(before[0]).exam.pet.series_uid == before[0]
    asked = []
    look = exams.source._look
    exams.source._look = lambda series: asked.append(series) or look(series)
    exams.list_again()
    assert asked == []


def test_a_series_that_grew_is_fetched_again(exams_of, orthanc, small_exams):
    exams = exams_of()
    image = exams.listed()[0]
    with exams.source.opened(image) as exam:
        assert len(exam.pet.planes) == 30
        last = exam.pet.planes[-1].sop_instance_uid
    (lost,) = [each for each in orthanc.instances("PT") if last.encode() in orthanc.file(each)]
    orthanc.remove(lost)
    exams.list_again()
    assert exams.exam(image).suv.array.shape[0] == 29
    orthanc.store(small_exams / "first" / "PT")
    exams.list_again()
    assert exams.exam(image).suv.array.shape[0] == 30


def test_a_series_of_which_the_pacs_sends_less_than_it_lists_is_not_taken(exams_of):
    exams = exams_of()
    image = exams.listed()[0]
    download = exams.source._client.download_series
    exams.source._client.download_series = lambda *where: download(*where) - 1
    with pytest.raises(PacsUnavailable, match=r"29 of a series' 30|35 of a series' 36"):
        exams.exam(image)
    exams.source._client.download_series = download
    assert exams.exam(image).suv.array.shape[0] == 30
