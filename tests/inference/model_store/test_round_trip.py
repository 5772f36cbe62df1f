"""Saving and loading: the same bundle, the same tensors, the same bytes; whole or not at all."""

import json
from dataclasses import asdict, replace

import pytest
import torch
from pydicom.sr._concepts_dict import concepts

from tests.inference.model_store.small_bundle import SETTINGS, TEXTS, save_small, small_bundle, small_network
from uptake.errors import OutputFailed, OutputNotEmpty
from uptake.inference.model_store import (
    NNUNET_FWHM,
    NetworkSpecification,
    build_network,
    label_class,
    list_bundles,
    load_bundle,
    load_network,
    load_weights,
    save_bundle,
)
from uptake.inference.model_store.label_classes import known_names
from uptake.inference.sliding_window import SlidingWindowSettings
from uptake.inference.tiling import NNUNET_FWHM as TILING_NNUNET_FWHM

# The mandatory keys of MONAI's bundle specification, as monai.bundle.utils.DEFAULT_METADATA of 1.6.1 has them.
MONAI_KEYS = {
    "version", "monai_version", "pytorch_version", "numpy_version", "required_packages_version", "task", "description",
    "authors", "copyright", "network_data_format",
}  # fmt: skip


def content_of(folder):
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def test_a_bundle_joins_the_recipes_that_it_was_trained_by(tmp_path):
    recipe = tmp_path / "head_neck_tiny" / "configs" / "train_small.json"
    recipe.parent.mkdir(parents=True)
    recipe.write_text("{}")
    assert list_bundles(tmp_path) == ()
    save_small(tmp_path)
    assert recipe.read_text() == "{}"
    assert [each.name for each in tmp_path.iterdir()] == ["head_neck_tiny"]
    assert load_bundle(tmp_path / "head_neck_tiny").name == "head_neck_tiny"
    with pytest.raises(OutputNotEmpty):
        save_small(tmp_path)


def test_a_saved_bundle_is_read_back_as_it_was(tmp_path):
    saved = save_small(tmp_path)
    loaded = load_bundle(tmp_path / "head_neck_tiny")
    assert loaded == saved
    assert loaded.folder == saved.folder == tmp_path / "head_neck_tiny"
    assert replace(loaded, weights=(), network=small_bundle().network) == small_bundle()
    assert loaded.folds == (0, 1)
    assert loaded.network.parameters == sum(each.numel() for each in small_network().parameters())


def test_weights_are_read_back_bit_by_bit_for_each_fold(tmp_path):
    bundle = save_small(tmp_path)
    for fold in bundle.folds:
        found, wanted = load_weights(bundle, fold, build_network), small_network(fold).state_dict()
        assert found.keys() == wanted.keys()
        assert all(torch.equal(found[name], wanted[name]) for name in wanted)
        network = load_network(bundle, fold, build_network)
        assert not network.training
        assert torch.equal(next(network.parameters()), next(small_network(fold).parameters()))


def test_the_same_bundle_gives_the_same_bytes(tmp_path):
    save_small(tmp_path / "a")
    save_small(tmp_path / "b")
    assert content_of(tmp_path / "a") == content_of(tmp_path / "b")


def test_tensors_that_share_memory_or_lie_across_it_are_saved(tmp_path):
    base = torch.arange(12.0).reshape(3, 4)
    weights = {0: {"whole": base, "turned": base.T, "again": base}}
    bundle = save_bundle(small_bundle(), weights, TEXTS, tmp_path)

    class Three(torch.nn.Module):
        def __init__(self):
            super().__init__()
            for name, each in weights[0].items():
                self.register_buffer(name, torch.empty(each.shape))

    found = load_weights(bundle, 0, lambda specification: Three())
    assert torch.equal(found["turned"], base.T)
    assert bundle.network.parameters == 36


def test_metadata_carry_what_monai_asks_for(tmp_path):
    save_small(tmp_path)
    document = json.loads((tmp_path / "head_neck_tiny" / "configs" / "metadata.json").read_text())
    assert set(document) >= MONAI_KEYS
    image, answer = (
        document["network_data_format"]["inputs"]["image"],
        document["network_data_format"]["outputs"]["pred"],
    )
    assert (image["num_channels"], answer["num_channels"]) == (2, 3)
    assert answer["channel_def"] == {"0": "background", "1": "primary_tumour", "2": "lymph_node_metastasis"}
    assert document["uptake"]["training"]["digital_patients_only"] is True


def test_what_is_there_is_never_overwritten(tmp_path):
    save_small(tmp_path)
    before = content_of(tmp_path)
    with pytest.raises(OutputNotEmpty, match="head_neck_tiny already"):
        save_small(tmp_path, bundle=small_bundle(version="2.0.0"))
    assert content_of(tmp_path) == before


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    from uptake.inference.model_store import saving

    def full(file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(saving.os, "fsync", full)
    with pytest.raises(OutputFailed, match="No space left"):
        save_small(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("weights", "words"),
    [({}, "at least one fold"), ({0: {"a": torch.zeros(2)}, 1: {"a": torch.zeros(3)}}, "folds' weights differ")],
)
def test_folds_that_differ_or_are_lacking_are_not_saved(weights, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        save_bundle(small_bundle(), weights, TEXTS, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_tiling_can_be_handed_to_the_sliding_window(tmp_path):
    bundle = save_small(tmp_path)
    settings = SlidingWindowSettings(**asdict(load_bundle(bundle.folder).tiling))
    assert (settings.patch, settings.overlap) == ((8, 16, 16), (0.75, 0.0, 0.0))
    assert pytest.approx(TILING_NNUNET_FWHM) == NNUNET_FWHM


def test_settings_that_json_cannot_hold_are_a_programming_error():
    with pytest.raises(ValueError, match="plain JSON"):
        NetworkSpecification("lesion_unet", SETTINGS | {"norm": torch.nn.Identity()})


@pytest.mark.parametrize("name", known_names())
def test_codes_of_classes_are_dicoms(name):
    known = label_class(1, name)
    for each in filter(None, (known.category, known.type, known.site)):
        meanings = {found[each.value][0] for found in concepts[each.scheme].values() if each.value in found}
        assert each.meaning in meanings
