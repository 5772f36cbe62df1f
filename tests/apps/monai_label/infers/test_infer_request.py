"""What a request may hold, and what it may not."""

import numpy as np
import pytest

from apps.monai_label.infers.infer_errors import RequestRefused
from apps.monai_label.infers.infer_request import CLICK_PARAMS, number_of, read_request
from tests.apps.monai_label.infers.exam_of_spheres import CT_GRID, CT_UID, GRID, PET_UID, exam_of, hot
from uptake.errors import InputRefused
from uptake.volume import LabelMap

PLAIN = {"model": "interactive", "image": PET_UID}


def test_what_the_clients_add_is_taken():
    request = read_request(
        PLAIN | {"foreground": [[1, 2, 3]], "background": [], "result_extension": ".nrrd", "result_dtype": "uint8",
                 "result_compress": False, "restore_label_idx": False, "client_id": "x", "label_info": []},
        CLICK_PARAMS,
    )  # fmt: skip
    assert (request.extension, request.compressed, request.series_uid) == (".nrrd", False, PET_UID)
    assert request.params["foreground"] == [[1, 2, 3]]
    assert not request.cancelled()


@pytest.mark.parametrize(
    "more",
    [{"label": "/etc/passwd"}, {"model_filename": "x.pt"}, {"roi": [1, 2]}, {"result_extension": ".pt"},
     {"result_extension": "/../x.nii"}, {"result_dtype": "float32"}, {"image": 5}, {"image": None}, {"series": 7}],
)  # fmt: skip
def test_what_is_not_allowed_is_refused(more):
    with pytest.raises(RequestRefused):
        read_request(PLAIN | more, CLICK_PARAMS)


@pytest.mark.parametrize("image", ["/etc/passwd", "", "1..2", "1.2/../3", "file://x"])
def test_an_image_is_a_uid(image):
    with pytest.raises(InputRefused):
        read_request(PLAIN | {"image": image}, CLICK_PARAMS)


def test_a_refusal_repeats_nothing_that_was_sent():
    with pytest.raises(RequestRefused) as refusal:
        read_request(PLAIN | {"Zyxwvut^Secretname": 1}, CLICK_PARAMS)
    assert "Secretname" not in str(refusal.value)


def test_the_grid_is_that_of_the_series_that_is_shown():
    exam = exam_of(hot(GRID), with_ct=True)
    assert read_request(PLAIN, ()).grid(exam) is exam.suv.geometry
    assert read_request(PLAIN | {"series": CT_UID}, ()).grid(exam) == CT_GRID
    with pytest.raises(RequestRefused, match="neither the PET nor the CT"):
        read_request(PLAIN | {"series": "1.2.3.4"}, ()).grid(exam)
    with pytest.raises(RequestRefused):
        read_request(PLAIN | {"series": CT_UID}, ()).grid(exam_of(hot(GRID)))


def test_a_label_that_was_sent_along_is_a_label_map():
    label = LabelMap(np.zeros(GRID.shape, np.uint16), GRID)
    assert read_request(PLAIN | {"label_map": label}, ()).label_map is label
    with pytest.raises(TypeError):
        read_request(PLAIN | {"label_map": "/tmp/label.nii"}, ())


@pytest.mark.parametrize(("value", "number"), [(None, None), ("", None), (0, None), (0.0, None), (1.5, 1.5), ("2", 2)])
def test_numbers(value, number):
    assert number_of({"x": value}, "x") == number


@pytest.mark.parametrize("value", ["a", [1], True, -1, float("nan"), float("inf"), 10**400])
def test_what_is_no_number(value):
    with pytest.raises(RequestRefused):
        number_of({"x": value}, "x")
