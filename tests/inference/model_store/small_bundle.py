"""A tiny bundle of a real network, for the tests of the model store."""

import torch

from uptake.inference.model_store import (
    Bundle,
    InputChannel,
    Metric,
    NetworkSpecification,
    Normalisation,
    Preprocessing,
    Resampling,
    Texts,
    Tiling,
    TrainingData,
    build_network,
    label_class,
    save_bundle,
)

SETTINGS = {
    "in_channels": 2,
    "classes": 3,
    "features": (4, 6),
    "strides": ((1, 1, 1), (2, 2, 2)),
    "convolutions": (1, 1),
    "decoder_convolutions": (1,),
    "kernels": ((3, 3, 3), (3, 3, 3)),
}
TEXTS = Texts("Apache-2.0\n", "# A tiny network\n\nDigital patients only.\n")


def small_bundle(**changes):
    torch.set_num_threads(1)
    fields = {
        "name": "head_neck_tiny",
        "version": "1.2.3",
        "task": "Primary tumour and lymph node metastases in head-and-neck FDG PET/CT",
        "description": "A network for tests.",
        "authors": "Uptake",
        "copyright": "Uptake",
        "inputs": (
            InputChannel("PET", "PT", "g/ml", Normalisation("min-max")),
            InputChannel("CT", "CT", "HU", Normalisation("fixed", (-150.0, 150.0), 10.0, 50.0)),
        ),
        "preprocessing": Preprocessing((2.5, 2.5, 2.5), Resampling(3, 0, None)),
        "tiling": Tiling((8, 16, 16), (0.75, 0.0, 0.0)),
        "classes": (
            label_class(0, "background"),
            label_class(1, "primary_tumour"),
            label_class(2, "lymph_node_metastasis"),
        ),
        "network": NetworkSpecification("lesion_unet", SETTINGS),
        "training": TrainingData("40 digital patients of uptake phantom cohort.", True, 40),
        "metrics": (Metric("dice", 0.8125, "8 held-out digital patients", "primary_tumour"),),
        "references": ("Nikulin P et al., Eur J Nucl Med Mol Imaging 2023",),
    }
    return Bundle(**(fields | changes))


def small_network(seed=0, **changes):
    torch.manual_seed(seed)
    network = build_network(NetworkSpecification("lesion_unet", SETTINGS | changes))
    with torch.no_grad():
        for each in network.parameters():
            each.copy_(torch.randn(each.shape, generator=torch.Generator().manual_seed(seed)))
    return network


def save_small(models, folds=(0, 1), bundle=None):
    weights = {fold: small_network(fold).state_dict() for fold in folds}
    return save_bundle(bundle or small_bundle(), weights, TEXTS, models)
