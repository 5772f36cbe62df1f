from pathlib import Path

import numpy as np
import pytest

from tests.inference.exam_volumes import CT_GRID, PET_GRID
from tests.inference.seeded_predictors import noise
from uptake.geometry import ImageGeometry
from uptake.inference.body_box import Box
from uptake.inference.model_store import Preprocessing
from uptake.inference.network_grid import network_geometry
from uptake.inference.predictor import Slab
from uptake.inference.slab_resampling import Part, resampled_slabs
from uptake.registration.axis_resampling import resample_axes

NETWORK = network_geometry(PET_GRID, Preprocessing((4.0, 3.0, 5.0)))


def whole(grid):
    return Part(grid, Box((0, 0, 0), grid.shape))


@pytest.mark.parametrize("orders", [(1, 1, 1), (0, 0, 0), (0, 1, 1)])
@pytest.mark.parametrize("depths", [(1,), (7, 1, 3), (100,)])
@pytest.mark.parametrize("onto", [PET_GRID, CT_GRID, NETWORK], ids=["PET", "CT", "network"])
def test_slabs_give_the_bits_of_the_whole_volume(onto, depths, orders):
    values = noise((3, *NETWORK.shape))
    slabs, at = [], 0
    while at < NETWORK.shape[0]:
        depth = depths[len(slabs) % len(depths)]
        slabs.append(Slab(at, values[:, at : at + depth]))
        at += depth
    pieces = list(resampled_slabs(iter(slabs), whole(NETWORK), whole(onto), orders))
    assert [first for first, _ in pieces] == np.cumsum([0] + [p.shape[1] for _, p in pieces[:-1]]).tolist()
    expected = resample_axes(values, NETWORK, onto, orders=orders, outside=None)
    assert np.array_equal(np.concatenate([p for _, p in pieces], axis=1), expected)


def test_boxes_of_both_grids():
    values = noise((2, *NETWORK.shape))
    held, wanted = Box((3, 2, 1), (17, 29, 20)), Box((8, 6, 5), (19, 20, 19))
    slabs = [Slab(z, values[:, z : z + 1, held.slices[1], held.slices[2]]) for z in range(3, 17)]
    pieces = list(resampled_slabs(slabs, Part(NETWORK, held), Part(PET_GRID, wanted), (1, 1, 1)))
    assert pieces[0][0] == 8
    expected = resample_axes(values, NETWORK, PET_GRID, orders=(1, 1, 1), outside=None)
    assert np.array_equal(np.concatenate([p for _, p in pieces], axis=1), expected[(slice(None), *wanted.slices)])


def test_slices_come_as_soon_as_their_neighbours_are_there():
    taken = []

    def slabs():
        for z in range(NETWORK.shape[0]):
            taken.append(z)
            yield Slab(z, np.zeros((2, 1, *NETWORK.shape[1:]), np.float32))

    for first, piece in resampled_slabs(slabs(), whole(NETWORK), whole(PET_GRID), (1, 1, 1)):
        last_mm = PET_GRID.position_mm([first + piece.shape[1] - 1, 0, 0])
        assert taken[-1] <= max(NETWORK.index(last_mm)[0], 0) + 1


def test_memory_does_not_grow_with_the_target():
    def peak_mib():
        line = next(x for x in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in x)
        return int(line.split()[1]) / 1024

    try:
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    except OSError:
        pytest.skip("the peak memory cannot be reset here")
    source = ImageGeometry((100, 40, 40), (4.0, 4.0, 4.0), (0.0, 0.0, 0.0))
    target = ImageGeometry((800, 160, 160), (0.5, 1.0, 1.0), (0.0, 0.0, 0.0))
    slabs = (Slab(z, np.ones((5, 10, 40, 40), np.float32)) for z in range(0, 100, 10))
    before = peak_mib()
    slices = sum(piece.shape[1] for _, piece in resampled_slabs(slabs, whole(source), whole(target), (1, 1, 1)))
    assert slices == 800  # 390 MiB if they were held at once
    assert peak_mib() - before < 150


def test_a_cubic_answer_is_refused():
    with pytest.raises(ValueError, match="order 0 or 1"):
        resampled_slabs([], whole(NETWORK), whole(PET_GRID), (1, 3, 3))
