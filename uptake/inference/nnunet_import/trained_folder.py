"""The files of a trained nnU-Net v2 model: plans, data set and checkpoints, found and read as plain data."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uptake.inference.nnunet_import.options import ImportOptions
from uptake.inference.nnunet_import.refusal import COPY_AGAIN, refused, words

_JSON_LIMIT_BYTES = 64 * 1024 * 1024
_FOLD = re.compile(r"fold_(0|[1-9]\d{0,3})")
_FOLD_ALL = "fold_all"


@dataclass(frozen=True, slots=True)
class TrainedFolder:
    """A model as nnU-Net leaves it.

    Parameters
    ----------
    name
        The folder's, ``trainer__plans__configuration``.
    plans, dataset
        ``plans.json`` and ``dataset.json``.
    checkpoints
        File by fold; the only fold of a model trained on all exams (``fold_all``) is 0.
    """

    name: str
    plans: Mapping[str, Any]
    dataset: Mapping[str, Any]
    checkpoints: Mapping[int, Path]

    @property
    def trained_on_all(self) -> bool:
        """Whether there is no cross-validation, because the network saw every exam."""
        return any(path.parent.name == _FOLD_ALL for path in self.checkpoints.values())


def read_folder(folder: Path, options: ImportOptions) -> TrainedFolder:
    """Find the files of a trained model, and read those that are JSON.

    Raises
    ------
    BundleRefused
        If a file or fold is missing or damaged; it is named.
    """
    if not folder.is_dir():
        raise refused(f"there is no folder {words(folder.name)}.", "Give the folder that holds plans.json.")
    plans, dataset = (read_json(folder / name) for name in ("plans.json", "dataset.json"))
    return TrainedFolder(folder.resolve().name, plans, dataset, _checkpoints(folder, options))


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object; BundleRefused where the file is missing, too large, damaged or something else."""
    try:
        if path.stat().st_size > _JSON_LIMIT_BYTES:
            raise refused(f"{path.name} is too large to be nnU-Net's.", COPY_AGAIN)
        content = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        remedy = "Give the folder nnUNetTrainer__nnUNetPlans__3d_fullres (or so) with all its files."
        raise refused(f"{path.name} is missing.", remedy) from error
    except OSError as error:
        raise refused(f"{path.name} cannot be read ({error.strerror}).", COPY_AGAIN) from error
    except (ValueError, RecursionError) as error:
        raise refused(f"{path.name} is not JSON.", COPY_AGAIN) from error
    if not isinstance(content, dict):
        raise refused(f"{path.name} is not an object of JSON.", COPY_AGAIN)
    return content


def _checkpoints(folder: Path, options: ImportOptions) -> dict[int, Path]:
    """The checkpoint of each fold, ascending."""
    file = f"checkpoint_{options.checkpoint}.pth"
    there = {int(found[1]): path for path in folder.iterdir() if (found := _FOLD.fullmatch(path.name))}
    if not there and (folder / _FOLD_ALL).is_dir():
        there = {0: folder / _FOLD_ALL}
    trained = {fold: path / file for fold, path in sorted(there.items()) if (path / file).is_file()}
    wanted = list(trained) if options.folds is None else sorted(options.folds)
    missing = [fold for fold in wanted if fold not in trained]
    if not wanted or missing:
        what = f"fold_{missing[0]}/{file}" if missing else f"fold_N/{file}"
        other = "best" if options.checkpoint == "final" else "final"
        has_other = any((path / f"checkpoint_{other}.pth").is_file() for path in there.values())
        remedy = f"There is a checkpoint_{other}.pth: choose it by --checkpoint {other}." if has_other else COPY_AGAIN
        if missing and trained:
            remedy = f"Choose among the folds that have it: {', '.join(map(str, trained))}."
        raise refused(f"{what} is missing.", remedy)
    return {fold: trained[fold] for fold in wanted}
