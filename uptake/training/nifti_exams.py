"""Training exams from NIfTI files, whose PET is in SUV (g/ml) and whose CT is in Hounsfield units."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from uptake.errors import InputRefused, UnreadableFile
from uptake.geometry import ImageGeometry
from uptake.registration.resampling import from_sitk
from uptake.training.exams import LoadedExam, TrainingExam, file_identity, merged, patient_key, require_grid
from uptake.training.recipe import TrainingRecipe
from uptake.volume import CtVolume, SuvVolume

_DIMENSIONS = 3
_KINDS = {"pt": "PT", "pet": "PT", "suv": "PT", "ct": "CT"}


def nifti_folders(folder: Path, recipe: TrainingRecipe) -> list[TrainingExam]:
    """``PATIENT/PT.nii.gz``, ``CT.nii.gz`` and ``labels.nii.gz``, or the same in ``PATIENT/EXAM``."""
    found = []
    for pet in sorted([*folder.glob("*/PT.nii*"), *folder.glob("*/*/PT.nii*")]):
        inside = pet.parent.relative_to(folder)
        name = "_".join(inside.parts)
        files = {"PT": pet} | {role: _only(pet.parent, stem) for role, stem in (("CT", "CT"), ("labels", "labels"))}
        found.append(_exam(name, inside.parts[0], {k: p for k, p in files.items() if p}, recipe))
    return found


def nnunet_raw(folder: Path, recipe: TrainingRecipe) -> list[TrainingExam]:
    """nnU-Net's raw layout; ``dataset.json`` says which channel is which.

    A case is a patient, unless ``patients.json`` in the folder gives each case its patient: ``{"case": "patient"}``.
    """
    channels = _channel_kinds(folder)
    patients = _json(folder / "patients.json") if (folder / "patients.json").exists() else {}
    found = []
    for labels in sorted((folder / "labelsTr").glob("*.nii*")):
        case = labels.name.split(".nii")[0]
        files = {kind: _only(folder / "imagesTr", f"{case}_{number:04d}") for number, kind in channels.items()}
        there = {role: path for role, path in files.items() if path}
        found.append(_exam(case, str(patients.get(case, case)), there | {"labels": labels}, recipe))
    return found


def _channel_kinds(folder: Path) -> dict[int, str]:
    names = _json(folder / "dataset.json").get("channel_names", {})
    found = {int(number): _KINDS.get(str(name).lower(), "") for number, name in names.items()}
    if "PT" not in found.values():
        raise InputRefused(
            "dataset.json names no channel PET.", remedy='Give "channel_names" such as {"0": "CT", "1": "PET"}.'
        )
    return {number: kind for number, kind in found.items() if kind}


def _exam(name: str, patient: str, files: dict[str, Path], recipe: TrainingRecipe) -> TrainingExam:
    for role in ("PT", "labels", *(each.kind for each in recipe.inputs)):
        if role not in files:
            what = f"{role}.nii.gz" if role != "labels" else "truth (labels.nii.gz)"
            raise InputRefused(f"exam {name} has no {what}.", remedy="Add the file, or leave the exam out.")
    load = partial(_load, name, files, recipe)
    return TrainingExam(name, patient_key(patient), file_identity(files), digital=False, load=load)


def _load(name: str, files: dict[str, Path], recipe: TrainingRecipe) -> LoadedExam:
    pet = SuvVolume(*_volume(name, files["PT"]))
    channels: dict[str, SuvVolume | CtVolume] = {"PT": pet}
    if "CT" in files:
        channels["CT"] = CtVolume(*_volume(name, files["CT"]))
    labels, own = _volume(name, files["labels"])
    require_grid(name, own, pet.geometry)
    masks = [[labels == value for value in each.truth.values] for each in recipe.classes[1:]]
    known = {0, *(value for each in recipe.classes for value in each.truth.values)}
    left = sorted({round(float(value)) for value in np.unique(labels)} - known)
    warnings = (f"exam {name}: labels {left} are of no class and count as background",) if left else ()
    return LoadedExam(channels, merged(masks, pet.geometry.shape), warnings)


def _volume(name: str, path: Path) -> tuple[NDArray[np.float32], ImageGeometry]:
    try:
        image: Any = SimpleITK.ReadImage(str(path), SimpleITK.sitkFloat32)
        if image.GetDimension() != _DIMENSIONS:
            raise ValueError("not three-dimensional")
        array, geometry = from_sitk(image)
    except (RuntimeError, ValueError) as error:
        raise UnreadableFile(
            f"{path.name} of exam {name} cannot be read as a volume.", remedy="Write it again as NIfTI."
        ) from error
    return array, geometry


def _only(folder: Path, stem: str) -> Path | None:
    return next((path for path in (folder / f"{stem}.nii.gz", folder / f"{stem}.nii") if path.exists()), None)


def _json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableFile(f"{path.name} cannot be read as JSON.", remedy="Mend it or add it.") from error
    if not isinstance(document, dict):
        raise UnreadableFile(f"{path.name} holds no object.", remedy="Mend it.")
    return document
