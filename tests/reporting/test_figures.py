"""Figures: names, captions, same bytes twice, no patient, no matter what the fields hold."""

import matplotlib
import numpy as np
import pytest
from PIL import Image

from tests.reporting.exam_factory import make_result
from uptake.exam import Patient
from uptake.reporting.annotation import usual_top_suv
from uptake.reporting.figures import draw_figures
from uptake.reporting.key_image import key_image


def test_files_and_captions(tmp_path):
    drawn = draw_figures(make_result(number=2), tmp_path, hottest=2)
    assert [figure.path.name for figure in drawn] == [
        "exam-2-mip-coronal.png",
        "exam-2-mip-sagittal.png",
        "exam-2-lesion-01.png",
        "exam-2-lesion-02.png",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(figure.path.name for figure in drawn)
    assert "SUVbw 0 to 7 g/ml" in drawn[0].caption
    assert {figure.exam_number for figure in drawn} == {2}
    with Image.open(drawn[0].path) as image:
        assert set(image.text) == {"Software"}


def test_same_exam_same_bytes(tmp_path):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        draw_figures(make_result(), tmp_path / name, hottest=1)
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()


def test_the_patient_does_not_show(tmp_path):
    patients = (Patient("P-0042", "Muster^Erika", "19600229", "F"), Patient("Q-1", "Other^Name", "19990101", "M"))
    pictures = []
    for patient in patients:
        drawn = draw_figures(make_result(patient=patient), tmp_path, hottest=1)
        pictures.append([figure.path.read_bytes() for figure in drawn])
        pictures[-1].append(key_image(make_result(patient=patient)).tobytes())
    assert pictures[0] == pictures[1]


def test_no_global_state_of_matplotlib_is_touched(tmp_path):
    before = dict(matplotlib.rcParams)
    draw_figures(make_result(), tmp_path, hottest=0)
    assert dict(matplotlib.rcParams) == before


def test_no_lesion(tmp_path):
    assert len(draw_figures(make_result(()), tmp_path, hottest=6)) == 2
    assert key_image(make_result(())).dtype == np.uint8


def test_projection_is_true_to_scale(tmp_path):
    # The body is 320 mm wide and the bar 100 mm long: both are counted in the picture's pixels.
    drawn = draw_figures(make_result(()), tmp_path, hottest=0)
    with Image.open(drawn[0].path) as image:
        grey = np.asarray(image.convert("L")).astype(int)
    body = np.count_nonzero(np.abs(grey[grey.shape[0] // 3] - 219) < 12)
    bar = max(np.count_nonzero(row == 0) for row in grey[-100:-40])
    assert body / bar == pytest.approx(3.2, rel=0.04)


def test_key_image_is_rgb_with_coloured_outlines():
    picture = key_image(make_result())
    assert picture.dtype == np.uint8
    assert picture.ndim == 3
    assert picture.shape[2] == 3
    assert picture.flags.c_contiguous
    red = (picture[..., 0] > 180) & (picture[..., 1] < 60) & (picture[..., 2] < 80)
    assert red.any()


@pytest.mark.parametrize(
    ("tracer", "top"), [("FDG -- fluorodeoxyglucose", 7), ("Fluorodeoxyglucose F^18^", 7), ("PSMA-1007", 15), ("", 10)]
)
def test_grey_scale_follows_the_tracer(tracer, top):
    assert usual_top_suv(tracer) == top
