from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.inference.seeded_predictors import Rule, SeededNetwork, first_channel, noise, torso
from uptake.errors import InferenceRefused, InferenceStopped
from uptake.inference.body_box import Box
from uptake.inference.predictor import Probabilities
from uptake.inference.sliding_window import SlidingWindowSettings, predict, predict_slabs
from uptake.inference.tiling import tile_starts, weights

PATCH = (8, 10, 12)
SETTINGS = SlidingWindowSettings(PATCH)


def _by_hand(volume, network, settings):
    """Whole-volume probabilities with every tile of the plain grid, in float64."""
    shape = volume.shape[1:]
    total, count = np.zeros((network.classes, *shape)), np.zeros(shape)
    weight = weights(settings.patch, settings.weights, fwhm=settings.fwhm).astype(np.float64)
    for tile in tile_starts(shape, settings.patch, settings.overlap):
        where = tuple(slice(s, s + p) for s, p in zip(tile, settings.patch, strict=True))
        logits = network.predict(torch.from_numpy(volume[(slice(None), *where)].copy())[None])[0]
        total[(slice(None), *where)] += weight * logits.softmax(dim=0).numpy()
        count[where] += weight
    return total / count


@pytest.mark.parametrize("kind", ["gaussian", "constant"])
@pytest.mark.parametrize("shape", [(19, 23, 30), (8, 10, 12), (9, 31, 12)])
def test_blending_is_the_weighted_mean_of_the_tiles_probabilities(shape, kind):
    volume, network = noise((2, *shape)), SeededNetwork(1)
    settings = replace(SETTINGS, weights=kind, overlap=(0.5, 0.25, 0.6))
    result = predict(volume, None, [network], settings)
    np.testing.assert_allclose(result.array, _by_hand(volume, network, settings), atol=1e-6)
    np.testing.assert_allclose(result.array.sum(axis=0), 1.0, atol=1e-5)


@pytest.mark.parametrize("averaging", ["probabilities", "logits"])
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("mirror_axes", [(), (2,)])
def test_skipping_empty_tiles_changes_no_bit_inside_the_body(mirror_axes, batch, averaging):
    body = torso((34, 37, 45))
    volume = noise((2, *body.shape))
    settings = replace(SETTINGS, crop="none", batch=batch, mirror_axes=mirror_axes, averaging=averaging)
    everywhere, nowhere = SeededNetwork(1), SeededNetwork(1)
    plain = predict(volume, None, [everywhere], settings).whole()
    skipped = predict(volume, body, [nowhere], settings).whole()
    unskipped = predict(volume, body, [everywhere], replace(settings, skip_empty=False)).whole()
    assert len(nowhere.batches) < 0.7 * len(everywhere.batches) / 2  # the other one ran twice
    assert np.array_equal(plain[:, body], skipped[:, body])
    assert np.array_equal(unskipped, skipped)
    assert (skipped[0][~body] == 1).all()
    assert (skipped[1:, ~body] == 0).all()


@pytest.mark.parametrize("crop", ["none", "box", "rows"])
@pytest.mark.parametrize("placing", ["regular", "even"])
@pytest.mark.parametrize("shape", [(34, 37, 45), (33, 7, 45), (5, 6, 7), (1, 40, 11), (20, 3, 1)])
def test_a_voxelwise_network_gives_each_voxel_its_own_answer(shape, placing, crop):
    """Whatever the tiles are, a network without a neighbourhood must come out as if applied to the volume at once."""
    volume = noise((1, *shape))
    truth = 1 / (1 + np.exp(-volume[0].astype(np.float64)))
    for body in (None, np.ones(shape, bool), torso(shape) | (noise(shape, 1) > 2.2)):
        settings = replace(SETTINGS, crop=crop, placing=placing, batch=2)
        whole = predict(volume, body, [first_channel()], settings).whole()
        expected = truth if body is None else np.where(body, truth, 0)
        np.testing.assert_allclose(whole[1], expected, atol=1e-6)


def test_a_volume_smaller_than_the_patch_is_padded_with_zeros_to_both_sides():
    network = SeededNetwork(1)
    volume = noise((2, 5, 10, 7))
    predict(volume, None, [network], SETTINGS)
    (seen,) = network.batches
    expected = np.pad(volume, ((0, 0), (1, 2), (0, 0), (2, 3)))
    assert np.array_equal(seen.numpy()[0], expected)


def test_a_box_smaller_than_the_patch_is_read_from_the_volume_not_padded():
    network = SeededNetwork(1)
    volume, body = noise((2, 30, 30, 30)), np.zeros((30, 30, 30), bool)
    body[10:12, 0:2, 29] = True
    result = predict(volume, body, [network], SETTINGS)
    (seen,) = network.batches
    assert np.array_equal(seen.numpy()[0], volume[:, 7:15, 0:10, 18:30])
    assert result.array.shape == (3, 2, 2, 1)


def test_slabs_are_handed_on_in_order_without_gaps_as_soon_as_they_are_final():
    body = torso((60, 20, 20))
    body[30:45] = False  # a gap longer than a tile
    volume, network = noise((2, *body.shape)), SeededNetwork(1)
    settings = replace(SETTINGS, overlap=0.5, crop="none")
    whole = predict(volume, body, [SeededNetwork(1)], settings).whole()
    tops = [tile[0] for tile in tile_starts(body.shape, PATCH, 0.5)]
    box = np.flatnonzero(body.any(axis=(1, 2)))
    at = box[0]
    for slab in predict_slabs(volume, body, [network], settings):
        stop = slab.start + slab.probabilities.shape[1]
        assert slab.start == at
        assert stop - at <= PATCH[0]
        # Handed on when the first tile that cannot touch them was computed: no tile of a layer further on has run.
        started = [z for z in tops if z < stop]
        assert len(network.batches) <= len(started) + 1
        rows, columns = (np.flatnonzero(body.any(axis=(0, axis))) for axis in (2, 1))
        inner = whole[:, at:stop, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        assert np.array_equal(slab.probabilities, inner)
        at = stop
    assert at == box[-1] + 1


def test_slabs_of_logits_are_what_the_probabilities_are_made_of():
    body = torso((30, 20, 20))
    volume = noise((2, *body.shape))
    settings = replace(SETTINGS, averaging="logits")
    expected = predict(volume, body, [SeededNetwork(1)], settings)
    slabs = list(predict_slabs(volume, body, [SeededNetwork(1)], replace(settings, slabs="logits")))
    logits = torch.from_numpy(np.concatenate([slab.probabilities for slab in slabs], axis=1))
    assert np.array_equal(logits.softmax(dim=0).numpy(), expected.array)  # background outside the body as well
    inside = body[expected.box.slices]
    assert (logits.numpy()[:, inside] > -200).all()
    with pytest.raises(ValueError, match="slabs of logits"):
        replace(SETTINGS, slabs="logits")
    with pytest.raises(ValueError, match="probabilities"):
        predict(volume, body, [SeededNetwork(1)], replace(settings, slabs="logits"))


def _peak_kib():
    return int(next(x for x in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in x).split()[1])


def test_memory_does_not_grow_with_the_length():
    try:
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    except OSError:
        pytest.skip("the peak memory cannot be reset here")
    length, classes = 3000, 8
    volume = np.broadcast_to(np.float32(1), (1, length, 64, 64))
    rule = Rule(lambda batch: batch.expand(-1, classes, -1, -1, -1), classes=classes)
    settings = SlidingWindowSettings((16, 64, 64), overlap=0.25)
    next(predict_slabs(volume[:, :40], None, [rule], settings))
    Path("/proc/self/clear_refs").write_text("5")
    before = _peak_kib()
    voxels = sum(slab.probabilities.size for slab in predict_slabs(volume, None, [rule], settings))
    assert voxels == classes * length * 64 * 64  # 375 MiB if it were held at once
    assert (_peak_kib() - before) / 1024 < 30


def test_the_result_is_the_same_bytes_every_time_and_does_not_change_its_input():
    body = torso((20, 24, 26))
    volume = noise((2, *body.shape))
    kept = volume.copy()
    runs = [predict(volume, body, [SeededNetwork(1), SeededNetwork(2)], SETTINGS).array.tobytes() for _ in range(2)]
    assert runs[0] == runs[1]
    assert np.array_equal(volume, kept)


def test_the_ensemble_is_the_mean_of_its_networks_probabilities():
    volume = noise((2, 20, 24, 26))
    folds = [SeededNetwork(seed) for seed in (1, 2, 3)]
    alone = [predict(volume, None, [fold], SETTINGS).array for fold in folds]
    np.testing.assert_allclose(predict(volume, None, folds, SETTINGS).array, np.mean(alone, axis=0), atol=1e-6)


def test_every_batch_has_the_same_shape():
    network = SeededNetwork(1)
    predict(noise((2, 20, 10, 12)), None, [network], replace(SETTINGS, batch=3))
    assert [tuple(batch.shape) for batch in network.batches] == [(3, 2, *PATCH)] * 2  # four tiles


def test_progress_counts_every_tile_once():
    calls = []
    predict(noise((2, 20, 10, 12)), None, [SeededNetwork(1)], replace(SETTINGS, batch=3), lambda *c: calls.append(c))
    assert calls == [(0, 4), (3, 4), (4, 4)]


def test_cancelling_stops_before_the_next_pass_and_returns_nothing():
    networks = [first_channel(), first_channel()]

    def asked():
        return networks[0].passes + networks[1].passes >= 3

    with pytest.raises(InferenceStopped):
        predict(noise((1, 40, 10, 12)), None, networks, SETTINGS, cancelled=asked)
    assert [n.passes for n in networks] == [2, 1]


def test_no_body_is_background_without_a_network():
    rule = first_channel()
    result = predict(noise((1, 9, 9, 9)), np.zeros((9, 9, 9), bool), [rule], SETTINGS)
    assert rule.passes == 0
    assert (result.whole()[0] == 1).all()
    assert not result.labels().any()


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_voxels_that_are_not_numbers_are_refused_before_any_tile(wrong):
    rule, volume = first_channel(), noise((2, 9, 9, 9))
    volume[1, 3:5, 4, 5] = wrong
    with pytest.raises(InferenceRefused, match="channel 1 has 2 voxels") as refusal:
        predict(volume, None, [rule], SETTINGS)
    assert refusal.value.exit_status == 2
    assert rule.passes == 0


@pytest.mark.parametrize("averaging", ["probabilities", "logits"])
def test_a_network_that_overflows_is_refused(averaging):
    overflow = Rule(lambda batch: torch.cat([batch, batch * np.inf], dim=1))
    with pytest.raises(InferenceRefused, match="not a finite number in slices 0 to 3"):
        predict(noise((1, 20, 9, 9)), None, [overflow], replace(SETTINGS, averaging=averaging))


def test_half_precision_logits_are_blended_in_single_precision():
    volume = noise((1, 20, 10, 12))
    half = Rule(lambda batch: first_channel().predict(batch).half())
    result = predict(volume, None, [half], SETTINGS)
    assert result.array.dtype == np.float32
    np.testing.assert_allclose(result.array, predict(volume, None, [first_channel()], SETTINGS).array, atol=1e-3)


def test_labels_are_the_most_probable_class_on_the_whole_grid():
    array = np.zeros((3, 1, 1, 3), np.float32)
    array[:, 0, 0] = np.array([[0.2, 0.5, 0.3], [0.5, 0.5, 0.0], [0.1, 0.2, 0.7]]).T
    labels = Probabilities(array, Box((1, 0, 1), (2, 1, 4)), (3, 2, 5)).labels()
    assert labels.dtype == np.uint8
    assert labels[1, 0].tolist() == [0, 1, 0, 2, 0]
    assert labels.sum() == 3


@pytest.mark.parametrize(
    ("volume", "body", "classes"),
    [
        (np.zeros((9, 9, 9), np.float32), None, [2]),
        (np.zeros((1, 9, 9, 9), np.float64), None, [2]),
        (np.zeros((1, 9, 9, 9), np.float32), np.ones((9, 9, 8), bool), [2]),
        (np.zeros((1, 9, 9, 9), np.float32), np.ones((9, 9, 9), np.uint8), [2]),
        (np.zeros((1, 9, 9, 9), np.float32), None, []),
        (np.zeros((1, 9, 9, 9), np.float32), None, [2, 3]),
        (np.zeros((1, 9, 9, 9), np.float32), None, [1]),
    ],
)
def test_inputs_that_do_not_fit_are_refused_before_the_first_slab(volume, body, classes):
    with pytest.raises(ValueError, match=r"volume|body|classes"):
        predict_slabs(volume, body, [Rule(lambda batch: batch, n) for n in classes], SETTINGS)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("patch", (8, 8)),
        ("patch", (8, 0, 8)),
        ("overlap", 1.0),
        ("placing", "random"),
        ("weights", "flat"),
        ("fwhm", -1.0),
        ("batch", 0),
        ("crop", "tight"),
        ("mirror_axes", (3,)),
        ("mirror_axes", (1, 1)),
        ("averaging", "labels"),
        ("slabs", "labels"),
    ],
)
def test_settings_name_the_field_that_is_wrong(field, value):
    with pytest.raises(ValueError, match=field):
        replace(SETTINGS, **{field: value})
