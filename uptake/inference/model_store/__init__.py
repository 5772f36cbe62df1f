"""Model bundles in MONAI's layout: metadata, safetensors with recorded hashes, licence and model card.

::

    models/<bundle>/
    ├── LICENSE
    ├── configs/metadata.json         MONAI's keys, and under "uptake" what this package reads
    ├── docs/README.md                model card
    └── models/fold_0.safetensors     one per fold; never a pickle

Nothing here imports torch before weights are read or written.
"""

from uptake.inference.model_store.building import build_network
from uptake.inference.model_store.bundle import Bundle, Metric, NetworkSpecification, TrainingData, WeightsFile
from uptake.inference.model_store.input_channels import InputChannel, Normalisation
from uptake.inference.model_store.label_classes import Code, LabelClass, label_class
from uptake.inference.model_store.listing import ListedBundle, list_bundles, verify
from uptake.inference.model_store.loading import load_bundle, load_network, load_weights
from uptake.inference.model_store.sampling import NNUNET_FWHM, Preprocessing, Resampling, Tiling
from uptake.inference.model_store.saving import Texts, save_bundle

__all__ = [
    "NNUNET_FWHM",
    "Bundle",
    "Code",
    "InputChannel",
    "LabelClass",
    "ListedBundle",
    "Metric",
    "NetworkSpecification",
    "Normalisation",
    "Preprocessing",
    "Resampling",
    "Texts",
    "Tiling",
    "TrainingData",
    "WeightsFile",
    "build_network",
    "label_class",
    "list_bundles",
    "load_bundle",
    "load_network",
    "load_weights",
    "save_bundle",
    "verify",
]
