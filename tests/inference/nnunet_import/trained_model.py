"""A trained nnU-Net v2 folder, small, made without nnU-Net: its plans, its data set, and checkpoints of its layout.

``write`` makes one of seeded weights. With nnU-Net installed, ``test_against_nnunet.py`` holds the layout against
nnU-Net's own files.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from uptake.networks.lesion_unet import LesionUnetSettings, lesion_unet, name_in_nnunet

FOLDER = "nnUNetTrainer__nnUNetPlans__3d_fullres"
Edit = Callable[[dict[str, Any]], None]
_COMMON: dict[str, Any] = {
    "in_channels": 2,
    "classes": 3,
    "features": (4, 6, 8),
    "strides": ((1, 1, 1), (1, 2, 2), (2, 2, 2)),
    "kernels": ((1, 3, 3), (3, 3, 3), (3, 3, 3)),
}
SETTINGS = {
    "plain": LesionUnetSettings(**_COMMON, convolutions=(1, 2, 1), decoder_convolutions=(1, 2)),
    "residual": LesionUnetSettings(**_COMMON, convolutions=(1, 2, 1), decoder_convolutions=(1, 1), residual=True),
}
DATASET: dict[str, Any] = {
    "channel_names": {"0": "CT", "1": "PET"},
    "labels": {"background": 0, "lesion": 1, "bladder": 2},
    "numTraining": 12,
    "file_ending": ".nii.gz",
}


def plans(settings: LesionUnetSettings, patch: Sequence[int] = (8, 16, 24)) -> dict[str, Any]:
    """Plans as nnU-Net 2.8 writes them, of the network ``settings``; their axes are (z, y, x)."""
    resample: dict[str, Any] = {"is_seg": False, "order_z": 0, "force_separate_z": None}
    intensities = {"max": 1500.0, "min": -1000.0, "median": 30.0, "mean": 20.5, "std": 150.25}
    return {
        "dataset_name": "Dataset001_Digital",
        "plans_name": "nnUNetPlans",
        "image_reader_writer": "SimpleITKIO",
        "transpose_forward": [0, 1, 2],
        "transpose_backward": [0, 1, 2],
        "experiment_planner_used": "ExperimentPlanner",
        "label_manager": "LabelManager",
        "foreground_intensity_properties_per_channel": {
            "0": {**intensities, "percentile_00_5": -950.0, "percentile_99_5": 900.0},
            "1": {**intensities, "percentile_00_5": 0.5, "percentile_99_5": 25.0, "mean": 5.0, "std": 4.0},
        },
        "configurations": {
            "3d_fullres": {
                "data_identifier": "/no/such/place/nnUNetPlans_3d_fullres",
                "preprocessor_name": "DefaultPreprocessor",
                "batch_size": 2,
                "patch_size": list(patch),
                "median_image_size_in_voxels": [100.0, 120.0, 120.0],
                "spacing": [3.0, 2.5, 2.0],
                "normalization_schemes": ["CTNormalization", "ZScoreNormalization"],
                "use_mask_for_norm": [False, True],
                "resampling_fn_data": "resample_data_or_seg_to_shape",
                "resampling_fn_data_kwargs": {**resample, "order": 3},
                "resampling_fn_seg": "resample_data_or_seg_to_shape",
                "resampling_fn_seg_kwargs": {**resample, "is_seg": True, "order": 1},
                "resampling_fn_probabilities": "resample_data_or_seg_to_shape",
                "resampling_fn_probabilities_kwargs": {**resample, "order": 1},
                "architecture": architecture(settings),
                "batch_dice": False,
            },
        },
    }


def architecture(settings: LesionUnetSettings) -> dict[str, Any]:
    counts = "n_blocks_per_stage" if settings.residual else "n_conv_per_stage"
    kind = "ResidualEncoderUNet" if settings.residual else "PlainConvUNet"
    return {
        "network_class_name": f"dynamic_network_architectures.architectures.unet.{kind}",
        "arch_kwargs": {
            "n_stages": len(settings.features),
            "features_per_stage": list(settings.features),
            "conv_op": "torch.nn.modules.conv.Conv3d",
            "kernel_sizes": [list(each) for each in settings.kernels],
            "strides": [list(each) for each in settings.strides],
            counts: list(settings.convolutions),
            "n_conv_per_stage_decoder": list(settings.decoder_convolutions),
            "conv_bias": True,
            "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
            "norm_op_kwargs": {"eps": 1e-5, "affine": True},
            "dropout_op": None,
            "dropout_op_kwargs": None,
            "nonlin": "torch.nn.LeakyReLU",
            "nonlin_kwargs": {"inplace": True},
        },
        "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
    }


def weights(settings: LesionUnetSettings, seed: int = 0) -> dict[str, Tensor]:
    """Weights of a ``lesion_unet``, no two alike and none that does nothing."""
    random = torch.Generator().manual_seed(seed)
    state = lesion_unet(settings).state_dict()
    return {name: 0.3 * torch.randn(each.shape, generator=random) for name, each in state.items()}


def with_aliases(ours: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """nnU-Net's state dictionary: its names, and the names under which the same tensors come again."""
    found = {name_in_nnunet(name): each for name, each in ours.items()}
    for name, each in list(found.items()):
        found[name.replace(".conv.", ".all_modules.0.").replace(".norm.", ".all_modules.1.")] = each
    for name, each in list(found.items()):
        if name.startswith("encoder."):
            found[f"decoder.{name}"] = each
    return found


def checkpoint(network_weights: Mapping[str, Tensor], fold: int = 0, **changes: Any) -> dict[str, Any]:
    """What nnU-Net's trainer saves, with the NumPy scalars of its log."""
    return {
        "network_weights": dict(network_weights),
        "optimizer_state": {"state": {}, "param_groups": [{"lr": 0.01}]},
        "grad_scaler_state": None,
        "logging": {"train_losses": [np.float32(-0.25)], "mean_fg_dice": [np.float64(0.5)], "lrs": [0.01]},
        "_best_ema": np.float64(0.5),
        "current_epoch": 200,
        "init_args": {"configuration": "3d_fullres", "fold": fold, "device": torch.device("cpu")},
        "trainer_name": "nnUNetTrainer",
        "inference_allowed_mirroring_axes": (0, 1, 2),
        **changes,
    }


def edited(document: Mapping[str, Any], edit: Edit | None) -> dict[str, Any]:
    copied = copy.deepcopy(dict(document))
    if edit is not None:
        edit(copied)
    return copied


def write(
    parent: Path,
    settings: LesionUnetSettings,
    *,
    folds: Sequence[int] = (0,),
    edit_plans: Edit | None = None,
    edit_dataset: Edit | None = None,
    edit_checkpoint: Edit | None = None,
) -> Path:
    """Make the folder; fold ``n`` has the weights of seed ``n``."""
    folder = parent / FOLDER
    folder.mkdir(parents=True)
    (folder / "plans.json").write_text(json.dumps(edited(plans(settings), edit_plans)))
    (folder / "dataset.json").write_text(json.dumps(edited(DATASET, edit_dataset)))
    for fold in folds:
        content = checkpoint(with_aliases(weights(settings, fold)), fold)
        if edit_checkpoint is not None:
            edit_checkpoint(content)
        (folder / f"fold_{fold}").mkdir()
        torch.save(content, folder / f"fold_{fold}" / "checkpoint_final.pth")
    return folder
