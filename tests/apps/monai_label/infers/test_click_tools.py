"""What clicks mean to each tool."""

import numpy as np
import pytest

from apps.monai_label.infers.click_tools import LIVER, ClickTool
from apps.monai_label.infers.infer_errors import ClickRefused, RequestRefused
from apps.monai_label.infers.infer_request import InferRequest
from apps.monai_label.infers.label_names import LabelNames
from apps.monai_label.infers.threshold_rules import RULES
from tests.apps.monai_label.infers.exam_of_spheres import CT_GRID, CT_UID, GRID, PET_UID, click, exam_of, hot, places

NAMES = LabelNames({"primary_tumour": 1, "lymph_node_metastasis": 2})
LEFT, RIGHT = (-30.0, 2.0, 2.0), (30.0, 2.0, 2.0)
BY_NAME = {rule.name: ClickTool(rule, NAMES) for rule in RULES} | {"interactive": ClickTool(None, NAMES)}


@pytest.fixture(scope="module")
def exam():
    """Spheres of 12 mm left and right, SUV 9 and 6, in tissue of 2."""
    return exam_of(hot(GRID, [(LEFT, 12, 9.0), (RIGHT, 12, 6.0)], tissue=2.0), with_ct=True)


def answer(exam, name, *, series=PET_UID, **params):
    return BY_NAME[name].answer(InferRequest(PET_UID, series, params=params), exam)


@pytest.mark.parametrize("name", [name for name in BY_NAME if name != "region_percist"])
def test_each_tool_finds_the_sphere_at_the_click(exam, name):
    found = answer(exam, name, foreground=[click(LEFT)])
    assert np.array_equal(found.labels.array, np.where(exam.suv.array == 9, 1, 0))
    assert found.params["label_names"] == {"primary_tumour": 1}
    assert found.params["suv_max"] == 9.0
    assert found.params["volume_ml"] == pytest.approx((exam.suv.array == 9).sum() * 0.064, abs=1e-3)


def test_all_clicks_count(exam):
    found = answer(exam, "region_suv_2_5", foreground=[click(LEFT), click(RIGHT)])
    assert np.array_equal(found.labels.array > 0, exam.suv.array > 2)


def test_a_label_may_be_named(exam):
    found = answer(exam, "region_suv_4_0", foreground=[click(LEFT)], label_name="lymph_node_metastasis")
    assert found.params["label_names"] == {"lymph_node_metastasis": 2}
    assert set(np.unique(found.labels.array)) == {0, 2}
    with pytest.raises(RequestRefused, match="not announced") as refusal:
        answer(exam, "region_suv_4_0", foreground=[click(LEFT)], label_name="Secretname")
    assert "Secretname" not in str(refusal.value)


def test_clicks_may_come_under_the_labels_names(exam):
    found = answer(exam, "region_suv_4_0", primary_tumour=[click(RIGHT)], lymph_node_metastasis=[click(LEFT)])
    assert np.array_equal(found.labels.array, np.select([exam.suv.array == 9, exam.suv.array == 6], [2, 1]))
    assert found.params["label_names"] == {"primary_tumour": 1, "lymph_node_metastasis": 2}


def test_percist_takes_the_liver_from_a_click(exam):
    # The tissue's SUV of 2 is a SUL of 1.5: the threshold is 1.5 x 1.5 / 0.75 = 3.
    found = answer(exam, "region_percist", primary_tumour=[click(LEFT)], **{LIVER: [click((2, 2, 30))]})
    assert found.params["threshold_suv"] == 3.0
    assert np.array_equal(found.labels.array > 0, exam.suv.array == 9)


def test_percist_takes_the_liver_from_numbers(exam):
    found = answer(exam, "region_percist", foreground=[click(LEFT)], liver_mean_sul=3.0, liver_sd_sul=0.3)
    assert found.params["threshold_suv"] == pytest.approx((4.5 + 0.6) / 0.75)
    with pytest.raises(ClickRefused, match=r"below the threshold of 6\.80"):
        answer(exam, "region_percist", foreground=[click(RIGHT)], liver_mean_sul=3.0, liver_sd_sul=0.3)


def test_percist_without_a_liver_says_what_to_do(exam):
    with pytest.raises(RequestRefused, match="liver_reference"):
        answer(exam, "region_percist", foreground=[click(LEFT)], liver_mean_sul=0.0, liver_sd_sul=0.0)


def test_a_background_click_parts_a_region_at_its_valley():
    array = hot(GRID)
    for at, level in enumerate([4, 8, 10, 8, 6, 7, 9, 7, 4]):
        array[20, 25, 26 + at] = level
    exam = exam_of(array)
    whole = answer(exam, "region_suv_4_0", foreground=[[28, 25, 20]])
    assert (whole.labels.array > 0).sum() == 9
    parted = answer(exam, "region_suv_4_0", foreground=[[28, 25, 20]], background=[[32, 25, 20]])
    kept = parted.labels.array[20, 25].nonzero()[0].tolist()
    assert kept in ([26, 27, 28, 29], [26, 27, 28, 29, 30])  # the valley itself may go to either


def test_a_background_click_elsewhere_changes_nothing(exam):
    found = answer(exam, "region_suv_2_5", foreground=[click(LEFT)], background=[click(RIGHT), [0, 0, 0]])
    assert np.array_equal(found.labels.array > 0, exam.suv.array == 9)


def test_on_the_ct_clicks_and_labels_are_the_cts(exam):
    found = answer(exam, "region_suv_2_5", series=CT_UID, foreground=[click(LEFT, CT_GRID)])
    assert found.placed.grid == CT_GRID
    x, y, z = places(CT_GRID)
    apart = np.sqrt((x - LEFT[0]) ** 2 + (y - LEFT[1]) ** 2 + (z - LEFT[2]) ** 2)
    mask = found.placed.whole() > 0
    assert mask[apart < 8].all()
    assert not mask[apart > 17].any()


@pytest.mark.parametrize("name", list(BY_NAME))
@pytest.mark.parametrize(
    ("params", "why"),
    [({}, "no foreground click"), ({"background": [[30, 25, 20]]}, "no foreground click"),
     ({"foreground": [[0, 0, 0]]}, "in air"), ({"foreground": [[-1, 5, 5]]}, "outside the series"),
     ({"foreground": "[[1, 2, 3]]"}, "not a list"), ({"foreground": [[30, 25, 20]], "background": [[9]]}, "three")],
)  # fmt: skip
def test_clicks_that_do_not_do_are_one_clear_error(exam, name, params, why):
    liver = {"liver_mean_sul": 1.0} if name == "region_percist" else {}
    with pytest.raises(ClickRefused, match=why) as refusal:
        answer(exam, name, **params, **liver)
    assert refusal.value.remedy


def test_the_answer_is_plain_json(exam):
    import json

    found = answer(exam, "region_41_percent", foreground=[click(LEFT)])
    assert json.loads(json.dumps(found.params, allow_nan=False)) == found.params
