"""A bundle with weights set by hand: lesions are hot on PET, and of the second class where they are dense on CT."""

import torch

from uptake.inference.model_store import (
    Bundle,
    InputChannel,
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

NAME = "hot_and_dense"
SENTENCE = f"{NAME} 1.0.0, trained on digital patients only"
SETTINGS = {
    "in_channels": 2,
    "classes": 4,
    "features": (2, 2),
    "strides": ((1, 1, 1), (2, 2, 2)),
    "convolutions": (1, 1),
    "decoder_convolutions": (1,),
    "kernels": ((1, 1, 1), (1, 1, 1)),
    # So large that the instance norm only takes the patch's mean away, and its own scale undoes the division.
    "norm_eps": 1e6,
}
HOT_SUV = 4.0  # above the patch's mean
DENSE_HU = 300.0


def lesion_network():
    network = build_network(NetworkSpecification("lesion_unet", SETTINGS))
    with torch.no_grad():
        for each in network.parameters():
            each.zero_()
        encoder, decoder = network.encoder[0][0], network.decoder[0][0]
        for channel in (0, 1):
            encoder.convolution.weight[channel, channel] = 1.0
            decoder.convolution.weight[channel, 2 + channel] = 1.0  # the skip comes after what was upsampled
        for layer in (encoder, decoder):
            layer.norm.weight.fill_(1e3)
        head = network.heads[0]
        # Background, primary tumour, lymph node metastasis, bone: the last is no lesion and needs no uptake.
        head.weight[1:3, 0, 0, 0, 0] = 4.0
        head.weight[2:4, 1, 0, 0, 0] = 0.5
        head.bias[1] = -4 * HOT_SUV
        head.bias[2] = -4 * HOT_SUV - 0.5 * DENSE_HU / 100
        head.bias[3] = -100.0
    return network


def save_lesion_bundle(models, **changes):
    fields = {
        "name": NAME,
        "version": "1.0.0",
        "task": "Lesions for tests",
        "description": "Weights set by hand.",
        "authors": "Uptake",
        "copyright": "Uptake",
        "inputs": (
            InputChannel("PET", "PT", "g/ml", Normalisation("none")),
            InputChannel("CT", "CT", "HU", Normalisation("fixed", (-150.0, 1000.0), 0.0, 100.0)),
        ),
        "preprocessing": Preprocessing((6.0, 6.0, 6.0), Resampling(1), Resampling(1)),
        "tiling": Tiling((16, 32, 32), 0.5),
        "classes": tuple(
            label_class(value, name)
            for value, name in enumerate(("background", "primary_tumour", "lymph_node_metastasis", "bone"))
        ),
        "network": NetworkSpecification("lesion_unet", SETTINGS),
        "training": TrainingData("Two digital spheres.", True, 1),
    }
    texts = Texts("Apache-2.0\n", "# Set by hand\n\nDigital patients only.\n")
    folds = changes.pop("folds", (0,))
    networks = changes.pop("networks", None) or {fold: lesion_network() for fold in folds}
    weights = {fold: network.state_dict() for fold, network in networks.items()}
    return save_bundle(Bundle(**(fields | changes)), weights, texts, models)
