"""A trained folder becomes the bundle that answers as it did: settings, weights, axes, classes, words."""

from __future__ import annotations

import dataclasses
import json
import math
import zipfile

import numpy as np
import pytest
import torch

from tests.inference.nnunet_import import trained_model as made
from uptake.errors import OutputNotEmpty
from uptake.inference.model_store import NNUNET_FWHM, Normalisation, Resampling, build_network, load_bundle, verify
from uptake.inference.model_store import load_network as load
from uptake.inference.nnunet_import import ImportOptions, import_nnunet
from uptake.inference.nnunet_import.checkpoints import ALLOWED
from uptake.networks.lesion_unet import LesionUnetSettings, lesion_unet

torch.set_num_threads(1)
OPTIONS = ImportOptions("imported")
KINDS = ("plain", "residual")


def imported(tmp_path, options=OPTIONS, settings=made.SETTINGS["plain"], **changes):
    return import_nnunet(made.write(tmp_path / "results", settings, **changes), tmp_path / "models", options)


def at(*path, value):
    """An edit that puts a value at a place of a document; KeyError where the place is new."""

    def edit(document):
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = value

    return edit


def theirs(settings: LesionUnetSettings, fold=0):
    network = lesion_unet(settings).eval()
    network.load_state_dict(made.weights(settings, fold))
    return network


@pytest.mark.parametrize("kind", KINDS)
def test_every_fold_answers_as_the_network_it_was_made_of(tmp_path, kind):
    settings = made.SETTINGS[kind]
    bundle = imported(tmp_path, settings=settings, folds=(0, 3))
    assert bundle == load_bundle(tmp_path / "models" / "imported") == verify(bundle.folder, build_network)
    assert bundle.folds == (0, 3)
    batch = torch.randn((1, 2, 8, 16, 24), generator=torch.Generator().manual_seed(5))
    with torch.inference_mode():
        answers = [load(bundle, fold, build_network)(batch) for fold in (0, 3)]
        assert torch.equal(answers[0], theirs(settings, 0)(batch))
        assert torch.equal(answers[1], theirs(settings, 3)(batch))
    assert not torch.equal(answers[0], answers[1])


def test_the_bundle_does_what_the_plans_say(tmp_path):
    bundle = imported(tmp_path)
    assert [(each.name, each.kind, each.unit) for each in bundle.inputs] == [("CT", "CT", "HU"), ("PET", "PT", "g/ml")]
    assert bundle.inputs[0].normalisation == Normalisation("fixed", (-950.0, 900.0), 20.5, 150.25)
    assert bundle.inputs[1].normalisation == Normalisation("z-score", nonzero_only=True)
    found = bundle.preprocessing
    assert (found.spacing_mm, found.grid, found.crop, found.normalised) == (
        (3.0, 2.5, 2.0),
        "extent",
        "nonzero",
        "before",
    )
    assert (found.image, found.probabilities) == (Resampling(3, 0, None), Resampling(1, 0, None))
    assert found.orientation == "LPS"
    tiles = bundle.tiling
    assert (tiles.patch, tiles.overlap, tiles.placing) == ((8, 16, 24), (0.5, 0.5, 0.5), "even")
    assert (tiles.weights, tiles.fwhm, tiles.averaging) == ("gaussian", NNUNET_FWHM, "logits")
    assert tiles.mirror_axes == (0, 1, 2)
    assert [each.name for each in bundle.classes] == ["background", "lesion", "bladder"]
    assert bundle.network.flops_per_patch > 0
    assert (bundle.training.exams, bundle.training.digital_patients_only) == (12, False)
    assert "Dataset001_Digital" in bundle.training.description
    assert bundle.metrics == ()


@pytest.mark.parametrize("forward", [(2, 0, 1), (1, 0, 2), (1, 2, 0)])
@pytest.mark.parametrize("kind", KINDS)
def test_another_order_of_axes_is_undone(tmp_path, kind, forward):
    settings = made.SETTINGS[kind]

    def edit(plans):
        plans |= {"transpose_forward": list(forward), "transpose_backward": [forward.index(axis) for axis in range(3)]}

    bundle = imported(
        tmp_path,
        settings=settings,
        edit_plans=edit,
        edit_checkpoint=at("inference_allowed_mirroring_axes", value=(0, 1)),
    )
    by_plans = dict(zip(forward, ((3.0, 8), (2.5, 16), (2.0, 24)), strict=True))
    assert bundle.preprocessing.spacing_mm == tuple(by_plans[axis][0] for axis in range(3))
    assert bundle.tiling.patch == tuple(by_plans[axis][1] for axis in range(3))
    assert set(bundle.tiling.mirror_axes) == set(forward[:2])
    zyx = torch.randn((1, 2, *bundle.tiling.patch), generator=torch.Generator().manual_seed(6))
    to_theirs = (0, 1, *(2 + axis for axis in forward))
    with torch.inference_mode():
        expected = theirs(settings)(zyx.permute(to_theirs))
        found = load(bundle, 0, build_network)(zyx)
    assert float(expected.std()) > 0.1
    torch.testing.assert_close(found.permute(to_theirs), expected, atol=1e-4, rtol=0.0)


def test_names_of_several_processes_and_compiled_modules_are_understood(tmp_path):
    def wrap(content):
        content["network_weights"] = {f"module._orig_mod.{k}": v for k, v in content["network_weights"].items()}

    bundle = imported(tmp_path, edit_checkpoint=wrap)
    assert torch.equal(
        load(bundle, 0, build_network).state_dict()["heads.1.weight"],
        made.weights(made.SETTINGS["plain"])["heads.1.weight"],
    )


def test_half_precision_weights_become_float32(tmp_path):
    def halve(content):
        content["network_weights"] = {k: v.half() for k, v in content["network_weights"].items()}

    state = load(imported(tmp_path, edit_checkpoint=halve), 0, build_network).state_dict()
    assert {each.dtype for each in state.values()} == {torch.float32}


def test_plans_of_the_first_releases_are_understood(tmp_path):
    settings = dataclasses.replace(made.SETTINGS["plain"], features=(4, 8, 12))

    def edit(plans):
        configuration = plans["configurations"]["3d_fullres"]
        sizes = configuration.pop("architecture")["arch_kwargs"]
        configuration |= {
            "UNet_class_name": "PlainConvUNet",
            "UNet_base_num_features": 4,
            "unet_max_num_features": 12,
            "n_conv_per_stage_encoder": sizes["n_conv_per_stage"],
            "n_conv_per_stage_decoder": sizes["n_conv_per_stage_decoder"],
            "num_pool_per_axis": [1, 2, 2],
            "pool_op_kernel_sizes": sizes["strides"],
            "conv_kernel_sizes": sizes["kernel_sizes"],
        }

    assert build_network(imported(tmp_path, settings=settings, edit_plans=edit).network).settings == settings


def test_a_configuration_that_inherits_is_put_together(tmp_path):
    def edit(plans):
        plans["configurations"]["3d_fullres_small"] = {"inherits_from": "3d_fullres", "patch_size": [4, 8, 8]}

    bundle = imported(
        tmp_path, edit_plans=edit, edit_checkpoint=at("init_args", "configuration", value="3d_fullres_small")
    )
    assert bundle.tiling.patch == (4, 8, 8)


def test_the_folder_says_the_configuration_where_the_checkpoint_does_not(tmp_path):
    assert imported(tmp_path, edit_checkpoint=at("init_args", value=None)).tiling.patch == (8, 16, 24)


def test_a_reader_that_reorients_says_the_orientation_and_the_option_has_the_last_word(tmp_path):
    edit = at("image_reader_writer", value="NibabelIOWithReorient")
    assert imported(tmp_path / "a", edit_plans=edit).preprocessing.orientation == "RAS"
    options = dataclasses.replace(OPTIONS, orientation="LPS")
    assert imported(tmp_path / "b", options, edit_plans=edit).preprocessing.orientation == "LPS"


def test_options_say_what_the_names_do_not(tmp_path):
    def edit(dataset):
        dataset |= {"channel_names": {"0": "noNorm", "1": "noNorm"}, "labels": {"background": 0, "hot": 1, "rest": 2}}

    options = ImportOptions(
        "imported", channels={0: "CT", 1: "PT"}, classes={"hot": "lesion", "rest": "physiological_uptake"}
    )
    bundle = imported(tmp_path, options, edit_dataset=edit)
    assert [(each.name, each.kind) for each in bundle.inputs] == [("noNorm 0", "CT"), ("noNorm 1", "PT")]
    assert [each.name for each in bundle.classes[1:]] == ["lesion", "physiological_uptake"]


@pytest.mark.parametrize("label", ["Tumor", "tumour", "lesions"])
def test_a_single_tumour_label_is_the_lesion_class_and_an_ignored_one_is_left_out(tmp_path, label):
    settings = dataclasses.replace(made.SETTINGS["plain"], classes=2)
    edit = at("labels", value={"background": 0, label: 1, "ignore": 2})
    bundle = imported(tmp_path, settings=settings, edit_dataset=edit)
    assert [each.name for each in bundle.classes] == ["background", "lesion"]


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ("NoNormalization", Normalisation("none")),
        ("RescaleTo01Normalization", Normalisation("min-max")),
        ("CTNormalization", Normalisation("fixed", (0.5, 25.0), 5.0, 4.0)),
    ],
)
def test_each_normalisation_has_its_own(tmp_path, scheme, expected):
    edit = at("configurations", "3d_fullres", "normalization_schemes", 1, value=scheme)
    assert imported(tmp_path, edit_plans=edit).inputs[1].normalisation == expected


def test_scores_of_the_cross_validation_come_along(tmp_path):
    folder = made.write(tmp_path / "results", made.SETTINGS["plain"], folds=(0, 1))
    for fold, scores in ((0, ((0.5, math.nan), (0.75, 0.25))), (1, ((1.0, math.nan),))):
        cases = [{"metrics": {"1": {"Dice": one}, "2": {"Dice": two}}} for one, two in scores]
        path = folder / f"fold_{fold}" / "validation" / "summary.json"
        path.parent.mkdir()
        path.write_text(json.dumps({"metric_per_case": cases}))
    bundle = import_nnunet(folder, tmp_path / "models", OPTIONS)
    assert [(each.class_name, each.value) for each in bundle.metrics] == [("lesion", 0.75), ("bladder", 0.25)]
    assert {each.measured_on for each in bundle.metrics} == {"nnU-Net's own cross-validation"}
    assert "| lesion | 0.7500 |" in (bundle.folder / "docs" / "README.md").read_text()


def test_folds_and_checkpoint_can_be_chosen(tmp_path):
    folder = made.write(tmp_path / "results", made.SETTINGS["plain"], folds=(0, 1, 2))
    (folder / "fold_1" / "checkpoint_final.pth").rename(folder / "fold_1" / "checkpoint_best.pth")
    assert import_nnunet(folder, tmp_path / "models", ImportOptions("final")).folds == (0, 2)
    assert import_nnunet(folder, tmp_path / "models", ImportOptions("one", folds=(2,))).folds == (2,)
    assert import_nnunet(folder, tmp_path / "models", ImportOptions("best", checkpoint="best")).folds == (1,)


def test_a_network_trained_on_all_exams_is_fold_0_and_has_no_scores(tmp_path):
    folder = made.write(tmp_path / "results", made.SETTINGS["plain"])
    (folder / "fold_0" / "validation").mkdir()
    (folder / "fold_0" / "validation" / "summary.json").write_text('{"metric_per_case": []}')
    (folder / "fold_0").rename(folder / "fold_all")
    bundle = import_nnunet(folder, tmp_path / "models", OPTIONS)
    assert (bundle.folds, bundle.metrics) == ((0,), ())
    assert "fold all" in bundle.training.description


def test_the_card_and_the_licence_say_what_is_known_and_what_is_not(tmp_path):
    folder = imported(tmp_path, edit_plans=at("dataset_name", value="Dataset<b>|x\n# y")).folder
    card, licence = (folder / "docs" / "README.md").read_text(), (folder / "LICENSE").read_text()
    for words in (
        "must be SUV",
        "g/ml",
        "PlainConvUNet",
        "| 2 | bladder | bladder |",
        "| PET | PT | g/ml |",
        "research",
    ):
        assert words in card
    assert "Dataset?b??x" in card
    assert "<b>" not in card
    assert "licence of the original weights applies" in licence


def test_a_licence_and_authors_can_be_given(tmp_path):
    options = dataclasses.replace(OPTIONS, licence="CC-BY-4.0", authors="A. Author", digital_patients_only=True)
    bundle = imported(tmp_path, options)
    assert (bundle.folder / "LICENSE").read_text() == "CC-BY-4.0\n"
    assert (bundle.authors, bundle.training.digital_patients_only) == ("A. Author", True)


def test_an_existing_bundle_is_not_written_over(tmp_path):
    folder = made.write(tmp_path / "results", made.SETTINGS["plain"])
    import_nnunet(folder, tmp_path / "models", OPTIONS)
    with pytest.raises(OutputNotEmpty):
        import_nnunet(folder, tmp_path / "models", OPTIONS)


def test_scalars_pickled_before_numpy_2_are_understood(tmp_path):
    folder = made.write(tmp_path / "results", made.SETTINGS["plain"])
    path = folder / "fold_0" / "checkpoint_final.pth"
    with zipfile.ZipFile(path) as archive:
        records = {name: archive.read(name) for name in archive.namelist()}
    pickled = next(name for name in records if name.endswith("data.pkl"))
    old = records[pickled].replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")
    assert old != records[pickled]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (records | {pickled: old}).items():
            archive.writestr(name, content)
    bundle = import_nnunet(folder, tmp_path / "models", OPTIONS)
    assert torch.equal(
        load(bundle, 0, build_network).state_dict()["heads.0.bias"],
        made.weights(made.SETTINGS["plain"])["heads.0.bias"],
    )


def test_importing_leaves_what_torch_may_unpickle_as_it_was(tmp_path):
    before = set(torch.serialization.get_safe_globals())
    imported(tmp_path)
    after = set(torch.serialization.get_safe_globals())
    assert before <= after
    # Parts of torch that are imported later allow classes of their own.
    assert [each for each in after - before if not each.__module__.startswith("torch.")] == []


def test_only_numpy_scalars_are_allowed_beside_what_torch_allows():
    assert {each if isinstance(each, type) else each[1] for each in ALLOWED} == {
        np.dtype,
        np.dtypes.Float32DType,
        np.dtypes.Float64DType,
        "numpy._core.multiarray.scalar",
        "numpy.core.multiarray.scalar",
    }
