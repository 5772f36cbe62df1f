from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.inference.exam_volumes import AXES, CT_GRID, PET_GRID, ct_volume, pet_volume, stored_otherwise
from tests.inference.model_store.small_bundle import small_bundle
from tests.inference.seeded_predictors import Rule, SeededNetwork
from uptake.errors import InferenceRefused, InferenceStopped, InputRefused
from uptake.geometry import ImageGeometry
from uptake.inference.body_box import body_box
from uptake.inference.exam_labels import LabelOptions, label_exam, most_probable, window_settings
from uptake.inference.model_store import InputChannel, Normalisation, Preprocessing, Resampling, Tiling
from uptake.inference.network_input import network_input
from uptake.inference.sliding_window import predict_slabs
from uptake.regions.body_mask import body_mask
from uptake.registration.axis_resampling import resample_axes
from uptake.volume import CtVolume, SuvVolume

INPUTS = (
    InputChannel("PET", "PT", "g/ml", Normalisation("z-score")),
    InputChannel("CT", "CT", "HU", Normalisation("fixed", (-150.0, 250.0), 12.0, 60.0)),
)
LINEAR = Preprocessing((4.0, 4.0, 4.0), Resampling(1), Resampling(1))
NNUNET = Preprocessing(
    (4.0, 4.0, 4.0), Resampling(3, 0, None), Resampling(1, 0, None), "extent", "nonzero", "before", "RAS"
)
NEAREST = replace(LINEAR, probabilities=Resampling(0))
PROBABILITIES = Tiling((8, 10, 12), 0.25)
LOGITS = replace(PROBABILITIES, averaging="logits", placing="even", mirror_axes=(2,))


def bundle(preprocessing=LINEAR, tiling=PROBABILITIES):
    return small_bundle(inputs=INPUTS, preprocessing=preprocessing, tiling=tiling)


def exam():
    return {"PT": pet_volume(), "CT": ct_volume()}


def body_on(grid):
    """The body of the exam's PET at each voxel's nearest PET voxel."""
    body = body_mask(pet_volume())
    index = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1)
    nearest = np.floor(PET_GRID.index(grid.position_mm(index)) + 0.5 + 1e-9).astype(int)
    inside = ((nearest >= 0) & (nearest < PET_GRID.shape)).all(axis=-1)
    z, y, x = np.moveaxis(nearest.clip(0, np.array(PET_GRID.shape) - 1), -1, 0)
    return body[z, y, x] & inside


def at_once(made, networks, onto, options):
    """Labels and values of the whole volume: everything on the wanted grid first, then the class."""
    ready = network_input(exam(), made.inputs, made.preprocessing)
    settings = window_settings(made.tiling, options)
    whole = np.zeros((3, *ready.array.shape[1:]), np.float32)
    whole[0] = 1.0
    box = body_box(ready.body)
    for slab in predict_slabs(ready.array, ready.body, networks, settings):
        stop = slab.start + slab.probabilities.shape[1]
        whole[:, slab.start : stop, box.slices[1], box.slices[2]] = slab.probabilities
    order = (made.preprocessing.probabilities.order,) * 3
    # Along the network's axes, as linear interpolation the other way about rounds otherwise.
    way = ready.geometry.axes
    target = stored_otherwise(np.zeros(onto.shape), onto, way)[1]
    values = resample_axes(whole, ready.geometry, target, orders=order, outside=None)
    if settings.slabs == "logits":
        values = torch.from_numpy(values)
    labels = np.where(body_on(target), np.argmax(np.asarray(values), axis=0), 0).astype(np.uint8)
    if settings.slabs == "logits":
        values = values.softmax(dim=0).numpy()
    return stored_otherwise(labels, target, onto.axes)[0], np.stack(
        [stored_otherwise(v, target, onto.axes)[0] for v in values]
    )


@pytest.mark.parametrize("tiling", [PROBABILITIES, LOGITS], ids=["probabilities", "logits"])
@pytest.mark.parametrize("preprocessing", [LINEAR, NNUNET, NEAREST], ids=["linear", "nnunet", "nearest"])
@pytest.mark.parametrize("grid", ["PET", "CT", "sagittal CT"])
def test_labels_are_those_of_the_whole_volume_resampled_at_once(grid, preprocessing, tiling):
    onto = {"PET": PET_GRID, "CT": CT_GRID}.get(grid) or stored_otherwise(
        np.zeros(CT_GRID.shape), CT_GRID, AXES["sagittal"]
    )[1]
    made, networks = bundle(preprocessing, tiling), [SeededNetwork(1), SeededNetwork(3)]
    heard = np.full((3, *onto.shape), np.nan, np.float32)

    def hear(where, probabilities):
        assert np.isnan(heard[(slice(None), *where)]).all()
        heard[(slice(None), *where)] = probabilities

    options = LabelOptions(None if grid == "PET" else onto, each_slab=hear, mirror=True, batch=2)
    result = label_exam(made, networks, exam(), options)
    labels, values = at_once(made, networks, onto, options)
    assert result.geometry == onto
    assert set(np.unique(labels)) == {0, 1, 2}
    assert np.array_equal(result.labels, labels)
    body = body_on(onto)
    np.testing.assert_allclose(heard[:, body], values[:, body], atol=1e-6)
    held = ~np.isnan(heard[0])
    assert (heard[0][held & ~body] == 1).all()
    np.testing.assert_allclose(heard.sum(axis=0)[held], 1.0, atol=1e-5)
    assert not result.labels[~body].any()


@pytest.mark.parametrize("tiling", [PROBABILITIES, LOGITS], ids=["probabilities", "logits"])
@pytest.mark.parametrize("preprocessing", [LINEAR, NNUNET], ids=["linear", "nnunet"])
@pytest.mark.parametrize("onto", [None, CT_GRID], ids=["PET", "CT"])
def test_skipping_empty_tiles_changes_no_label(onto, preprocessing, tiling):
    made = bundle(preprocessing, replace(tiling, patch=(5, 5, 4)))
    all_tiles, fewer = SeededNetwork(1), SeededNetwork(1)
    plain = label_exam(made, [all_tiles], exam(), LabelOptions(onto, crop="none", skip_empty=False))
    skipped = label_exam(made, [fewer], exam(), LabelOptions(onto, crop="none"))
    assert len(fewer.batches) < len(all_tiles.batches)
    assert np.array_equal(plain.labels, skipped.labels)


@pytest.mark.parametrize("tiling", [PROBABILITIES, LOGITS], ids=["probabilities", "logits"])
def test_what_lies_outside_the_body_in_the_answer_reaches_no_label(tiling):
    """Uncropped tiles answer outside the body too; whatever they say there, the labels are the same."""
    ready = network_input(exam(), INPUTS, LINEAR)
    settings = replace(window_settings(tiling, LabelOptions()), crop="none", skip_empty=False)
    whole = np.concatenate([s.probabilities for s in predict_slabs(ready.array, None, [SeededNetwork(1)], settings)], 1)
    resampled = resample_axes(whole, ready.geometry, PET_GRID, orders=(1, 1, 1), outside=None)
    body = body_mask(pet_volume())
    result = label_exam(bundle(tiling=tiling), [SeededNetwork(1)], exam(), LabelOptions(crop="none"))
    assert np.array_equal(result.labels, np.where(body, most_probable(resampled), 0))


@pytest.mark.parametrize("slices_mm", [3.0, 14.0])
def test_labels_are_those_of_nnunets_own_way_back(slices_mm):
    peer = pytest.importorskip("nnunetv2.preprocessing.resampling.default_resampling")
    pet = pet_volume(replace(PET_GRID, spacing_mm=(slices_mm, 4.07, 4.07)))
    ct = CtVolume(np.where(pet.array > 0, 40.0, 0.0).astype(np.float32), pet.geometry)  # so that the crop bites
    preprocessing = replace(NNUNET, orientation="LPS")
    ready = network_input({"PT": pet, "CT": ct}, INPUTS, preprocessing)
    settings = replace(window_settings(LOGITS, LabelOptions()), crop="none")
    logits = np.concatenate(
        [s.probabilities for s in predict_slabs(ready.array, None, [SeededNetwork(1)], settings)], 1
    )
    box = body_box(pet.array != 0)
    kwargs = {"is_seg": False, "order": 1, "order_z": 0, "force_separate_z": None}
    spacings = preprocessing.spacing_mm, pet.geometry.spacing_mm
    expected = np.zeros(pet.geometry.shape, np.uint8)
    resampled = peer.resample_data_or_seg_to_shape(logits, box.shape, *spacings, **kwargs)
    expected[box.slices] = resampled.argmax(axis=0)
    made = bundle(preprocessing, LOGITS)
    result = label_exam(made, [SeededNetwork(1)], {"PT": pet, "CT": ct}, LabelOptions(crop="none"))
    assert box.shape != pet.geometry.shape
    body = ready.body_on_pet
    assert body.any()
    assert (result.labels[body] != expected[body]).mean() < 1e-3  # ties in float32


@pytest.mark.parametrize("name", AXES)
def test_how_the_pet_is_stored_turns_the_labels_and_changes_none(name):
    made = bundle()
    plain = label_exam(made, [SeededNetwork(1)], exam())
    array, grid = stored_otherwise(pet_volume().array, PET_GRID, AXES[name])
    other = label_exam(made, [SeededNetwork(1)], {"PT": SuvVolume(array, grid), "CT": ct_volume()})
    assert other.geometry == grid
    assert np.array_equal(other.labels, stored_otherwise(plain.labels, PET_GRID, AXES[name])[0])


def test_lesions_stay_where_they_are():
    """A network that answers for hot voxels: labels follow the uptake, on the PET's grid and on the CT's."""
    hot = Rule(lambda batch: torch.cat([0 * batch[:, :1] + 1.5, batch[:, :1], 0 * batch[:, :1]], dim=1), classes=3)
    pet = pet_volume(replace(PET_GRID, axes=AXES["prone"], origin_mm=(80.0, 40.0, 811.5)))
    for onto in (None, replace(CT_GRID, shape=(60, 70, 80), origin_mm=(-60.0, -70.0, 790.0))):
        made = bundle(replace(LINEAR, spacing_mm=(2.0, 2.0, 2.0)))
        result = label_exam(made, [hot], {"PT": pet, "CT": ct_volume()}, LabelOptions(onto))
        sd, mean = network_statistics(pet)
        index = np.stack(np.meshgrid(*map(np.arange, result.geometry.shape), indexing="ij"), axis=-1)
        nearest = np.rint(pet.geometry.index(result.geometry.position_mm(index))).astype(int)
        inside = ((nearest >= 0) & (nearest < pet.geometry.shape)).all(axis=-1)
        z, y, x = np.moveaxis(nearest.clip(0, np.array(pet.geometry.shape) - 1), -1, 0)
        expected = (pet.array[z, y, x] > mean + 1.5 * sd) & inside
        overlap = 2 * (expected & (result.labels == 1)).sum() / (expected.sum() + (result.labels == 1).sum())
        assert overlap > 0.8


def network_statistics(pet):
    made = replace(LINEAR, spacing_mm=(2.0, 2.0, 2.0))
    plain = network_input({"PT": pet}, (replace(INPUTS[0], normalisation=Normalisation()),), made).array
    return plain.std(), plain.mean()


def test_an_exam_smaller_than_the_patch_is_labelled():
    made = bundle(tiling=replace(PROBABILITIES, patch=(64, 64, 64)))
    result = label_exam(made, [SeededNetwork(1)], exam(), LabelOptions(CT_GRID))
    assert result.labels.shape == CT_GRID.shape
    assert set(np.unique(result.labels)) == {0, 1, 2}


def test_twice_the_same():
    runs = [label_exam(bundle(NNUNET, LOGITS), [SeededNetwork(1)], exam()).labels.tobytes() for _ in range(2)]
    assert runs[0] == runs[1]


def test_an_empty_exam_is_background_without_a_network():
    network, calls = SeededNetwork(1), []
    empty = {"PT": SuvVolume(np.zeros(PET_GRID.shape, np.float32), PET_GRID), "CT": ct_volume()}
    result = label_exam(bundle(), [network], empty, progress=lambda *c: calls.append(c))
    assert not result.labels.any()
    assert not network.batches
    assert calls == [(0, 0)]


def test_a_grid_beside_the_body_is_background():
    far = replace(CT_GRID, origin_mm=(900.0, 0.0, 0.0))
    assert not label_exam(bundle(), [SeededNetwork(1)], exam(), LabelOptions(far)).labels.any()


def test_progress_reaches_its_end_and_cancelling_raises():
    calls = []
    label_exam(bundle(), [SeededNetwork(1)], exam(), progress=lambda *c: calls.append(c))
    assert calls[0][0] == 0
    assert calls[-1][0] == calls[-1][1] > 0
    network, heard = SeededNetwork(1), []
    with pytest.raises(InferenceStopped):
        label_exam(
            bundle(),
            [network],
            exam(),
            LabelOptions(each_slab=lambda *each: heard.append(each)),
            cancelled=lambda: len(network.batches) >= 3,
        )
    assert len(network.batches) == 3


def test_what_cannot_be_labelled_is_refused_before_any_tile():
    network = SeededNetwork(1)
    turn = np.deg2rad(3.0)
    axes = ((0.0, 0.0, 1.0), (-np.sin(turn), np.cos(turn), 0.0), (np.cos(turn), np.sin(turn), 0.0))
    with pytest.raises(InferenceRefused, match=r"\(31, 52, 55\) voxels .* not parallel"):
        label_exam(bundle(), [network], exam(), LabelOptions(replace(CT_GRID, axes=axes)))
    holes = ct_volume().array.copy()
    holes[1, 2, 3] = np.nan
    with pytest.raises(InferenceRefused, match="Channel CT"):
        label_exam(bundle(), [network], {"PT": pet_volume(), "CT": CtVolume(holes, CT_GRID)})
    with pytest.raises(InputRefused, match="kind CT"):
        label_exam(bundle(), [network], {"PT": pet_volume()})
    with pytest.raises(InputRefused, match="PET"):
        label_exam(bundle(), [network], {"CT": ct_volume()})
    with pytest.raises(ValueError, match=r"of \[2\] classes"):
        label_exam(bundle(), [SeededNetwork(1, classes=2)], exam())
    with pytest.raises(ValueError, match="order 0 or 1"):
        label_exam(bundle(replace(LINEAR, probabilities=Resampling(3))), [network], exam())
    assert not network.batches


def test_the_bundles_tiling_is_taken_over_with_the_runs_choices():
    tiling = Tiling((8, 8, 8), 0.25, "even", "constant", 0.5, 0.01, (0, 2), "logits")
    plain = window_settings(tiling, LabelOptions())
    assert (plain.patch, plain.overlap, plain.placing, plain.weights) == ((8, 8, 8), (0.25,) * 3, "even", "constant")
    assert (plain.fwhm, plain.weight_floor, plain.averaging, plain.slabs) == (0.5, 0.01, "logits", "logits")
    assert (plain.crop, plain.skip_empty, plain.mirror_axes, plain.batch) == ("none", True, (), 1)
    assert window_settings(replace(tiling, crop="rows"), LabelOptions()).crop == "rows"
    chosen = window_settings(tiling, LabelOptions(crop="none", skip_empty=False, mirror=True, overlap=0.5, batch=4))
    assert (chosen.crop, chosen.skip_empty, chosen.mirror_axes, chosen.batch) == ("none", False, (0, 2), 4)
    assert chosen.overlap == 0.5


def test_of_equal_values_the_lower_class():
    values = np.array([[1.0, 2.0, 0.0], [1.0, 3.0, 5.0], [0.0, 3.0, 7.0]], np.float32)[:, None, None]
    assert most_probable(values).ravel().tolist() == [0, 1, 2]


def test_a_grid_of_single_voxels():
    onto = ImageGeometry((1, 1, 1), (3.0, 3.0, 3.0), tuple(map(float, PET_GRID.position_mm([14, 13, 12]))))
    whole = label_exam(bundle(), [SeededNetwork(1)], exam()).labels
    assert label_exam(bundle(), [SeededNetwork(1)], exam(), LabelOptions(onto)).labels.item() == whole[14, 13, 12]
