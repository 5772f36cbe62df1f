import numpy as np
import pytest
import torch

from tests.training.small_training import small_recipe, write_patient
from uptake.inference.exam_labels import LabelOptions, window_settings
from uptake.inference.model_store import Tiling
from uptake.training.cache import prepared
from uptake.training.exam_folder import find_exams
from uptake.training.validation import validate, window


@pytest.mark.parametrize("crop", ["none", "box", "rows"])
def test_tiles_lie_where_inference_lays_them(crop):
    tiling = Tiling((8, 16, 16), (0.75, 0.0, 0.5), mirror_axes=(2,), crop=crop)
    found, of_inference = window(tiling, 0.5, batch=2), window_settings(tiling, LabelOptions())
    assert found.overlap == (0.5, 0.0, 0.5)
    for name in ("patch", "placing", "weights", "fwhm", "crop", "skip_empty", "mirror_axes", "averaging"):
        assert getattr(found, name) == getattr(of_inference, name)


class Seen:
    """Answers background, and keeps how many patches it was given."""

    classes = 3

    def __init__(self):
        self.patches = 0

    def predict(self, batch):
        self.patches += len(batch)
        logits = torch.zeros(len(batch), 3, *batch.shape[2:])
        logits[:, 0] = 9.0
        return logits


def test_nothing_found_is_a_dice_of_0(tmp_path):
    write_patient(tmp_path / "data" / "ann", seed=1)
    recipe = small_recipe()
    exams = prepared(find_exams(tmp_path / "data", recipe), recipe, tmp_path / "cache")
    network = Seen()
    found = validate(network, exams, recipe)
    assert found.dice == (0.0, 0.0)
    assert found.union == 0.0
    assert np.all(np.asarray(found.soft_dice) < 0.01)
    # 20 x 24 x 24 voxels: 4 tiles of 8 in steps of 4, 2 x 2 of 16 in steps of 8.
    assert network.patches == 16
