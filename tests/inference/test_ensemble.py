import numpy as np
import pytest
import torch

from tests.inference.seeded_predictors import Rule, SeededNetwork, noise
from uptake.inference.ensemble import batch_mean, mirrorings


def test_mirrorings_are_all_combinations_plain_first():
    assert mirrorings(()) == ((),)
    assert mirrorings((0, 2)) == ((), (0,), (2,), (0, 2))
    assert len(set(mirrorings((0, 1, 2)))) == 8


def test_folds_are_averaged_as_probabilities_or_as_logits():
    batch = torch.from_numpy(noise((2, 2, 5, 6, 7)))
    folds = [SeededNetwork(seed) for seed in (1, 2, 3)]
    logits = [fold.predict(batch).numpy().astype(np.float64) for fold in folds]
    softmax = [np.exp(x) / np.exp(x).sum(axis=1, keepdims=True) for x in logits]
    as_probabilities = batch_mean(batch, folds, (), "probabilities").numpy()
    np.testing.assert_allclose(as_probabilities, np.mean(softmax, axis=0), atol=1e-6)
    np.testing.assert_allclose(as_probabilities.sum(axis=1), 1.0, atol=1e-6)
    np.testing.assert_allclose(batch_mean(batch, folds, (), "logits").numpy(), np.mean(logits, axis=0), atol=1e-5)
    # They differ: which one is meant is a choice.
    mean_logits = np.exp(np.mean(logits, axis=0))
    assert np.abs(as_probabilities - mean_logits / mean_logits.sum(axis=1, keepdims=True)).max() > 0.01


def test_mirrored_views_are_mirrored_back():
    # Equivariant under mirroring: every view must agree with the plain one.
    rule = Rule(lambda batch: torch.cat([batch, 2 * batch], dim=1))
    batch = torch.from_numpy(noise((1, 1, 4, 5, 6)))
    mean = batch_mean(batch, [rule], (0, 1, 2), "logits")
    torch.testing.assert_close(mean, torch.cat([batch, 2 * batch], dim=1))
    assert rule.passes == 8
    # Not equivariant: logits that grow along x average to a constant.
    ramp = torch.arange(6.0).expand(1, 2, 4, 5, 6)
    mean = batch_mean(batch, [Rule(lambda _: ramp)], (2,), "logits")
    assert (mean == 2.5).all()
    mean = batch_mean(batch, [Rule(lambda _: ramp)], (0,), "logits")
    assert torch.equal(mean, ramp)


def test_a_predictors_own_memory_is_left_alone():
    buffer = torch.ones((1, 2, 3, 3, 3))
    batch = torch.zeros((1, 1, 3, 3, 3))
    batch_mean(batch, [Rule(lambda _: buffer), Rule(lambda _: buffer)], (), "logits").mul_(7)
    assert (buffer == 1).all()


def test_logits_of_another_shape_and_no_predictors_are_refused():
    batch = torch.zeros((1, 1, 3, 3, 3))
    with pytest.raises(ValueError, match="shape"):
        batch_mean(batch, [Rule(lambda b: b.expand(1, 3, 3, 3, 3))], (), "logits")
    with pytest.raises(ValueError, match="at least one"):
        batch_mean(batch, [], (), "logits")
