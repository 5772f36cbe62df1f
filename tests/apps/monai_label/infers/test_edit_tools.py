"""Regions removed and promoted by click, and what an edit starts from."""

import numpy as np
import pytest

from apps.monai_label.infers.drafts import Draft, Drafts
from apps.monai_label.infers.edit_tools import PROMOTE, REMOVE, EditTool
from apps.monai_label.infers.infer_errors import ClickRefused, RequestRefused
from apps.monai_label.infers.infer_request import InferRequest
from apps.monai_label.infers.label_names import LabelNames, announced_labels
from apps.monai_label.infers.placed_labels import PlacedLabels
from tests.apps.monai_label.infers.exam_of_spheres import CT_GRID, CT_UID, GRID, PET_UID, Store, click, exam_of, hot
from uptake.volume import LabelMap

NAMES = LabelNames({"lesion": 1, "lymph_node_metastasis": 2, "physiological_uptake": 3})
TUMOUR, NODE, HEART = (-30.0, 2.0, 2.0), (30.0, 2.0, 2.0), (2.0, 2.0, 30.0)


@pytest.fixture(scope="module")
def exam():
    return exam_of(hot(GRID, [(TUMOUR, 12, 9.0), (NODE, 12, 6.0), (HEART, 14, 5.0)]), with_ct=True)


@pytest.fixture
def truth(exam):
    array = np.select([exam.suv.array == 9, exam.suv.array == 6, exam.suv.array == 5], [1, 2, 3])
    return LabelMap(array.astype(np.uint16), GRID)


@pytest.fixture
def drafts():
    return Drafts()


def edit(tool, store, drafts, *, user="a", series=PET_UID, label_map=None, **params):
    request = InferRequest(PET_UID, series, user, label_map, params)
    return EditTool(tool, NAMES).answer(request, store.exam(PET_UID), store, drafts)


def test_a_region_is_removed_and_the_others_stay(exam, truth, drafts):
    found = edit(REMOVE, Store(exam, truth), drafts, foreground=[click(TUMOUR)])
    assert np.array_equal(found.labels.array, np.where(truth.array == 1, 0, truth.array))
    assert found.params["label_names"] == {"lymph_node_metastasis": 2, "physiological_uptake": 3}
    assert found.params["started_from"] == "submitted label"


def test_regions_of_two_labels_that_touch_are_two(exam, drafts):
    array = np.zeros(GRID.shape, np.uint16)
    array[20, 25, 28:30], array[20, 25, 30:33] = 1, 2
    found = edit(REMOVE, Store(exam, LabelMap(array, GRID)), drafts, foreground=[[31, 25, 20]])
    assert found.labels.array[20, 25, 27:34].tolist() == [0, 1, 1, 0, 0, 0, 0]


def test_a_click_beside_a_region_counts_within_five_millimetres(exam, drafts):
    array = np.zeros(GRID.shape, np.uint16)
    array[20, 25, 30] = 1
    truth = LabelMap(array, GRID)
    assert not edit(REMOVE, Store(exam, truth), drafts, foreground=[[31, 25, 20]]).labels.array.any()
    with pytest.raises(ClickRefused, match="no region of the submitted label"):
        edit(REMOVE, Store(exam, truth), Drafts(), foreground=[[32, 25, 20]])


def test_physiological_uptake_becomes_a_lesion(exam, truth, drafts):
    found = edit(PROMOTE, Store(exam, truth), drafts, foreground=[click(HEART)])
    assert np.array_equal(found.labels.array, np.where(truth.array == 3, 1, truth.array))


def test_it_becomes_the_lesion_that_is_named(exam, truth, drafts):
    store = Store(exam, truth)
    found = edit(PROMOTE, store, drafts, foreground=[click(HEART)], label_name="lymph_node_metastasis")
    assert np.array_equal(found.labels.array, np.where(truth.array == 3, 2, truth.array))


def test_only_physiological_uptake_is_promoted(exam, truth, drafts):
    with pytest.raises(ClickRefused, match="no physiological region"):
        edit(PROMOTE, Store(exam, truth), drafts, foreground=[click(TUMOUR)])


def test_edits_follow_one_another_and_old_clicks_do_no_harm(exam, truth, drafts):
    """OHIF sends all clicks again with each new one."""
    store = Store(exam, truth)
    edit(REMOVE, store, drafts, lesion=[click(TUMOUR)])
    found = edit(REMOVE, store, drafts, lesion=[click(TUMOUR), click(NODE)])
    assert np.array_equal(found.labels.array, np.where(truth.array == 3, 3, 0))
    assert (found.params["started_from"], found.params["regions_changed"]) == ("last answer", 1)


def test_a_newer_submission_comes_before_the_draft(exam, truth, drafts):
    store = Store(exam, truth)
    edit(REMOVE, store, drafts, foreground=[click(TUMOUR)])
    store.version += 1
    found = edit(REMOVE, store, drafts, foreground=[click(NODE)])
    assert np.array_equal(found.labels.array, np.where(truth.array == 2, 0, truth.array))


def test_users_do_not_share_drafts(exam, truth, drafts):
    store = Store(exam, truth)
    edit(REMOVE, store, drafts, user="a", foreground=[click(TUMOUR)])
    assert (edit(REMOVE, store, drafts, user="b", foreground=[click(NODE)]).labels.array == 1).any()


def test_a_label_that_was_sent_comes_first(exam, truth, drafts):
    array = np.zeros(GRID.shape, np.uint16)
    array[20, 25, 30], array[20, 25, 40] = 1, 1
    sent = LabelMap(array, GRID)
    found = edit(REMOVE, Store(exam, truth), drafts, label_map=sent, foreground=[[30, 25, 20]])
    assert np.argwhere(found.labels.array).tolist() == [[20, 25, 40]]


def test_on_the_ct_the_answer_is_the_cts(exam, truth, drafts):
    found = edit(REMOVE, Store(exam, truth), drafts, series=CT_UID, foreground=[click(TUMOUR, CT_GRID)])
    assert found.placed.grid == CT_GRID
    array = found.labels.array
    assert not (array == 1).any()
    assert array[tuple(click(NODE, CT_GRID)[::-1])] == 2


def test_without_any_label_there_is_nothing_to_edit(exam, drafts):
    with pytest.raises(RequestRefused, match="no label of this exam"):
        edit(REMOVE, Store(exam), drafts, foreground=[click(TUMOUR)])


@pytest.mark.parametrize("params", [{}, {"foreground": [[-1, 0, 0]]}, {"lesion": [[600, 0, 0]]}, {"foreground": "x"}])
def test_clicks_that_do_not_do(exam, truth, drafts, params):
    with pytest.raises(ClickRefused):
        edit(REMOVE, Store(exam, truth), drafts, **params)


def test_drafts_are_bounded():
    def draft(size):
        return Draft(PlacedLabels(np.ones((1, 1, size), np.uint8), (0, 0, 0), GRID), 0)

    kept = Drafts(most_bytes=50, most=3)
    for number in range(3):
        kept.keep("a", str(number), draft(20))
    assert [kept.of("a", str(number), 0) is not None for number in range(3)] == [False, True, True]
    kept.keep("a", "3", draft(51))
    assert kept.of("a", "3", 0) is None
    for number in range(4, 8):
        kept.keep("a", str(number), draft(1))
    assert sum(kept.of("a", str(number), 0) is not None for number in range(8)) == 3


def test_announced_labels_end_with_the_plain_ones():
    assert dict(announced_labels([]).values) == {"lesion": 1, "physiological_uptake": 2}


@pytest.mark.parametrize("values", [{}, {"lesion": 0}, {"lesion": 256}, {"nonsense": 1}, {"liver": 1},
                                    {"lesion": 1, "liver": 1}])  # fmt: skip
def test_labels_that_cannot_be_announced(values):
    with pytest.raises(ValueError, match=r"\w"):
        LabelNames(values)
