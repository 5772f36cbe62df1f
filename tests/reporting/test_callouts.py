"""Numbers in the margin neither overlap nor leave the picture."""

import numpy as np
import pytest

from tests.reporting.exam_factory import make_result
from uptake.reporting.annotation import new_figure, to_rgb
from uptake.reporting.callouts import spread
from uptake.reporting.projection_view import paint
from uptake.reporting.projections import project

FIFTY = tuple(((-108.0 + 24 * (n // 5), 0.0, 24.0 * (n % 5)), 8.0, 9.0 - 0.05 * n) for n in range(50))


def test_free_places_are_kept():
    np.testing.assert_allclose(spread(np.array([10.0, 50.0, 90.0]), 5.0, (0.0, 100.0)), [10, 50, 90])


def test_crowded_places_spread_evenly_around_their_middle():
    np.testing.assert_allclose(spread(np.array([50.0, 50.0, 50.0]), 5.0, (0.0, 100.0)), [45, 50, 55])


@pytest.mark.parametrize("count", [1, 2, 17, 40, 400])
def test_gap_and_limits_hold(count):
    wanted = np.sort(np.random.default_rng(count).uniform(0, 100, count))
    placed = spread(wanted, 2.0, (5.0, 95.0))
    assert placed.min() >= 5.0 - 1e-9
    assert placed.max() <= 95.0 + 1e-9
    if count > 1:
        assert np.diff(placed).min() >= min(2.0, 90.0 / (count - 1)) - 1e-9


def test_none():
    assert spread(np.array([]), 2.0, (0.0, 1.0)).size == 0


def test_drawn_numbers_do_not_overlap():
    figure = new_figure(8, 8)
    numbered = paint(figure, project(make_result(FIFTY), "coronal"), (0.5, 0.3), 0.012, 7.0)
    to_rgb(figure)
    boxes = [text.get_window_extent() for text in figure.axes[0].texts if text.get_text().isdigit()]
    assert len(boxes) == numbered == 50
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[place + 1 :])


def test_numbers_beyond_the_room_are_left_out_hottest_first():
    figure = new_figure(4, 4)
    numbered = paint(figure, project(make_result(FIFTY), "coronal"), (0.5, 0.3), 0.003, 7.0)
    shown = {int(text.get_text()) for text in figure.axes[0].texts if text.get_text().isdigit()}
    assert shown == set(range(1, numbered + 1))
    assert numbered < 50
