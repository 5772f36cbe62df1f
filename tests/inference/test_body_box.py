import numpy as np
import pytest

from tests.inference.seeded_predictors import torso
from uptake.inference.body_box import Box, Layout, body_box, body_tiles
from uptake.inference.tiling import tile_starts


def test_the_box_is_the_smallest_that_holds_the_body():
    body = np.zeros((6, 7, 8), bool)
    body[1, 2, 3] = body[4, 5, 3] = True
    assert body_box(body) == Box((1, 2, 3), (5, 6, 4))
    assert body_box(body).shape == (4, 4, 1)
    assert body_box(np.zeros((6, 7, 8), bool)).empty


def _count(body, tiles, patch):
    """In how many tiles each voxel lies."""
    count = np.zeros(body.shape, int)
    for tile in tiles:
        count[tuple(slice(max(s, 0), s + p) for s, p in zip(tile, patch, strict=True))] += 1
    return count


@pytest.mark.parametrize("crop", ["none", "box", "rows"])
@pytest.mark.parametrize("placing", ["regular", "even"])
@pytest.mark.parametrize("shape", [(40, 36, 44), (41, 13, 5), (3, 60, 31)])
def test_every_body_voxel_lies_in_a_tile_and_every_tile_holds_body(shape, placing, crop):
    body, patch = torso(shape), (8, 10, 6)
    tiles = body_tiles(body, Layout(patch, 0.5, placing, crop))
    assert _count(body, tiles, patch)[body].min() >= 1
    for tile in tiles:
        assert _count(body, [tile], patch)[body].any()
    assert tiles == sorted(set(tiles))
    for tile in tiles:  # padding only where the volume itself is smaller
        assert all(s >= 0 and s + p <= n for s, p, n in zip(tile, patch, shape, strict=True) if n >= p)


def test_an_uncropped_grid_is_the_plain_one_less_its_empty_tiles():
    body, patch = torso((40, 36, 44)), (8, 10, 6)
    grid = tile_starts(body.shape, patch, 0.5)
    assert body_tiles(body, Layout(patch, 0.5, crop="none", skip_empty=False)) == grid
    kept = body_tiles(body, Layout(patch, 0.5, crop="none"))
    assert set(kept) < set(grid)
    for tile in set(grid) - set(kept):
        assert not _count(body, [tile], patch)[body].any()


def test_each_step_of_cropping_saves_tiles():
    body, patch = torso((96, 80, 80)), (16, 16, 16)
    counts = [len(body_tiles(body, Layout(patch, 0.5, crop=crop))) for crop in ("none", "box", "rows")]
    counts.insert(0, len(tile_starts(body.shape, patch, 0.5)))
    assert counts[0] > 2 * counts[1] > 2 * counts[2] >= 2 * counts[3]
    assert counts[3] < 0.9 * counts[1]


def test_without_a_body_there_are_no_tiles():
    assert body_tiles(np.zeros((8, 8, 8), bool), Layout((4, 4, 4), 0.5, skip_empty=False)) == []
