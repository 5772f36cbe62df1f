import numpy as np
import pytest

from apps.monai_label.labels.label_errors import LabelRefused
from apps.monai_label.labels.submission import Submission, place, segmentation_labels
from tests.apps.monai_label.small_exams import box, of_folder, submission
from uptake.dicom.annotations.segmentation_reader import Segment, SegmentationObject
from uptake.geometry import ImageGeometry
from uptake.volume import LabelMap

PET = ImageGeometry((10, 12, 14), (4.0, 4.0, 4.0), (0.0, 0.0, 0.0))


def on(geometry, *boxes):
    array = np.zeros(geometry.shape, np.uint16)
    for part in boxes:
        array[part] = 1
    return LabelMap(array, geometry)


def test_a_parallel_grid_of_half_the_spacing_keeps_the_volume():
    fine = ImageGeometry((20, 24, 28), (2.0, 2.0, 2.0), (-1.0, -1.0, -1.0))
    placed = place(on(fine, np.s_[4:8, 6:12, 8:12]), PET)
    # Fine voxels 4:8 lie at 7, 9, 11, 13 mm: the PET's voxels 2 and 3 (8 and 12 mm); and so on.
    expected = np.zeros(PET.shape, np.uint16)
    expected[2:4, 3:6, 4:6] = 1
    np.testing.assert_array_equal(placed.array, expected)


def test_a_grid_that_runs_the_other_way_is_turned():
    turned = ImageGeometry(PET.shape, PET.spacing_mm, (0.0, 11 * 4.0, 9 * 4.0), ((0, 0, -1), (0, -1, 0), (1, 0, 0)))
    placed = place(on(turned, np.s_[0:2, 0:3, 0:4]), PET)
    expected = np.zeros(PET.shape, np.uint16)
    expected[8:10, 9:12, 0:4] = 1
    np.testing.assert_array_equal(placed.array, expected)


def test_an_oblique_grid_is_refused():
    c, s = np.cos(0.1), np.sin(0.1)
    oblique = ImageGeometry(PET.shape, PET.spacing_mm, PET.origin_mm, ((0, -s, c), (0, c, s), (1, 0, 0)))
    with pytest.raises(LabelRefused, match="not parallel"):
        place(on(oblique, np.s_[0:2, 0:2, 0:2]), PET)


def test_a_label_beyond_the_pet_is_refused_but_a_larger_empty_margin_is_not():
    large = ImageGeometry((30, 32, 34), (4.0, 4.0, 4.0), (-40.0, -40.0, -40.0))
    assert place(on(large, np.s_[10:20, 10:22, 10:24]), PET).array.all()
    with pytest.raises(LabelRefused, match="beyond"):
        place(on(large, np.s_[7:12, 10:12, 10:12]), PET)


def test_segments_without_a_voxel_may_be_of_any_class():
    drawn, empty = np.zeros((2, 12, 14), bool), np.zeros((1, 12, 14), bool)
    drawn[:, 4:6, 4:6] = True

    def segments(last):
        named = (("Lesion", (3, 4), drawn), ("liver_reference", (3,), last), ("Node", (), drawn[:0]))
        parts = tuple(Segment(at, name, "", "", None, None, planes, frames)
                      for at, (name, planes, frames) in enumerate(named, 1))  # fmt: skip
        return SegmentationObject(PET, "1.2.3", (), parts)

    found = segmentation_labels(segments(empty), {"lesion": 7})
    assert np.array_equal(np.unique(found.array), [0, 7])
    assert np.count_nonzero(found.array) == 8
    with pytest.raises(LabelRefused, match="no known class"):
        segmentation_labels(segments(drawn[:1]), {"lesion": 7})


@pytest.mark.parametrize("author", ["", "a^b", "a\\b", "x" * 65, "a\nb", "=a", "../a"])
def test_an_author_is_a_plain_account(author):
    with pytest.raises(ValueError, match="author"):
        Submission(author=author, array=np.zeros((1, 1, 1)), geometry=PET)


def test_only_final_labels_are_saved():
    for tag in ("original", "draft"):
        with pytest.raises(LabelRefused, match="final"):
            Submission(author="a", array=np.zeros((1, 1, 1)), geometry=PET, tag=tag)
    with pytest.raises(ValueError, match="tag"):
        Submission(author="a", array=np.zeros((1, 1, 1)), geometry=PET, tag="../final")


def test_values_without_a_class_and_halves_are_refused(small_exams, tmp_path):
    exams = of_folder(small_exams, tmp_path)
    image = exams.listed()[0]
    drawn = box(exams, image, (5, 10, 10), value=7)
    with pytest.raises(LabelRefused, match=r"\[7\].*1 for lesion"):
        exams.submit(image, submission(exams, image, drawn))
    with pytest.raises(LabelRefused, match="whole"):
        exams.submit(image, submission(exams, image, drawn * 0.5))
    with pytest.raises(LabelRefused, match="Two values"):
        exams.submit(image, submission(exams, image, drawn, names={7: "Lesion", 8: "lesion"}))
    assert exams.submit(image, submission(exams, image, drawn, names={7: "Primary tumour"})).number == 1
    assert set(np.unique(exams.truth(image, {"primary_tumour": 4}).array)) == {0, 4}


def test_a_class_that_vanishes_on_the_pets_grid_is_refused(small_exams, tmp_path):
    exams = of_folder(small_exams, tmp_path)
    image = exams.listed()[0]
    ct = exams.exam(image).exam.ct.geometry
    array = np.zeros(ct.shape, np.uint8)
    array[10:20, 30:40, 30:40], array[21, 30, 30] = 1, 2
    with pytest.raises(LabelRefused, match="physiological_uptake"):
        exams.submit(image, Submission(author="anna", array=array, geometry=ct))
    array[21, 30, 30] = 0
    exams.submit(image, Submission(author="anna", array=array, geometry=ct))
    drawn_ml = array.sum() * ct.voxel_volume_ml
    assert exams.truth(image).array.sum() * exams.grid(image).voxel_volume_ml == pytest.approx(drawn_ml, rel=0.25)


def test_another_exams_grid_is_refused(small_exams, tmp_path):
    exams = of_folder(small_exams, tmp_path)
    image = exams.listed()[0]
    array = np.zeros((30, 40, 40), np.uint8)
    array[5:9, 5:9, 5:9] = 1
    elsewhere = ImageGeometry((30, 40, 40), (6.0, 6.0, 6.0), (-117.0, -117.0, -900.0))
    with pytest.raises(LabelRefused, match="beyond"):
        exams.submit(image, Submission(author="anna", array=array, geometry=elsewhere))
    with pytest.raises(LabelRefused, match="size"):
        exams.submit(image, Submission(author="anna", array=array[1:], geometry=exams.grid(image)))
    assert exams.truth_version(image) == 0
