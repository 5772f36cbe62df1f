"""The page beside a recorded nnU-Net training."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from benchmarks.studies._nnunet_dataset import BATCH, FEATURES, PATCH


def readme(document: dict[str, Any], checkpoint: Path) -> str:
    """Say how the folder was made and what it is good for, from the figures of ``record.json``."""
    training, held_out, whole = document["training"], document["held_out"], document["whole_held_out"]
    versions = ", ".join(f"{name} {number}" for name, number in document["versions"].items())
    digest = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    return f"""# A small trained nnU-Net v2 folder

For tests of the import alone. **It was trained for {training["steps"]} steps, on digital patients only**: people who do
not exist. It is no evidence of how anything does on people, and no use on them.

Made by `python -m benchmarks.studies.nnunet_training tests/inference/nnunet_model` (after `make nnunet-env`): nnU-Net's
own fingerprint, planner, preprocessing and trainer, on the processor, with the plans cut down to features
{", ".join(map(str, FEATURES))}, a {PATCH}-voxel patch and batches of {BATCH} ({document["parameters"]:,} parameters),
and AdamW in place of SGD, whose momentum would not come to speed in so few steps.
Eight FDG patients (system `response`, seeds from 100000) trained it; the held-out one (seed 900000000) belongs to the
cohorts that are never trained on, and its PET has other voxels than the plans.

| | Dice | lesions found | found beside |
|---|---|---|---|
| held-out patient, whole | {whole["dice"]} | {whole["lesions_found"]} of {whole["lesions"]} | {whole["found_beside"]} |
| the part in `held_out.npz` | {held_out["dice"]} | {held_out["lesions_found"]} of {held_out["lesions"]} | \
{held_out["found_beside"]} |

- `dataset.json`, `plans.json`, `fold_0/checkpoint_final.pth`: as nnU-Net wrote them, the optimiser's state included.
  SHA-256 of the checkpoint: `{digest}`.
- `held_out.npz`: `suv` (uint16, times `suv_step`, g/ml), `hu` (int16), `lesions` and `spacing_mm`, arrays `(z, y, x)`.
- `expected.npz`: what nnU-Net's own predictor makes of it (fold 0, nothing mirrored, tiles half apart, Gaussian
  weights, processor): `labels` on the PET's grid through its whole path, and on the network's grid of `network_shape`
  the `preprocessed` channels and `logits` at `voxels`; tiles were added in float16, as nnU-Net does.
  `first_tile_logits` at `first_tile_voxels` are the network's alone, in float32, on the tile at the grid's corner.
- `record.json`: these figures, versions and the SHA-256 of every file.

Made with {versions}.
Another run gives other weights where the processor or a version differs.
"""
