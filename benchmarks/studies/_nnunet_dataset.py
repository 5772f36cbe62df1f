"""Digital exams as an nnU-Net v2 dataset: NIfTI files, nnU-Net's own plans, and the small plans made from them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from benchmarks.studies._nnunet_patients import DigitalExam
from uptake.registration.resampling import to_sitk

DATASET_ID = 711
DATASET = f"Dataset{DATASET_ID}_DigitalFDG"
CONFIGURATION = "3d_fullres"
PLANS = "nnUNetPlansSmall"
PATCH = 64
BATCH = 2
FEATURES = (8, 16, 32, 32)
CONVOLUTIONS = (1, 1, 2, 2)
_ENDING = ".nii.gz"
_CHANNELS = ("PET", "CT")
_OWN_PLANS = "nnUNetPlans"


def use_folder(work: Path) -> None:
    """Tell nnU-Net, in this process and those it starts, where its files lie; to be called before it is imported."""
    for name in ("raw", "preprocessed", "results"):
        folder = work / name
        folder.mkdir(parents=True, exist_ok=True)
        os.environ[f"nnUNet_{name}"] = str(folder)
    # Its planner needs a thread for its workers; its trainer is told 0, which keeps augmentation in this process.
    os.environ.update(nnUNet_compile="f", nnUNet_n_proc_DA="1", nnUNet_def_n_proc="2", nnUNet_wandb_enabled="0")


def write_dataset(work: Path, exams: Sequence[DigitalExam]) -> None:
    """Write ``raw/DATASET``: PET (SUV) and CT (HU) of each exam on the PET's grid, lesions as label 1."""
    folder = work / "raw" / DATASET
    for part in ("imagesTr", "labelsTr"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for exam in exams:
        write_images(folder / "imagesTr", exam)
        _write(folder / "labelsTr" / f"{exam.name}{_ENDING}", exam.lesions, exam)
    document = {
        "name": DATASET,
        "description": "Digital FDG PET/CT exams of people who do not exist",
        "channel_names": {str(index): name for index, name in enumerate(_CHANNELS)},
        "labels": {"background": 0, "lesion": 1},
        "numTraining": len(exams),
        "file_ending": _ENDING,
        "overwrite_image_reader_writer": "SimpleITKIO",
    }
    _save(folder / "dataset.json", document)


def write_images(folder: Path, exam: DigitalExam) -> list[Path]:
    """Write ``NAME_0000.nii.gz`` (PET) and ``NAME_0001.nii.gz`` (CT), directions identity."""
    paths = [folder / f"{exam.name}_{index:04d}{_ENDING}" for index in range(len(_CHANNELS))]
    for path, array in zip(paths, (exam.suv, exam.hu), strict=True):
        _write(path, array, exam)
    return paths


def plan_and_preprocess(work: Path, training: Sequence[str], validation: Sequence[str]) -> None:
    """Fingerprint and plans by nnU-Net, the plans cut down, the exams preprocessed, and one fold of named exams."""
    from nnunetv2.experiment_planning.plan_and_preprocess_api import (
        extract_fingerprints,
        plan_experiments,
        preprocess_dataset,
    )

    extract_fingerprints([DATASET_ID], num_processes=1, check_dataset_integrity=True)
    plan_experiments([DATASET_ID])
    folder = work / "preprocessed" / DATASET
    plans = json.loads((folder / f"{_OWN_PLANS}.json").read_text())
    _save(folder / f"{PLANS}.json", small_plans(plans))
    preprocess_dataset(DATASET_ID, PLANS, (CONFIGURATION,), num_processes=(1,))
    _save(folder / "splits_final.json", [{"train": list(training), "val": list(validation)}])


def small_plans(plans: dict[str, Any]) -> dict[str, Any]:
    """nnU-Net's plans with one configuration alone, a smaller network, and a smaller patch and batch.

    Everything else stays as nnU-Net planned it: spacing, normalisation, resampling and the kind of network.
    """
    full = dict(plans["configurations"][CONFIGURATION])
    stages = len(FEATURES)
    architecture = dict(full["architecture"])
    architecture["arch_kwargs"] = {
        **architecture["arch_kwargs"],
        "n_stages": stages,
        "features_per_stage": list(FEATURES),
        "kernel_sizes": [[3, 3, 3]] * stages,
        "strides": [[1, 1, 1]] + [[2, 2, 2]] * (stages - 1),
        "n_conv_per_stage": list(CONVOLUTIONS),
        "n_conv_per_stage_decoder": [1] * (stages - 1),
    }
    full.update(architecture=architecture, patch_size=[PATCH] * 3, batch_size=BATCH)
    full["data_identifier"] = f"{PLANS}_{CONFIGURATION}"
    return {**plans, "plans_name": PLANS, "configurations": {CONFIGURATION: full}}


def _write(path: Path, array: NDArray[np.float32] | NDArray[np.uint8], exam: DigitalExam) -> None:
    SimpleITK.WriteImage(to_sitk(array, exam.geometry), str(path), True)


def _save(path: Path, document: Any) -> None:
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
