"""What the repository keeps of a training: the trained folder, a held-out exam, and what nnU-Net says of it."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.studies import _nnunet_dataset as dataset
from benchmarks.studies._nnunet_patients import Box, DigitalExam, load_exam
from benchmarks.studies._nnunet_readme import readme

# Voxels (z, y, x) of the recorded part: as wide as the scanner's field of view, 288 mm of the body's length.
PART_SHAPE = (88, 72, 100)
SAMPLES = 400
_CHECKPOINT = "fold_0/checkpoint_final.pth"
_PACKAGES = ("nnunetv2", "dynamic_network_architectures", "torch", "numpy")


@dataclass(frozen=True, slots=True)
class Made:
    """How the folder was trained: where, for how long, and from which seed."""

    work: Path
    seconds: float
    steps: int
    seed: int


def write(out: Path, trained: Path, held_out: DigitalExam, made: Made) -> None:
    """Record a trained folder and what nnU-Net's own predictor gives with it.

    ``dataset.json``, ``plans.json`` and ``fold_0`` are as nnU-Net wrote them; ``held_out.npz`` is what
    ``DigitalExam.save`` writes; ``expected.npz`` what ``_expected`` says; ``record.json`` the figures and hashes.
    """
    (out / "fold_0").mkdir(parents=True, exist_ok=True)
    for name in ("dataset.json", "plans.json", _CHECKPOINT):
        shutil.copyfile(trained / name, out / name)
    held_out.part(fullest_box(held_out.lesions)).save(out / "held_out.npz")
    part = load_exam(out / "held_out.npz")
    predictor = nnunet_predictor(out)
    whole = labels_of(predictor, held_out, made.work / "whole")
    expected = _expected(predictor, part, made.work / "part")
    np.savez_compressed(out / "expected.npz", allow_pickle=False, **expected)
    document = {
        "patients": "digital",
        "training": {"steps": made.steps, "seed": made.seed, "seconds": round(made.seconds, 1)},
        "versions": {name: version(name) for name in _PACKAGES},
        "parameters": sum(each.numel() for each in predictor.network.parameters()),
        "checkpoint_globals": sorted(torch.serialization.get_unsafe_globals_in_checkpoint(out / _CHECKPOINT)),
        "whole_held_out": scores(whole, held_out.lesions),
        "held_out": scores(expected["labels"], part.lesions),
    }
    (out / "README.md").write_text(readme(document, out / _CHECKPOINT), encoding="utf-8")
    document["sha256"] = {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name != "record.json"
    }
    (out / "record.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def nnunet_predictor(folder: Path) -> Any:
    """nnU-Net's own predictor of a trained folder: fold 0, on the processor, tiles half apart, nothing mirrored."""
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    predictor = nnUNetPredictor(
        tile_step_size=0.5, use_gaussian=True, use_mirroring=False, device=torch.device("cpu"), allow_tqdm=False
    )
    predictor.initialize_from_trained_model_folder(str(folder), use_folds=(0,))
    return predictor


def labels_of(predictor: Any, exam: DigitalExam, folder: Path) -> NDArray[np.uint8]:
    """The labels ``(z, y, x)`` that nnU-Net exports for an exam, from files to file."""
    import SimpleITK

    (folder / "labels").mkdir(parents=True, exist_ok=True)
    images = [str(path) for path in dataset.write_images(folder, exam)]
    stem = folder / "labels" / exam.name
    predictor.predict_from_files_sequential([images], [str(stem)])
    labels: NDArray[np.uint8] = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(f"{stem}.nii.gz")).astype(np.uint8)
    return labels


def fullest_box(lesions: NDArray[np.uint8]) -> Box:
    """The box of ``PART_SHAPE`` with the most lesion in it; the middle one of several."""
    shape = tuple(min(want, had) for want, had in zip(PART_SHAPE, lesions.shape, strict=True))
    cumulated = np.pad(lesions.astype(np.int64), ((1, 0),) * 3).cumsum(0).cumsum(1).cumsum(2)
    for axis, size in enumerate(shape):
        cumulated = np.take(cumulated, range(size, cumulated.shape[axis]), axis) - np.take(
            cumulated, range(cumulated.shape[axis] - size), axis
        )
    best = np.argwhere(cumulated == cumulated.max())
    z, y, x = best[len(best) // 2].tolist()
    return slice(z, z + shape[0]), slice(y, y + shape[1]), slice(x, x + shape[2])


def scores(found: NDArray[np.uint8], truth: NDArray[np.uint8]) -> dict[str, float | int]:
    """Dice of the lesion voxels, how many connected lesions were touched, and how many were found beside them."""
    lesions, count = ndimage.label(truth, np.ones((3, 3, 3)))
    spots, spot_count = ndimage.label(found, np.ones((3, 3, 3)))
    both = int(np.count_nonzero(found & truth))
    return {
        "dice": round(2 * both / max(1, int(found.sum(dtype=np.int64) + truth.sum(dtype=np.int64))), 3),
        "lesions": int(count),
        "lesions_found": len(np.unique(lesions[found > 0])) - int(np.any((found > 0) & (lesions == 0))),
        "found_beside": int(spot_count) - (len(np.unique(spots[truth > 0])) - int(np.any((truth > 0) & (spots == 0)))),
    }


def _expected(predictor: Any, exam: DigitalExam, folder: Path) -> dict[str, NDArray[Any]]:
    """What nnU-Net makes of an exam.

    ``labels``: uint8 on the PET's grid, through its whole path. ``network_shape``: of the preprocessed exam.
    ``voxels`` ``(n, 3)`` of the network's grid, half of them where lesion is likeliest, with the float32
    ``preprocessed`` ``(channels, n)`` and ``logits`` ``(classes, n)`` there; nnU-Net adds its tiles in float16.
    ``first_tile_voxels`` and ``first_tile_logits``: likewise of the network alone, in float32, on the tile at the
    corner of the preprocessed exam.
    """
    labels = labels_of(predictor, exam, folder)
    preprocessor = predictor.configuration_manager.preprocessor_class(verbose=False)
    images = [str(path) for path in dataset.write_images(folder, exam)]
    data, _, _ = preprocessor.run_case(
        images, None, predictor.plans_manager, predictor.configuration_manager, predictor.dataset_json
    )
    logits = predictor.predict_logits_from_preprocessed_data(torch.from_numpy(data)).float().numpy()
    voxels = _samples(logits)
    corner = np.ascontiguousarray(data[:, : dataset.PATCH, : dataset.PATCH, : dataset.PATCH])
    with torch.inference_mode():
        tile = predictor.network.eval()(torch.from_numpy(corner)[None])[0].numpy()
    tile_voxels = _samples(tile)
    return {
        "labels": labels,
        "network_shape": np.array(data.shape[1:]),
        "voxels": voxels,
        "preprocessed": data[(slice(None), *voxels.T)].astype(np.float32),
        "logits": logits[(slice(None), *voxels.T)].astype(np.float32),
        "first_tile_voxels": tile_voxels,
        "first_tile_logits": tile[(slice(None), *tile_voxels.T)],
    }


def _samples(logits: NDArray[np.float32]) -> NDArray[np.int64]:
    shape = logits.shape[1:]
    likeliest = np.argsort(logits[1] - logits[0], axis=None)[-10 * SAMPLES :]
    random = np.random.default_rng(0)
    flat = np.concatenate(
        [random.choice(likeliest, SAMPLES // 2, False), random.choice(int(np.prod(shape)), SAMPLES // 2, False)]
    )
    return np.stack(np.unravel_index(np.unique(flat), shape), axis=1)
