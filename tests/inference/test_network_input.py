import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from tests.inference.exam_volumes import AXES, CT_GRID, PET_GRID, ct_volume, pet_volume, stored_otherwise
from tests.inference.seeded_predictors import noise
from uptake.errors import InferenceRefused, InputRefused
from uptake.geometry import ImageGeometry
from uptake.inference.model_store import FieldOfView, InputChannel, Normalisation, Preprocessing, Resampling
from uptake.inference.network_grid import cropped_geometry
from uptake.inference.network_input import network_input
from uptake.inference.normalising import normalise
from uptake.regions.body_mask import body_mask
from uptake.registration.axis_resampling import coordinates, resample_axes
from uptake.registration.resampling import resample_ct
from uptake.volume import AIR_HU, CtVolume, SuvVolume

PET = InputChannel("PET", "PT", "g/ml", Normalisation("z-score"))
CT = InputChannel("CT", "CT", "HU", Normalisation("fixed", (-150.0, 250.0), 12.0, 60.0))
NNUNET = Preprocessing(
    (4.0, 4.0, 4.0), Resampling(3, 0, None), Resampling(1, 0, None), "extent", "nonzero", "before", "LPS"
)
PLAIN = Preprocessing((4.0, 4.0, 4.0), Resampling(1), Resampling(1))


def exam():
    return {"PT": pet_volume(), "CT": ct_volume()}


def nnunets_input(volumes, spacing, target, schemes, masked):
    """What nnU-Net's own preprocessor makes of the same voxels."""
    preprocessors = pytest.importorskip("nnunetv2.preprocessing.preprocessors.default_preprocessor")
    plans = pytest.importorskip("nnunetv2.utilities.plans_handling.plans_handler")
    resampling = "resample_data_or_seg_to_shape"
    kwargs = {"is_seg": False, "order": 3, "order_z": 0, "force_separate_z": None}
    configuration = plans.ConfigurationManager(
        {
            "architecture": {},
            "spacing": list(target),
            "normalization_schemes": schemes,
            "use_mask_for_norm": masked,
            "resampling_fn_data": resampling,
            "resampling_fn_data_kwargs": kwargs,
            "resampling_fn_seg": resampling,
            "resampling_fn_seg_kwargs": kwargs | {"is_seg": True, "order": 1},
        }
    )
    ct = {"mean": 12.0, "std": 60.0, "percentile_00_5": -150.0, "percentile_99_5": 250.0}
    whole = {"transpose_forward": [0, 1, 2], "foreground_intensity_properties_per_channel": {"0": ct, "1": ct}}
    preprocessor = preprocessors.DefaultPreprocessor(verbose=False)
    manager = plans.PlansManager(whole | {"plans_name": "", "configurations": {}})
    data, _, properties = preprocessor.run_case_npy(
        np.stack(volumes), None, {"spacing": list(spacing)}, manager, configuration, {}
    )
    return data, properties["bbox_used_for_cropping"]


@pytest.mark.parametrize(
    ("pet_how", "scheme", "masked"),
    [
        (Normalisation("z-score"), "ZScoreNormalization", False),
        (Normalisation("z-score", nonzero_only=True), "ZScoreNormalization", True),
        (Normalisation("min-max"), "RescaleTo01Normalization", False),
        (Normalisation("none"), "NoNormalization", False),
    ],
)
@pytest.mark.parametrize("spacing", [(3.0, 4.07, 4.07), (14.0, 4.07, 4.07)])
def test_equals_nnunets_preprocessor(spacing, pet_how, scheme, masked):
    grid = ImageGeometry(PET_GRID.shape, spacing, PET_GRID.origin_mm)
    pet = pet_volume(grid)
    # A CT that is 0 where there is no uptake, so that the crop bites.
    ct = CtVolume(np.where(pet.array > 0, 60.0 * noise(grid.shape, 3), 0).astype(np.float32), grid)
    inputs = (replace(PET, normalisation=pet_how), CT)
    data, box = nnunets_input(
        [pet.array, ct.array], spacing, NNUNET.spacing_mm, [scheme, "CTNormalization"], [masked] * 2
    )
    assert box != [[0, n] for n in grid.shape]
    result = network_input({"PT": pet, "CT": ct}, inputs, NNUNET)
    assert result.array.shape == data.shape
    for ours, theirs in zip(result.array, data, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-5 * max(1.0, float(theirs.std())))
    assert np.array_equal(result.geometry.position_mm([-0.5] * 3), grid.position_mm([b[0] - 0.5 for b in box]))
    assert not result.body_on_pet[: box[0][0]].any()


CENTRE = FieldOfView("whole", (60.0, 44.0))


@pytest.mark.parametrize(
    "preprocessing",
    [
        NNUNET,
        PLAIN,
        replace(PLAIN, orientation="RAS"),
        replace(PLAIN, field_of_view=CENTRE),
        replace(NNUNET, field_of_view=CENTRE),
    ],
)
@pytest.mark.parametrize("name", AXES)
def test_how_the_voxels_are_stored_changes_no_bit(name, preprocessing):
    plain = network_input(exam(), (PET, CT), preprocessing)
    array, grid = stored_otherwise(pet_volume().array, PET_GRID, AXES[name])
    other = network_input({"PT": SuvVolume(array, grid), "CT": ct_volume()}, (PET, CT), preprocessing)
    assert np.array_equal(other.array, plain.array)
    assert other.geometry.same_grid(plain.geometry, 1e-6)
    assert np.array_equal(other.body, plain.body)
    assert np.array_equal(stored_otherwise(plain.body_on_pet, PET_GRID, AXES[name])[0], other.body_on_pet)
    part, _ = stored_otherwise(
        pet_volume().array[plain.shown.slices], cropped_geometry(PET_GRID, plain.shown.slices), AXES[name]
    )
    assert np.array_equal(array[other.shown.slices], part)


def test_a_field_of_view_is_cut_out_of_the_same_voxels():
    part = network_input(exam(), (CT,), replace(PLAIN, field_of_view=CENTRE))
    start = part.shown.start
    assert start > (0, 0, 0)
    assert start[0] == 0
    assert not part.body_on_pet[:, : start[1]].any()
    straight = resample_axes(ct_volume().array, CT_GRID, part.geometry, orders=(1, 1, 1), outside=AIR_HU)
    normalise(straight, CT.normalisation, None)
    np.testing.assert_allclose(part.array[0], straight, atol=1e-5)
    assert all(side * 4.0 <= limit for side, limit in zip(part.array.shape[2:], (60.0, 44.0), strict=True))


def test_right_anterior_superior_is_the_same_turned_about():
    lps, ras = (network_input(exam(), (PET, CT), replace(PLAIN, orientation=o)) for o in ("LPS", "RAS"))
    np.testing.assert_allclose(ras.array, lps.array[:, :, ::-1, ::-1], atol=1e-5)
    last = [0, lps.geometry.shape[1] - 1, lps.geometry.shape[2] - 1]
    np.testing.assert_allclose(ras.geometry.position_mm(last), lps.geometry.position_mm([0, 0, 0]))


def test_a_ct_goes_straight_from_its_own_grid_and_is_air_outside_it():
    none = Normalisation()
    inputs = (replace(PET, normalisation=none), replace(CT, normalisation=none))
    ct = ct_volume(replace(CT_GRID, origin_mm=(-20.0, -62.0, 812.0)))
    result = network_input({"PT": pet_volume(), "CT": ct}, inputs, PLAIN)
    np.testing.assert_allclose(result.array[1], resample_ct(ct, result.geometry).array, atol=1e-2)
    assert (result.array[1, :, :, 0] == -1024).all()
    turn = np.deg2rad(4.0)
    axes = ((0.0, 0.0, 1.0), (-np.sin(turn), np.cos(turn), 0.0), (np.cos(turn), np.sin(turn), 0.0))
    askew = ct_volume(replace(CT_GRID, axes=axes))
    result = network_input({"PT": pet_volume(), "CT": askew}, inputs, PLAIN)
    assert np.array_equal(result.array[1], resample_ct(askew, result.geometry).array)


def test_one_channel_may_be_read_twice_in_two_ranges():
    soft = InputChannel("soft CT", "CT", "HU", Normalisation("fixed", (-10.0, 10.0), 0.0, 10.0))
    for preprocessing in (PLAIN, NNUNET):
        result = network_input(exam(), (CT, PET, soft), preprocessing)
        assert result.array.shape[0] == 3
        assert np.abs(result.array[2]).max() <= 1.0 + 1e-6
        assert result.array[0].min() < -2.0


@pytest.mark.parametrize("preprocessing", [PLAIN, NNUNET, replace(PLAIN, spacing_mm=(7.0, 2.0, 9.0), grid="extent")])
def test_whatever_a_voxel_of_the_body_is_interpolated_from_lies_in_the_networks_body(preprocessing):
    result = network_input(exam(), (PET, CT), preprocessing)
    assert np.array_equal(result.body_on_pet, body_mask(pet_volume()))
    for target in (PET_GRID, CT_GRID):
        index = np.argwhere(np.ones(target.shape, bool))
        nearest = np.floor(PET_GRID.index(target.position_mm(index)) + 0.5).astype(int)
        held = ((nearest >= 0) & (nearest < PET_GRID.shape)).all(axis=1)
        body = index[held][result.body_on_pet[tuple(nearest[held].T)]]
        at = coordinates(result.geometry, target)
        for corner in np.ndindex(2, 2, 2):
            read = [np.floor(c[body[:, axis]]).astype(int) + corner[axis] for axis, c in enumerate(at)]
            clipped = tuple(np.clip(r, 0, n - 1) for r, n in zip(read, result.geometry.shape, strict=True))
            assert result.body[clipped].all()
    assert result.body.mean() < 0.9


def test_a_body_may_be_given():
    body = np.zeros(PET_GRID.shape, bool)
    body[10:12, 11:13, 14:16] = True
    result = network_input(exam(), (PET, CT), PLAIN, body)
    assert np.array_equal(result.body_on_pet, body)
    assert 0 < result.body.sum() < 200
    with pytest.raises(ValueError, match="body"):
        network_input(exam(), (PET, CT), PLAIN, body[1:])


def test_an_absent_channel_and_voxels_that_are_no_numbers_are_refused():
    with pytest.raises(InputRefused, match=r"kind CT \(CT\)"):
        network_input({"PT": pet_volume()}, (PET, CT), PLAIN)
    array = ct_volume().array.copy()
    array[3, 4, 5:7] = np.nan
    with pytest.raises(InferenceRefused, match=r"Channel CT \(CT\) has 2 voxels"):
        network_input({"PT": pet_volume(), "CT": CtVolume(array, CT_GRID)}, (PET, CT), PLAIN)


def test_inputs_are_left_as_they_were_and_the_result_is_the_same_twice():
    volumes = exam()
    kept = {kind: volume.array.copy() for kind, volume in volumes.items()}
    for preprocessing in (PLAIN, NNUNET):
        first, second = (network_input(volumes, (PET, CT), preprocessing) for _ in range(2))
        assert first.array.tobytes() == second.array.tobytes()
    assert all(np.array_equal(kept[kind], volume.array) for kind, volume in volumes.items())


def test_an_exam_without_uptake_is_kept_whole():
    empty = SuvVolume(np.zeros(PET_GRID.shape, np.float32), PET_GRID)
    result = network_input({"PT": empty}, (PET,), NNUNET)
    assert result.array.shape == (1, 20, 25, 30)
    assert not result.array.any()
    assert not result.body.any()


def test_a_constant_channel_is_divided_by_something():
    for how in (Normalisation("z-score"), Normalisation("min-max"), Normalisation("z-score", nonzero_only=True)):
        array = np.full((3, 4, 5), 2.0, np.float32)
        normalise(array, how, np.ones(array.shape, bool))
        assert np.isfinite(array).all()
    with pytest.raises(ValueError, match="mask"):
        normalise(np.ones((3, 4, 5), np.float32), Normalisation("z-score", nonzero_only=True))


def test_values_are_clipped_before_all_else():
    array = np.array([[[-5.0, 0.0, 5.0, 50.0]]], np.float32)
    normalise(array, Normalisation("min-max", (0.0, 10.0)))
    assert array.ravel().tolist() == [0.0, 0.0, 0.5, 1.0]


def test_a_power_spreads_low_values():
    array = np.array([[[2.0, 6.0, 18.0]]], np.float32)
    normalise(array, Normalisation("min-max", power=0.5))
    assert array.ravel().tolist() == [0.0, 0.5, 1.0]
    for wrong in ({"kind": "z-score", "power": 0.5}, {"kind": "min-max", "power": 0.0}):
        with pytest.raises(ValueError, match="power"):
            Normalisation(**wrong)


def test_simpleitk_is_loaded_only_where_grids_are_askew():
    code = "import sys, uptake.inference.exam_labels; sys.exit('SimpleITK' in sys.modules)"
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=False).returncode == 0
