"""Held against nnU-Net itself, where it is installed: its checkpoints, its logits, its window."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.inference.nnunet_import import trained_model as made
from uptake.inference import tiling
from uptake.inference.model_store import build_network, load_network
from uptake.inference.nnunet_import import ImportOptions, import_nnunet
from uptake.networks.lesion_unet import LesionUnetSettings, preset

pytest.importorskip("dynamic_network_architectures")
torch.set_num_threads(1)
KINDS = ("plain", "residual")


def nnunet(module: str):
    """A module of nnU-Net's; importing it warns of folders that are not set."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(module)


def their_network(settings: LesionUnetSettings, supervised: bool = False) -> nn.Module:
    """nnU-Net's own network of the plans, built as its trainer does, with seeded weights."""
    planned = made.architecture(settings)
    network = nnunet("nnunetv2.utilities.get_network_from_plans").get_network_from_plans(
        planned["network_class_name"],
        planned["arch_kwargs"],
        planned["_kw_requires_import"],
        settings.in_channels,
        settings.classes,
        deep_supervision=supervised,
    )
    random = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for each in network.parameters():
            each.add_(0.05 * torch.randn(each.shape, generator=random))
    return network.eval()


def their_checkpoint(network: nn.Module, path) -> None:
    """Written by nnU-Net's own trainer, after an epoch of its log."""
    module = nnunet("nnunetv2.training.nnUNetTrainer.nnUNetTrainer")
    trainer = object.__new__(module.nnUNetTrainer)
    trainer.local_rank, trainer.disable_checkpointing, trainer.is_ddp, trainer.grad_scaler = 0, False, False, None
    trainer.network = network
    trainer.optimizer = torch.optim.SGD(network.parameters(), 0.01, momentum=0.99, nesterov=True)
    sum(each.sum() for each in network.parameters()).backward()
    with torch.no_grad():
        kept = {name: each.clone() for name, each in network.state_dict().items()}
        trainer.optimizer.step()
        network.load_state_dict(kept)
    trainer.logger = module.MetaLogger(None, False)
    for key, value in (("train_losses", np.mean(np.float32([-0.5]))), ("mean_fg_dice", np.nanmean([0.5]))):
        trainer.logger.log(key, value, 0)
    trainer.logger.log("dice_per_class_or_region", list(np.float32([0.5, 0.25]) / np.float32(2)), 0)
    trainer._best_ema, trainer.current_epoch = trainer.logger.get_value("ema_fg_dice", step=-1), 0
    trainer.my_init_kwargs = {"plans": {}, "configuration": "3d_fullres", "fold": 0, "device": torch.device("cpu")}
    trainer.inference_allowed_mirroring_axes = (0, 1, 2)
    trainer.save_checkpoint(str(path))


def both_logits(tmp_path, settings: LesionUnetSettings, patch: tuple[int, int, int]) -> tuple[Tensor, Tensor]:
    """Logits of nnU-Net's network and of the bundle made of its checkpoint."""
    folder = tmp_path / made.FOLDER
    (folder / "fold_0").mkdir(parents=True)
    (folder / "plans.json").write_text(json.dumps(made.plans(settings, patch)))
    (folder / "dataset.json").write_text(json.dumps(made.DATASET))
    network = their_network(settings)
    their_checkpoint(network, folder / "fold_0" / "checkpoint_final.pth")
    bundle = import_nnunet(folder, tmp_path / "models", ImportOptions("imported"))
    batch = torch.randn((1, settings.in_channels, *patch), generator=torch.Generator().manual_seed(4))
    with torch.inference_mode():
        return network(batch), load_network(bundle, 0, build_network)(batch)


@pytest.mark.parametrize("kind", KINDS)
def test_a_checkpoint_of_nnunets_own_trainer_gives_its_logits(tmp_path, kind):
    expected, found = both_logits(tmp_path, made.SETTINGS[kind], (8, 16, 24))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0.0)


@pytest.mark.full
@pytest.mark.parametrize("kind", KINDS)
def test_a_network_of_full_size_gives_nnunets_logits(tmp_path, kind):
    settings = preset("paper", in_channels=2, classes=3, residual=kind == "residual")
    assert settings.features == (32, 64, 128, 256, 320, 320)
    expected, found = both_logits(tmp_path, settings, (32, 64, 64))
    assert float(expected.std()) > 0.05
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_the_layout_of_the_made_checkpoints_is_nnunets(kind):
    settings = made.SETTINGS[kind]
    expected = {name: each.shape for name, each in their_network(settings, supervised=True).state_dict().items()}
    assert {name: each.shape for name, each in made.with_aliases(made.weights(settings)).items()} == expected


def test_the_plans_are_what_nnunets_managers_read():
    manager = nnunet("nnunetv2.utilities.plans_handling.plans_handler").PlansManager(made.plans(made.SETTINGS["plain"]))
    configuration = manager.get_configuration("3d_fullres")
    assert configuration.patch_size == [8, 16, 24]
    assert configuration.resampling_fn_data.func.__name__ == "resample_data_or_seg_to_shape"
    assert manager.get_label_manager(made.DATASET).num_segmentation_heads == 3


@pytest.mark.parametrize("patch", [(31, 33, 35), (32, 48, 64)])
def test_the_window_is_nnunets(tmp_path, patch):
    compute = nnunet("nnunetv2.inference.sliding_window_prediction").compute_gaussian
    theirs = compute(patch, value_scaling_factor=10, device=torch.device("cpu")).float().numpy() / 10.0
    tiles = import_nnunet(made.write(tmp_path, made.SETTINGS["plain"]), tmp_path, ImportOptions("imported")).tiling
    ours = tiling.weights(patch, "gaussian", fwhm=tiles.fwhm, floor=tiles.weight_floor)
    assert ours.min() == pytest.approx(theirs.min(), rel=1e-6)
    if all(side % 2 for side in patch):  # an even side has no middle voxel; nnU-Net takes the one after it
        np.testing.assert_allclose(ours, theirs, atol=5e-4)  # theirs is in half precision
