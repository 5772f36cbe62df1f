"""Saving a bundle: it appears whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uptake.errors import OutputFailed, OutputNotEmpty
from uptake.inference.model_store.bundle import Bundle, WeightsFile
from uptake.inference.model_store.bundle_files import CARD, LICENCE, METADATA, holds_only_recipes
from uptake.inference.model_store.metadata_document import bundle_of, document_of

if TYPE_CHECKING:
    from torch import Tensor

    Weights = Mapping[int, Mapping[str, Tensor]]


@dataclass(frozen=True, slots=True)
class Texts:
    """The words beside the weights: LICENSE and the model card (docs/README.md, Markdown)."""

    licence: str
    card: str

    def __post_init__(self) -> None:
        if not self.licence.strip() or not self.card.strip():
            raise ValueError("a bundle needs a licence and a model card")


def save_bundle(bundle: Bundle, weights: Weights, texts: Texts, models: Path) -> Bundle:
    """Write a bundle to the folder ``models / bundle.name``, which must not be there yet, but for recipes to train it.

    Parameters
    ----------
    bundle
        What it is; ``weights``, ``folder`` and ``network.parameters`` are filled in, and it has no graphs yet.
    weights
        Tensors by name for each fold. The same tensors give the same bytes.
    texts
        Licence and model card.
    models
        The folder of all bundles; made if absent.

    Returns
    -------
    Bundle
        As ``load_bundle`` reads it back.

    Raises
    ------
    ValueError
        If there are no weights, or the folds differ in names, shapes or types.
    OutputNotEmpty
        If a bundle of that name is there already.
    OutputFailed
        If it cannot be written; nothing is left behind.
    """
    _require_alike(weights)
    target = models / bundle.name
    recipes = target.is_dir() and not target.is_symlink() and holds_only_recipes(target)
    if (target.exists() or target.is_symlink()) and not recipes:
        raise OutputNotEmpty(
            f"there is a model bundle {bundle.name} already.", remedy="Give another name, or move it away."
        )
    partial, replaced = (models / f".{bundle.name}.{kind}-{os.getpid()}" for kind in ("partial", "replaced"))
    try:
        models.mkdir(parents=True, exist_ok=True)
        partial.mkdir()
        files = tuple(_write_weights(partial, fold, weights[fold]) for fold in sorted(weights))
        size = sum(tensor.numel() for tensor in next(iter(weights.values())).values())
        network = replace(bundle.network, parameters=size)
        document = document_of(replace(bundle, weights=files, graphs=(), network=network))
        text = metadata_text(document)
        saved = bundle_of(json.loads(text), target)  # what cannot be read back is not written
        for path, content in ((METADATA, text), (LICENCE, texts.licence), (CARD, texts.card)):
            write_durably(partial / path, content.rstrip("\n").encode() + b"\n")
        if recipes:
            shutil.copytree(target / "configs", partial / "configs", dirs_exist_ok=True)
            target.rename(replaced)
        partial.rename(target)
    except OSError as error:
        raise OutputFailed(
            f"The model bundle cannot be written ({error.strerror}). Free some space or check the permissions."
        ) from error
    finally:
        if replaced.exists() and not target.exists():
            replaced.rename(target)
        for each in (partial, replaced):
            shutil.rmtree(each, ignore_errors=True)
    return saved


def _write_weights(folder: Path, fold: int, tensors: Mapping[str, Tensor]) -> WeightsFile:
    import safetensors.torch

    # Clones: tensors that share memory cannot be stored, and one that is a view would take its whole base along.
    own = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    content = safetensors.torch.save(own, metadata={"format": "pt"})
    path = f"models/fold_{fold}.safetensors"
    write_durably(folder / path, content)
    return WeightsFile(path, hashlib.sha256(content).hexdigest(), len(content), fold)


def metadata_text(document: Mapping[str, Any]) -> str:
    """Write the metadata's JSON as it lies in a bundle."""
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def write_durably(path: Path, content: bytes) -> None:
    """Write a file, and its folder if need be, on to the disk itself."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())  # a rename that outlives its content would be a bundle with a wrong hash


def _require_alike(weights: Weights) -> None:
    kinds = [{name: (each.shape, each.dtype) for name, each in fold.items()} for fold in weights.values()]
    if not kinds or not kinds[0]:
        raise ValueError("a bundle needs the weights of at least one fold")
    if any(kind != kinds[0] for kind in kinds):
        raise ValueError("the folds' weights differ in names, shapes or types")
