"""Model bundles in MONAI's layout: metadata, safetensors with recorded hashes, licence and model card.

::

    models/<bundle>/
    ├── LICENSE
    ├── configs/metadata.json         MONAI's keys, and under "uptake" what this package reads
    ├── docs/README.md                model card
    ├── models/fold_0.safetensors     one per fold; never a pickle
    └── models/fold_0.int8-….{xml,bin}   where the bundle was quantised

Nothing here imports torch before weights are read or written.
"""

from uptake.inference.model_store.building import build_network
from uptake.inference.model_store.bundle import Bundle, Metric, NetworkSpecification, TrainingData, WeightsFile
from uptake.inference.model_store.field_of_view import FieldOfView
from uptake.inference.model_store.graph_files import NewGraph, add_graphs, graphs_of, read_graph
from uptake.inference.model_store.graphs import LEAST_DICE, Agreement, ClassDice, ExportedGraph, GraphFile
from uptake.inference.model_store.input_channels import InputChannel, Normalisation
from uptake.inference.model_store.label_classes import LabelClass, label_class
from uptake.inference.model_store.listing import ListedBundle, list_bundles, verify
from uptake.inference.model_store.loading import load_bundle, load_network, load_weights
from uptake.inference.model_store.sampling import Preprocessing, Resampling, Tiling
from uptake.inference.model_store.saving import Texts, save_bundle
from uptake.inference.tiling import NNUNET_FWHM

__all__ = [
    "LEAST_DICE",
    "NNUNET_FWHM",
    "Agreement",
    "Bundle",
    "ClassDice",
    "ExportedGraph",
    "FieldOfView",
    "GraphFile",
    "InputChannel",
    "LabelClass",
    "ListedBundle",
    "Metric",
    "NetworkSpecification",
    "NewGraph",
    "Normalisation",
    "Preprocessing",
    "Resampling",
    "Texts",
    "Tiling",
    "TrainingData",
    "WeightsFile",
    "add_graphs",
    "build_network",
    "graphs_of",
    "label_class",
    "list_bundles",
    "load_bundle",
    "load_network",
    "load_weights",
    "read_graph",
    "save_bundle",
    "verify",
]
