"""Where an imported model is from, in plain words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """What nnU-Net's files say, made safe to print.

    Parameters
    ----------
    dataset, trainer, configuration, network
        Names.
    folds, checkpoint
        Such as ``fold 0, fold 1``, and the name of the file of each.
    labels
        Of dataset.json, by value.
    exams
        Number trained on; 0 where it is not said.
    axes_kept
        Whether the plans' axes are z, y, x already.
    """

    dataset: str
    trainer: str
    configuration: str
    network: str
    folds: str
    checkpoint: str
    labels: tuple[str, ...]
    exams: int
    axes_kept: bool
