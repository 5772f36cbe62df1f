"""Loading a bundle: its metadata first, then, fold by fold, its weights."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uptake import __version__
from uptake.inference.model_store.bundle import Bundle, NetworkSpecification, WeightsFile, version_parts
from uptake.inference.model_store.bundle_files import (
    METADATA,
    REQUIRED,
    file_inside,
    require_graph_path,
    require_weights_path,
)
from uptake.inference.model_store.metadata_document import FORMAT, bundle_of
from uptake.inference.model_store.refusal import MEND, refused
from uptake.inference.model_store.weights_files import read_tensors

if TYPE_CHECKING:
    from torch import Tensor, nn

    NetworkFactory = Callable[[NetworkSpecification], nn.Module]

_METADATA_LIMIT_BYTES = 4 * 1024 * 1024
_UPDATE = "Update Uptake, or use an earlier version of the bundle."


def load_bundle(folder: Path) -> Bundle:
    """Read what a bundle says of itself; the weights stay where they are, unread.

    Parameters
    ----------
    folder
        The bundle's folder.

    Raises
    ------
    BundleRefused
        If a file is missing or leaves the folder, the metadata are damaged or made by a later Uptake, a class is
        unknown, counts contradict each other, or the weights are not named as safetensors.
    """
    if not folder.is_dir():
        raise refused(folder.name, "there is no such folder.", "See uptake models list.")
    document = _read_metadata(folder)
    _require_known_version(folder.name, document)
    _require_safe_weights(folder.name, document)
    try:
        bundle = bundle_of(document, folder)
    except (ValueError, RecursionError) as error:
        raise refused(folder.name, f"{METADATA}: {error}.", MEND) from error
    graph_files = [file.path for graph in bundle.graphs for file in graph.files]
    for path in graph_files:
        require_graph_path(folder.name, path)
    for path in (*REQUIRED, *(each.path for each in bundle.weights), *graph_files):
        file_inside(folder, path)
    return bundle


def load_weights(bundle: Bundle, fold: int, build: NetworkFactory) -> dict[str, Tensor]:
    """Read one fold's weights, checked before they are parsed and held against the network.

    Parameters
    ----------
    bundle
        As ``load_bundle`` gave it.
    fold
        One of ``bundle.folds``.
    build
        Makes the network from the bundle's specification; ``building.build_network`` knows all of this package.

    Returns
    -------
    dict
        Tensors by the names of the network's state dictionary, on the CPU.

    Raises
    ------
    BundleRefused
        If the fold is not there, the file is missing, a pickle, not the recorded one or not safetensors, the network
        cannot be built, names, shapes or types of tensors differ from the network's, or a value is not finite.
    """
    return _checked_weights(bundle, fold, build_for(bundle, build))


def load_network(bundle: Bundle, fold: int, build: NetworkFactory) -> nn.Module:
    """Build the network with one fold's weights, in evaluation mode; parameters and errors as ``load_weights``."""
    network = build_for(bundle, build)
    network.load_state_dict(_checked_weights(bundle, fold, network), strict=True)
    return network.eval()


def build_for(bundle: Bundle, build: NetworkFactory) -> nn.Module:
    """Build the bundle's network; BundleRefused where its settings do not allow it."""
    try:
        return build(bundle.network)
    except (ValueError, TypeError) as error:
        reason = f"the network {bundle.network.name} cannot be built from its settings: {error}."
        raise refused(bundle.name, reason, MEND) from error


def _checked_weights(bundle: Bundle, fold: int, network: nn.Module) -> dict[str, Tensor]:
    file = _file_of(bundle, fold)
    tensors = read_tensors(bundle, file)
    _require_fit(bundle, file, tensors, network.state_dict())
    return tensors


def _file_of(bundle: Bundle, fold: int) -> WeightsFile:
    for each in bundle.weights:
        if each.fold == fold:
            return each
    there = ", ".join(map(str, bundle.folds)) or "none"
    raise refused(bundle.name, f"there are no weights for fold {fold}.", f"Choose among the folds it has: {there}.")


def _require_fit(bundle: Bundle, file: WeightsFile, found: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    import torch

    faults = [f"{name} is missing" for name in sorted(wanted.keys() - found.keys())]
    faults += [f"{name} is not the network's" for name in sorted(found.keys() - wanted.keys())]
    for name in sorted(wanted.keys() & found.keys()):
        if found[name].shape != wanted[name].shape:
            faults.append(f"{name} is {_shape(found[name])}, the network needs {_shape(wanted[name])}")
        elif found[name].dtype != wanted[name].dtype:
            faults.append(f"{name} is {found[name].dtype}, the network needs {wanted[name].dtype}")
        elif not torch.isfinite(found[name]).all():
            faults.append(f"{name} holds values that are not finite")
    if faults:
        more = f", and {len(faults) - 3} more" if len(faults) > 3 else ""
        reason = f"{file.path} does not fit the network {bundle.network.name}: {'; '.join(faults[:3])}{more}."
        raise refused(bundle.name, reason, "Use the weights that belong to these settings.")


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a single number"


def _read_metadata(folder: Path) -> dict[str, Any]:
    path = file_inside(folder, METADATA)
    try:
        if path.stat().st_size > _METADATA_LIMIT_BYTES:
            raise refused(folder.name, f"{METADATA} is larger than {_METADATA_LIMIT_BYTES} bytes.")
        document = json.loads(
            path.read_text(encoding="utf-8"), parse_constant=_no_constant, object_pairs_hook=_unrepeated
        )
    except OSError as error:
        raise refused(folder.name, f"{METADATA} cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise refused(folder.name, f"{METADATA} is not JSON ({error}).") from error
    if not isinstance(document, dict) or not isinstance(document.get("uptake"), dict):
        reason = f'{METADATA} has no "uptake" object, so it is not a bundle of Uptake.'
        raise refused(folder.name, reason, "Other MONAI bundles cannot be run; import nnU-Net models instead.")
    return document


def _require_known_version(name: str, document: dict[str, Any]) -> None:
    own = document["uptake"]
    number = own.get("format")
    if isinstance(number, int) and number > FORMAT:
        raise refused(name, f"its format is {number}, this Uptake ({__version__}) knows up to {FORMAT}.", _UPDATE)
    needed = own.get("needs_uptake")
    try:
        later = isinstance(needed, str) and version_parts(needed) > version_parts(__version__)
    except ValueError as error:
        raise refused(name, f"{METADATA}: {error}.", MEND) from error
    if later:
        raise refused(name, f"it needs Uptake {needed}, this is {__version__}.", _UPDATE)


def _require_safe_weights(name: str, document: dict[str, Any]) -> None:
    # Before the schema, so that a pickle or a path that leaves the bundle is called by its name.
    entries = document["uptake"].get("weights")
    for entry in entries if isinstance(entries, list) else ():
        path = entry.get("path") if isinstance(entry, dict) else None
        if isinstance(path, str):
            require_weights_path(name, path)


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not a JSON number")


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice in one object")
    return found
