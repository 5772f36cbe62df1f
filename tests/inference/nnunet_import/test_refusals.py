"""Models that Uptake would run otherwise than nnU-Net, and bad files: refused by name, with nothing written."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.inference.nnunet_import import trained_model as made
from tests.inference.nnunet_import.test_import import OPTIONS, at
from uptake.errors import BundleRefused
from uptake.inference.nnunet_import import ImportOptions, import_nnunet

torch.set_num_threads(1)
FULLRES = ("configurations", "3d_fullres")
SIZES = (*FULLRES, "architecture", "arch_kwargs")
DATA = (*FULLRES, "resampling_fn_data_kwargs")
FILE = Path("fold_0") / "checkpoint_final.pth"


def refusal(folder, models, options=OPTIONS):
    with pytest.raises(BundleRefused) as refused:
        import_nnunet(folder, models, options)
    assert not models.exists()
    text = str(refused.value)
    assert text.startswith("nnU-Net model: ")
    assert text.isprintable()
    return text


def refused(tmp_path, options=OPTIONS, settings=made.SETTINGS["plain"], **changes):
    return refusal(made.write(tmp_path / "results", settings, **changes), tmp_path / "models", options)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ((*FULLRES, "architecture", "network_class_name"), "somewhere.PlainConvUNet", "somewhere.PlainConvUNet"),
        (
            (*FULLRES, "architecture", "network_class_name"),
            "dynamic_network_architectures.architectures.unet.ResidualUNet",
            "the network is ResidualUNet",
        ),
        ((*FULLRES, "architecture"), {}, "no architecture"),
        ((*SIZES, "conv_op"), "torch.nn.modules.conv.Conv2d", "conv_op is Conv2d"),
        ((*SIZES, "norm_op"), "torch.nn.modules.batchnorm.BatchNorm3d", "norm_op is BatchNorm3d"),
        ((*SIZES, "norm_op"), "mine.InstanceNorm3d", "norm_op is mine.InstanceNorm3d"),
        ((*SIZES, "norm_op_kwargs"), {"eps": 1e-5}, "norm_op_kwargs.affine is False"),
        ((*SIZES, "norm_op_kwargs", "track_running_stats"), True, "track_running_stats is True"),
        ((*SIZES, "norm_op_kwargs", "size"), 1, "norm_op_kwargs has size"),
        ((*SIZES, "dropout_op"), "torch.nn.Dropout3d", "dropout_op is Dropout3d"),
        ((*SIZES, "nonlin"), "torch.nn.ReLU", "nonlin is ReLU"),
        ((*SIZES, "conv_bias"), False, "conv_bias is False"),
        ((*SIZES, "nonlin_first"), True, "nonlin_first is True"),
        (
            (*SIZES, "block"),
            "dynamic_network_architectures.building_blocks.residual.BottleneckD",
            "block is Bottleneck",
        ),
        ((*SIZES, "bottleneck_channels"), 8, "bottleneck_channels is 8"),
        ((*SIZES, "stem_channels"), 16, "stem_channels is 16"),
        ((*SIZES, "squeeze_excitation"), True, "has squeeze_excitation"),
        ((*SIZES, "n_stages"), 10**12, "n_stages"),
        ((*SIZES, "features_per_stage"), [4, 6], "strides must have 2"),
        ((*SIZES, "strides", 0), [2, 2, 2], "strides must begin"),
        ((*FULLRES, "patch_size"), [16, 16], "is 2D"),
        ((*FULLRES, "patch_size"), [9, 16, 16], "multiples of"),
        ((*FULLRES, "patch_size"), [8, 16, "16"], "makes no bundle"),
        ((*FULLRES, "spacing"), [3.0, 2.0, 0.0], "spacing_mm"),
        ((*FULLRES, "previous_stage"), "3d_lowres", "cascade"),
        ((*FULLRES, "inherits_from"), "3d_fullres", "no usable configuration 3d_fullres"),
        ((*FULLRES, "preprocessor_name"), "MyPreprocessor", "preprocessor_name is MyPreprocessor"),
        (("label_manager",), "MyLabels", "label_manager is MyLabels"),
        ((*FULLRES, "normalization_schemes", 1), "RGBTo01Normalization", "channel 1 is normalised by RGBTo01"),
        ((*FULLRES, "normalization_schemes"), ["NoNormalization"], "different numbers of channels"),
        (("foreground_intensity_properties_per_channel", "0"), {}, "percentile_00_5"),
        ((*FULLRES, "resampling_fn_data"), "resample_torch_fornnunet", "resample_torch_fornnunet"),
        (
            (*FULLRES, "resampling_fn_probabilities"),
            "no_resampling_hack",
            "resampling_fn_probabilities is no_resampling",
        ),
        ((*DATA, "is_seg"), True, "is_seg=True"),
        ((*DATA, "order"), 5, "order must be"),
        ((*DATA, "separate_z_anisotropy_threshold"), 2, "separate_z_anisotropy_threshold=2"),
        ((*DATA, "device"), "cpu", "device=cpu"),
        (("transpose_forward",), [0, 0, 1], "transpose_forward"),
        (("transpose_backward",), [1, 0, 2], "transpose_backward"),
        (("configurations",), {}, "no usable configuration 3d_fullres"),
    ],
)
def test_plans_that_uptake_would_carry_out_otherwise(tmp_path, path, value, words):
    assert words in refused(tmp_path, edit_plans=at(*path, value=value))


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("channel_names",), {"0": "CT", "1": "T2"}, "channel 1 is 'T2'"),
        (("channel_names",), {"0": "CT", "2": "PET"}, "numbered 0, 1"),
        (("channel_names",), {"0": "CT", "1": "ct"}, "no input channel is a PET"),
        (("labels",), {"background": 0, "whole": [1, 2], "core": 2}, "whole is a region"),
        (("labels",), {"background": 1, "lesion": 0}, "background 0"),
        (("labels",), {"background": 0, "lesion": 1, "bladder": 3}, "without gaps"),
        (("labels",), {"background": 0, "lesion": 1, "spine": 2}, "label spine is no class"),
        (("labels",), {"background": 0, "lesion": 1, "Lesion": 2}, "two labels would be lesion"),
        (("labels",), {"background": 0, "lesion": 1}, "heads.0.weight"),
    ],
)
def test_data_sets_that_uptake_cannot_name(tmp_path, path, value, words):
    if words == "heads.0.weight":
        words = "decoder.seg_layers.0.weight is 3 x"
    assert words in refused(tmp_path, edit_dataset=at(*path, value=value))


def test_the_refusal_of_a_name_says_the_option_that_mends_it(tmp_path):
    text = refused(tmp_path / "a", edit_dataset=at("labels", "spine", value=3))
    assert "--class .spine=lesion." in text.replace("'", ".")
    assert "physiological_uptake" in text
    assert "--channel 1=PT" in refused(tmp_path / "b", edit_dataset=at("channel_names", "1", value="T2"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (ImportOptions("imported", channels={2: "PT"}), "no channel 2"),
        (ImportOptions("imported", classes={"tumor": "lesion"}), "no label tumor"),
        (ImportOptions("imported", folds=(0, 4)), "fold_4/checkpoint_final.pth is missing"),
        (ImportOptions("imported", checkpoint="best"), "checkpoint_final.pth: choose it"),
        (ImportOptions("imported", configuration="3d_lowres"), "trained with configuration 3d_fullres"),
        (ImportOptions("Not a name"), "lower case"),
    ],
)
def test_options_that_the_model_does_not_have(tmp_path, options, words):
    assert words in refused(tmp_path, options)


@pytest.mark.parametrize(
    "fields",
    [
        {"checkpoint": "latest"},
        {"orientation": "LAS"},
        {"folds": ()},
        {"folds": (0, 0)},
        {"folds": (-1,)},
        {"channels": {0: "MR"}},
        {"classes": {"x": "spine"}},
        {"licence": " "},
        {"version": "1"},
    ],
)
def test_impossible_options_are_refused_at_once(fields):
    with pytest.raises(ValueError, match=next(iter(fields))):
        ImportOptions("imported", **fields)


@pytest.mark.parametrize("name", ["plans.json", "dataset.json", str(FILE)])
def test_a_missing_file_is_named(tmp_path, name):
    folder = made.write(tmp_path / "results", made.SETTINGS["plain"])
    (folder / name).unlink()
    assert Path(name).name in refusal(folder, tmp_path / "models")


@pytest.mark.parametrize("name", ["plans.json", "dataset.json", str(FILE)])
@pytest.mark.parametrize("content", [b"", b"\x80\x02.", b"PK\x03\x04", b"[" * 100_000, b"[1]"])
def test_a_damaged_file_is_named(tmp_path, name, content):
    folder = made.write(tmp_path / "results", made.SETTINGS["plain"])
    (folder / name).write_bytes(content)
    assert Path(name).name in refusal(folder, tmp_path / "models")


def test_a_cut_checkpoint_is_refused(tmp_path):
    folder = made.write(tmp_path / "results", made.SETTINGS["plain"])
    (folder / FILE).write_bytes((folder / FILE).read_bytes()[:-300])
    assert "checkpoint_final.pth" in refusal(folder, tmp_path / "models")


def test_no_such_folder(tmp_path):
    assert "no folder absent" in refusal(tmp_path / "absent", tmp_path / "models")


class Trap:
    sprung = False

    def __reduce__(self):
        return (setattr, (Trap, "sprung", True))


class Toucher:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("place", [("extra",), ("init_args", "device"), ("network_weights", "encoder")])
def test_pickled_code_is_named_and_never_run(tmp_path, place):
    Trap.sprung = False
    text = refused(tmp_path, edit_checkpoint=at(*place, value=Trap()))
    assert "Nothing of it was run" in text
    assert "setattr" in text
    assert not Trap.sprung


def test_pickled_code_that_would_write_a_file_writes_none(tmp_path):
    touched = tmp_path / "touched"
    text = refused(tmp_path, edit_checkpoint=at("extra", value=Toucher(touched)))
    assert "pathlib" in text
    assert not touched.exists()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.arange(3), "_reconstruct"),
        (np.complex128(1j), "Complex128DType"),
        (np.array(Path()), "pathlib"),
        (Path(), "pathlib"),
    ],
)
def test_nothing_is_unpickled_but_tensors_plain_values_and_the_scalars_of_the_log(tmp_path, value, words):
    assert words in refused(tmp_path, edit_checkpoint=at("logging", value=value))


def weights_edit(change):
    return lambda content: change(content["network_weights"])


HEAD = "decoder.seg_layers.1.weight"
ALIAS = "decoder.encoder.stages.0.0.convs.0.all_modules.0.weight"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda weights: weights.pop(HEAD), f"fold_0 lacks {HEAD}"),
        (lambda weights: weights.update({"encoder.extra": torch.ones(1)}), "has encoder.extra"),
        (lambda weights: weights.update({ALIAS: weights[ALIAS] + 1.0}), "two different tensors"),
        (lambda weights: weights.update({HEAD: weights[HEAD][:, :2]}), f"{HEAD} is 3 x 2 x"),
        (lambda weights: weights.update({HEAD: weights[HEAD].int()}), "torch.int32"),
        (lambda weights: weights.update({HEAD: weights[HEAD] * math.nan}), "not a finite number"),
        (lambda weights: weights.update({HEAD: 3}), "is no tensor"),
        (lambda weights: weights.clear(), "no network_weights"),
    ],
)
def test_every_tensor_is_accounted_for(tmp_path, change, words):
    assert words in refused(tmp_path, edit_checkpoint=weights_edit(change))


@pytest.mark.parametrize("axes", [(0, 3), (0, 0), "xy", 1, [None]])
def test_mirror_axes_that_are_none(tmp_path, axes):
    assert "mirroring_axes" in refused(tmp_path, edit_checkpoint=at("inference_allowed_mirroring_axes", value=axes))


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("init_args", "configuration"), "3d_lowres", "configuration 3d_fullres and 3d_lowres"),
        (("inference_allowed_mirroring_axes",), None, "mirror_axes"),
        (("trainer_name",), "nnUNetTrainerDA5", "nnUNetTrainerDA5"),
    ],
)
def test_folds_of_different_trainings_are_refused(tmp_path, path, value, words):
    def edit(content):
        if content["init_args"]["fold"] == 1:
            at(*path, value=value)(content)

    text = refused(tmp_path, folds=(0, 1), edit_checkpoint=edit)
    assert "folds 0 and 1 differ" in text
    assert words in text


def test_folds_of_different_networks_are_refused(tmp_path):
    def edit(content):
        if content["init_args"]["fold"] == 1:
            content["network_weights"] = made.with_aliases(made.weights(made.SETTINGS["residual"]))

    assert "fold_1" in refused(tmp_path, folds=(0, 1), edit_checkpoint=edit)


def test_a_damaged_summary_is_named(tmp_path):
    folder = made.write(tmp_path / "results", made.SETTINGS["plain"])
    (folder / "fold_0" / "validation").mkdir()
    (folder / "fold_0" / "validation" / "summary.json").write_text(json.dumps({"metric_per_case": [{"metrics": {}}]}))
    assert "fold_0/validation/summary.json" in refusal(folder, tmp_path / "models")
