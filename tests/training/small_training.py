"""A small training: patients as NIfTI with two hot spheres each, and a recipe that learns to find them."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import SimpleITK

from uptake.geometry import ImageGeometry
from uptake.registration.resampling import to_sitk
from uptake.training.recipe import recipe_of

GRID = ImageGeometry((20, 24, 24), (5.0, 5.0, 5.0), (-60.0, -60.0, -50.0))
RECIPE = {
    "schema": "uptake.recipe/1",
    "bundle": "small_test",
    "about": {
        "version": "1.0.0",
        "task": "Spheres",
        "description": "A test.",
        "authors": "Nobody",
        "copyright": "None",
        "choices": ["Everything."],
    },
    "inputs": [
        {"name": "pet", "kind": "PT", "normalisation": {"kind": "min-max"}},
        {"name": "ct", "kind": "CT", "normalisation": {"kind": "fixed", "clip": [-150, 150], "mean": -150, "sd": 300}},
    ],
    "preprocessing": {"spacing_mm": [5.0, 5.0, 5.0]},
    "tiling": {"patch": [8, 16, 16], "overlap": [0.75, 0.5, 0.5]},
    "classes": [
        {"name": "background"},
        {"name": "primary_tumour", "truth": {"values": [1], "kinds": ["primary"]}},
        {"name": "lymph_node_metastasis", "truth": {"values": [2], "kinds": ["node"], "names": ["L0*"]}},
    ],
    "network": {
        "name": "res_unet_attention",
        "settings": {
            "features": [4, 8],
            "strides": [[1, 1, 1], [2, 2, 2]],
            "blocks": [0, 1],
            "decoder_blocks": [1],
            "heads": 2,
        },
    },
    "fitting": {
        "optimiser": {"name": "adamw", "rate": 0.01},
        "epochs": 4,
        "batch": 2,
        "patches_per_epoch": 4,
        "foreground": 0.7,
        "averaging": 0.9,
    },
    "augmentation": {"mirror": 0.5, "move": 0.5, "turn_deg": 10, "scale": 0.1, "brightness": 0.1, "gamma": 0.1},
    "splits": {"folds": 2, "validation": 0.34},
}


def small_recipe(**fitting):
    recipe = recipe_of(json.dumps(RECIPE), "test")
    return replace(recipe, fitting=replace(recipe.fitting, **fitting))


def write_patients(folder: Path, count: int) -> None:
    for number in range(count):
        write_patient(folder / f"patient-{number}", seed=number)


def write_patient(folder: Path, *, seed: int, labels_grid: ImageGeometry = GRID) -> None:
    random = np.random.default_rng(seed)
    z, y, x = np.indices(GRID.shape)
    body = ((y - 11.5) / 10) ** 2 + ((x - 11.5) / 8) ** 2 < 1
    suv = np.where(body, 1.0, 0.0) + 0.1 * body * random.random(GRID.shape)
    labels = np.zeros(GRID.shape, np.uint8)
    for value, column, level in ((1, 8, 12.0), (2, 16, 7.0)):
        centre = random.integers((6, 9, column - 1), (14, 14, column + 2))
        sphere = (z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2 < 9
        suv[sphere], labels[sphere] = level, value
    hu = np.where(body, 40.0, -1000.0)
    folder.mkdir(parents=True)
    for name, array, grid in (("PT", suv, GRID), ("CT", hu, GRID), ("labels", labels, labels_grid)):
        array = array.astype(np.uint8 if name == "labels" else np.float32)
        SimpleITK.WriteImage(to_sitk(array, grid), str(folder / f"{name}.nii.gz"))
