"""A short real nnU-Net v2 training on digital patients, whose checkpoint tests import.

``python -m benchmarks.studies.nnunet_training OUT`` makes what exams are missing in ``build/studies``, lets nnU-Net
plan, preprocess and train there, and writes the trained folder, a held-out exam, and what nnU-Net's own predictor says
of it to OUT. It needs ``make nnunet-env`` and some fifteen minutes of two cores.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch

from benchmarks.studies import _nnunet_dataset as dataset
from benchmarks.studies import _nnunet_record as record
from benchmarks.studies._nnunet_patients import DigitalExam, digital_exam

CACHE = Path(__file__).parents[2] / "build" / "studies"
WORK = CACHE / "nnunet"
TRAINING_SEEDS = tuple(range(100_000, 100_008))
VALIDATION_SEEDS = (100_008,)
# From the cohorts that are never trained on, and on another scanner's voxels than the plans'.
HELD_OUT_SEED = 900_000_000
SPACING_MM = (4.0, 4.0, 4.0)
HELD_OUT_SPACING_MM = (3.27, 5.47, 5.47)
# A thread more gains little in layers this small, and loses where others use the processor.
THREADS = 1
SEED = 20
# 200 steps in all. Five epochs, because nnU-Net lowers its rate once an epoch.
EPOCHS, STEPS_PER_EPOCH, VALIDATION_STEPS = 5, 40, 2
RATE = 3e-3


def main(arguments: Sequence[str]) -> int:
    """Train and record; exit 64 if no folder is named."""
    if len(arguments) != 1:
        print("usage: python -m benchmarks.studies.nnunet_training OUT", file=sys.stderr)
        return 64
    training = [digital_exam(CACHE, seed, SPACING_MM) for seed in TRAINING_SEEDS]
    validation = [digital_exam(CACHE, seed, SPACING_MM) for seed in VALIDATION_SEEDS]
    held_out = digital_exam(CACHE, HELD_OUT_SEED, HELD_OUT_SPACING_MM)
    shutil.rmtree(WORK, ignore_errors=True)
    prepare(WORK, training, validation)
    trained, seconds = train(WORK)
    record.write(Path(arguments[0]), trained, held_out, record.Made(WORK, seconds, EPOCHS * STEPS_PER_EPOCH, SEED))
    return 0


def prepare(work: Path, training: Sequence[DigitalExam], validation: Sequence[DigitalExam]) -> None:
    """Write the exams as nnU-Net's data set, plan, and preprocess."""
    dataset.use_folder(work)
    dataset.write_dataset(work, [*training, *validation])
    dataset.plan_and_preprocess(work, [exam.name for exam in training], [exam.name for exam in validation])


def train(work: Path) -> tuple[Path, float]:
    """The folder that nnU-Net trained, as its predictor wants it, and the seconds that the steps took."""
    dataset.use_folder(work)
    os.environ.update(nnUNet_n_proc_DA="0")
    torch.set_num_threads(THREADS)
    _seed()
    trainer = _trainer()
    start = perf_counter()
    trainer.run_training()
    return Path(trainer.output_folder_base), perf_counter() - start


def _trainer() -> Any:
    """nnU-Net's own trainer with fewer steps: a class of another name would be missing where the folder is used."""
    from nnunetv2.run.run_training import get_trainer_from_args
    from nnunetv2.training.lr_scheduler.polylr import PolyLRScheduler

    trainer = get_trainer_from_args(
        str(dataset.DATASET_ID), dataset.CONFIGURATION, 0, plans_identifier=dataset.PLANS, device=torch.device("cpu")
    )
    trainer.num_epochs = EPOCHS
    trainer.num_iterations_per_epoch = STEPS_PER_EPOCH
    trainer.num_val_iterations_per_epoch = VALIDATION_STEPS

    def optimizers() -> tuple[torch.optim.Optimizer, Any]:
        # Its own momentum of 0.99 takes longer than the whole training to come to speed.
        adam = torch.optim.AdamW(trainer.network.parameters(), RATE, weight_decay=trainer.weight_decay)
        return adam, PolyLRScheduler(adam, RATE, EPOCHS)

    trainer.configure_optimizers = optimizers
    return trainer


def _seed() -> None:
    # nnU-Net draws from all three.
    random.seed(SEED)
    np.random.seed(SEED)
    torch.manual_seed(SEED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
