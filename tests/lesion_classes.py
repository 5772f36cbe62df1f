"""Classes of lesions and weights for tests of what carries them."""

from uptake.inference.model_store import label_class
from uptake.network_lesions import lesion_class
from uptake.network_weights import FoldWeights, NetworkWeights

PRIMARY, NODE = (lesion_class(label_class(1, name)) for name in ("primary_tumour", "lymph_node_metastasis"))
WEIGHTS = NetworkWeights(
    bundle="head_neck_mtv",
    version="1.2.3",
    folds=(FoldWeights(0, "0a" * 32), FoldWeights(3, "3b" * 32)),
    digital_patients_only=True,
    trained_on="40 digital patients.",
    engine="openvino",
    engine_why="Engine openvino: 0.1 s per patch; the fastest here.",
)
SENTENCE = "head_neck_mtv 1.2.3, trained on digital patients only"
