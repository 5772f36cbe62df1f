"""From a trained nnU-Net v2 folder to a bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from uptake.inference.model_store import Bundle, LabelClass, NetworkSpecification, Texts, TrainingData, save_bundle
from uptake.inference.nnunet_import.architecture import network_settings
from uptake.inference.nnunet_import.channels import input_channels
from uptake.inference.nnunet_import.checkpoints import Checkpoint, read_checkpoint
from uptake.inference.nnunet_import.configuration import (
    axis_order,
    configuration_name,
    configuration_of,
    preprocessing,
    tiling,
)
from uptake.inference.nnunet_import.labels import label_classes, label_names
from uptake.inference.nnunet_import.model_card import model_card
from uptake.inference.nnunet_import.network_weights import network_weights
from uptake.inference.nnunet_import.options import ImportOptions
from uptake.inference.nnunet_import.origin import Origin
from uptake.inference.nnunet_import.refusal import COPY_AGAIN, refused, words
from uptake.inference.nnunet_import.trained_folder import TrainedFolder, read_folder
from uptake.inference.nnunet_import.validation_scores import validation_scores
from uptake.networks.catalogue import outline, plain_settings
from uptake.networks.lesion_unet import LesionUnetSettings
from uptake.networks.size import flops

_REFERENCE = "Isensee F et al., Nature Methods 2021, doi:10.1038/s41592-020-01008-z"


def import_nnunet(folder: Path, models: Path, options: ImportOptions) -> Bundle:
    """Turn a trained nnU-Net v2 model into a bundle.

    Parameters
    ----------
    folder
        ``nnUNetTrainer__nnUNetPlans__3d_fullres`` or so, with plans.json, dataset.json and fold_N/checkpoint_final.pth.
        Paths that these files hold are not followed.
    models
        The folder of all bundles.
    options
        What the folder does not say.

    Returns
    -------
    Bundle
        As saved.

    Raises
    ------
    BundleRefused
        If a file is missing, damaged or holds pickled code, or the model does anything that Uptake would do otherwise;
        nothing is written then.
    OutputNotEmpty, OutputFailed
        As ``save_bundle``.
    """
    trained = read_folder(folder, options)
    checkpoints = {fold: read_checkpoint(path) for fold, path in trained.checkpoints.items()}
    first = _alike(checkpoints)
    name = configuration_name(trained.name, first.configuration, options.configuration)
    configuration = configuration_of(trained.plans, name)
    order = axis_order(trained.plans)
    channels = input_channels(trained.plans, trained.dataset, configuration, options.channels)
    classes = label_classes(trained.dataset, options.classes)
    network = network_settings(configuration, len(channels), len(classes))
    origin = _origin(trained, first, name, network)
    try:
        bundle = Bundle(
            **_said(options, origin, classes),
            inputs=channels,
            preprocessing=preprocessing(trained.plans, configuration, options.orientation),
            tiling=tiling(trained.plans, configuration, first.mirror_axes),
            classes=classes,
            network=NetworkSpecification("lesion_unet", plain_settings(order.settings(network))),
            metrics=validation_scores(trained, classes),
        )
        bundle = _counted(bundle, order.settings(network))
    except (ValueError, TypeError) as error:
        raise refused(f"it makes no bundle: {error}.") from error
    weights = {
        fold: network_weights(each.weights, network, order, trained.checkpoints[fold].parent.name)
        for fold, each in checkpoints.items()
    }
    return save_bundle(bundle, weights, Texts(options.licence, model_card(bundle, origin)), models)


def _said(options: ImportOptions, origin: Origin, classes: Sequence[LabelClass]) -> dict[str, Any]:
    """What a bundle says in words."""
    named = ", ".join(each.name.replace("_", " ") for each in classes[1:])
    exams = f"{origin.exams} exams" if origin.exams else "an unknown number of exams"
    kind = " (digital patients)" if options.digital_patients_only else ""
    trained = f"Trained with nnU-Net v2 ({origin.trainer}) on {exams}{kind} of {origin.dataset}, {origin.folds}."
    return {
        "name": options.name,
        "version": options.version,
        "task": f"Segmentation of {named} in PET/CT",
        "description": f"Imported from nnU-Net v2: {origin.dataset}, {origin.configuration}, {origin.network}.",
        "authors": options.authors,
        "copyright": options.copyright,
        "references": (_REFERENCE, *options.references),
        "training": TrainingData(trained, options.digital_patients_only, origin.exams),
    }


def _counted(bundle: Bundle, network: LesionUnetSettings) -> Bundle:
    """The bundle with the operations that a patch takes; ValueError where the network does not take its patch."""
    operations = flops(outline(network), (1, len(bundle.inputs), *bundle.tiling.patch))
    return replace(bundle, network=replace(bundle.network, flops_per_patch=operations))


def _alike(checkpoints: Mapping[int, Checkpoint]) -> Checkpoint:
    """The first checkpoint, when all folds were trained in the same way."""
    first_fold, first = next(iter(checkpoints.items()))
    for fold, each in checkpoints.items():
        for what in ("configuration", "trainer", "mirror_axes"):
            one, other = getattr(first, what), getattr(each, what)
            if one != other:
                raise refused(
                    f"folds {first_fold} and {fold} differ: {what} {words(one)} and {words(other)}.",
                    "Import the folds of one training alone, by --fold.",
                )
        if any(first.weights[key].shape != each.weights[key].shape for key in first.weights.keys() & each.weights):
            raise refused(f"folds {first_fold} and {fold} have networks of different sizes.", COPY_AGAIN)
    return first


def _origin(trained: TrainedFolder, first: Checkpoint, configuration: str, network: LesionUnetSettings) -> Origin:
    exams = trained.dataset.get("numTraining")
    folds = [path.parent.name.replace("_", " ") for path in trained.checkpoints.values()]
    return Origin(
        dataset=words(trained.plans.get("dataset_name", trained.dataset.get("name", "unknown"))),
        trainer=first.trainer,
        configuration=words(configuration),
        network="ResidualEncoderUNet" if network.residual else "PlainConvUNet",
        folds=", ".join(folds),
        checkpoint=next(iter(trained.checkpoints.values())).name,
        labels=label_names(trained.dataset),
        exams=exams if isinstance(exams, int) and exams > 0 else 0,
        axes_kept=axis_order(trained.plans).forward == (0, 1, 2),
    )
