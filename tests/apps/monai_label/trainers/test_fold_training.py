"""How versions are scored."""

import torch
from torch import nn

from apps.monai_label.trainers import fold_training
from tests.evaluation.small_runs import quick_recipe
from uptake.training.world import World


def test_scoring_a_network_neither_changes_it_nor_leaves_anything_to_chance(monkeypatch):
    made = nn.Sequential(nn.BatchNorm3d(2), nn.Dropout(0.5))
    made[0].running_mean += 3.0
    monkeypatch.setattr(fold_training, "settings_of", lambda name, settings: None)
    monkeypatch.setattr(fold_training, "network", lambda settings: made)
    before = {name: value.clone() for name, value in made.state_dict().items()}
    (scored,) = fold_training.predictors_of([before], quick_recipe(), World(0, 1, torch.device("cpu")))
    batch = torch.full((1, 2, 4, 4, 4), 5.0)
    first, second = scored.predict(batch), scored.predict(batch)
    # (5 - 3) / sqrt(1 + 1e-5), with nothing dropped.
    assert torch.allclose(first, torch.full_like(first, 2.0), atol=1e-4)
    assert torch.equal(first, second)
    assert all(torch.equal(value, before[name]) for name, value in made.state_dict().items())
