"""A bundle as ``configs/metadata.json`` and back: MONAI's keys for everyone, ``uptake`` for this package."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from uptake.inference.model_store.bundle import Bundle, Metric, NetworkSpecification, TrainingData, WeightsFile
from uptake.inference.model_store.field_of_view import FieldOfView
from uptake.inference.model_store.graphs import Agreement, ClassDice, ExportedGraph, GraphFile
from uptake.inference.model_store.input_channels import InputChannel, Normalisation
from uptake.inference.model_store.label_classes import LabelClass, label_class
from uptake.inference.model_store.sampling import Preprocessing, Resampling, Tiling
from uptake.notice import RESEARCH_USE

FORMAT = 1
_SCHEMA_FILE = "bundle-1.schema.json"
_MONAI = "1.6.1"  # the specification that these keys follow, where MONAI itself is not installed
_OWN = ("inputs", "preprocessing", "tiling", "classes", "network", "training", "metrics", "weights", "graphs")


def document_of(bundle: Bundle) -> dict[str, Any]:
    """Build the JSON document of a bundle; MONAI's keys as its bundle specification lists them."""
    whole = asdict(bundle)
    own = {"format": FORMAT, "needs_uptake": bundle.needs_uptake, "name": bundle.name}
    return {
        "version": bundle.version,
        "monai_version": _installed("monai", _MONAI),
        "pytorch_version": _installed("torch", "2.13.0"),
        "numpy_version": _installed("numpy", "2.2.0"),
        "required_packages_version": {"safetensors": _installed("safetensors", "0.8.0")},
        "task": bundle.task,
        "description": bundle.description,
        "authors": bundle.authors,
        "copyright": bundle.copyright,
        "intended_use": RESEARCH_USE,
        "references": list(bundle.references),
        "network_data_format": _network_data_format(bundle),
        "uptake": own | {key: whole[key] for key in _OWN},
    }


def bundle_of(document: dict[str, Any], folder: Path) -> Bundle:
    """Build a bundle from its JSON document.

    Raises
    ------
    ValueError
        If the document does not fit the schema, or a value is impossible; the text says where.
    """
    fault = best_match(_validator().iter_errors(document))
    if fault is not None:
        raise ValueError(f"at {fault.json_path}: {_short(fault.message)}")
    own = document["uptake"]
    bundle = Bundle(
        name=own["name"],
        version=document["version"],
        task=document["task"],
        description=document["description"],
        authors=document["authors"],
        copyright=document["copyright"],
        inputs=tuple(_input(each) for each in own["inputs"]),
        preprocessing=_preprocessing(own["preprocessing"]),
        tiling=Tiling(**{key: _tuple(value) for key, value in own["tiling"].items()}),
        classes=tuple(_class(each) for each in own["classes"]),
        network=NetworkSpecification(**own["network"]),
        training=TrainingData(**own["training"]),
        metrics=tuple(Metric(**each) for each in own["metrics"]),
        references=tuple(document["references"]),
        needs_uptake=own["needs_uptake"],
        folder=folder,
        weights=tuple(WeightsFile(**each) for each in own["weights"]),
        graphs=tuple(_graph(each) for each in own["graphs"]),
    )
    _require_agreement(bundle, document["network_data_format"])
    return bundle


def _network_data_format(bundle: Bundle) -> dict[str, Any]:
    tensor = {
        "type": "image",
        "spatial_shape": list(bundle.tiling.patch),
        "dtype": "float32",
        "value_range": [],
        "is_patch_data": True,
    }
    channels = {str(i): f"{each.name} ({each.kind}, {each.unit})" for i, each in enumerate(bundle.inputs)}
    classes = {str(each.value): each.name for each in bundle.classes}
    image = {"format": "magnitude", "modality": "PET/CT", "num_channels": len(channels), "channel_def": channels}
    labels = {"format": "labels", "num_channels": len(classes), "channel_def": classes}
    return {"inputs": {"image": tensor | image}, "outputs": {"pred": tensor | labels}}


def _require_agreement(bundle: Bundle, format_: dict[str, Any]) -> None:
    counts = (
        ("input channels", format_["inputs"]["image"]["num_channels"], len(bundle.inputs)),
        ("classes", format_["outputs"]["pred"]["num_channels"], len(bundle.classes)),
    )
    for what, said, listed in counts:
        if said != listed:
            raise ValueError(f"network_data_format says {said} {what}, but {listed} are listed under uptake")


def _input(each: dict[str, Any]) -> InputChannel:
    normalisation = {key: _tuple(value) for key, value in each["normalisation"].items()}
    return InputChannel(**(each | {"normalisation": Normalisation(**normalisation)}))


def _preprocessing(part: dict[str, Any]) -> Preprocessing:
    image, probabilities = Resampling(**part["image"]), Resampling(**part["probabilities"])
    rest = {key: part[key] for key in ("grid", "crop", "normalised", "orientation")}
    crop_mm = part["field_of_view"]["centre_crop_mm"]
    field = FieldOfView(part["field_of_view"]["axial"], _tuple(crop_mm))
    return Preprocessing(_tuple(part["spacing_mm"]), image, probabilities, **rest, field_of_view=field)


def _class(each: dict[str, Any]) -> LabelClass:
    known = label_class(each["value"], each["name"])
    if asdict(known) != each:
        raise ValueError(f"class {each['name']!r} has other codes or another role than this Uptake knows it by")
    return known


def _graph(each: dict[str, Any]) -> ExportedGraph:
    agreement = each["agreement"]
    dice = tuple(ClassDice(**one) for one in agreement["dice"])
    files = tuple(GraphFile(**one) for one in each["files"])
    return ExportedGraph(**(each | {"files": files, "agreement": Agreement(**(agreement | {"dice": dice}))}))


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _installed(package: str, fallback: str) -> str:
    try:
        return version(package).split("+")[0]
    except PackageNotFoundError:
        return fallback


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}…"


@cache
def _validator() -> Draft202012Validator:
    schema = json.loads(files(__package__).joinpath(_SCHEMA_FILE).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)
