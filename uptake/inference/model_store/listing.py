"""What is in a folder of bundles, and whether each can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from uptake.errors import BundleRefused
from uptake.inference.model_store.bundle import Bundle
from uptake.inference.model_store.bundle_files import holds_only_recipes
from uptake.inference.model_store.graph_files import check_graphs, graphs_of
from uptake.inference.model_store.loading import build_for, load_bundle, load_weights
from uptake.inference.model_store.refusal import MEND, refused
from uptake.inference.model_store.weights_files import check_hash

if TYPE_CHECKING:
    from torch import nn

    from uptake.inference.model_store.loading import NetworkFactory


@dataclass(frozen=True, slots=True)
class ListedBundle:
    """One line of the list.

    Parameters
    ----------
    folder
        The bundle's folder name.
    state
        ``hash ok``, or ``refused``.
    problem
        Why it is refused, or empty.
    version, network, classes, folds, parameters, flops_per_patch, digital_patients_only
        As the bundle says; empty where it cannot be read. ``classes`` without the background.
    int8_dice
        The worst class's Dice of INT8 on OpenVINO against float32, where every fold has such a graph.
    """

    folder: str
    state: str
    problem: str = ""
    version: str = ""
    network: str = ""
    classes: tuple[str, ...] = ()
    folds: tuple[int, ...] = ()
    parameters: int = 0
    flops_per_patch: int = 0
    digital_patients_only: bool | None = None
    int8_dice: float | None = None


def list_bundles(models: Path) -> tuple[ListedBundle, ...]:
    """List every bundle of a folder by name, with the hashes of its weights checked; no network is built.

    Raises
    ------
    BundleRefused
        If there is no such folder.
    """
    return tuple(_listed(folder) for folder in bundle_folders(models))


def bundle_folders(models: Path) -> tuple[Path, ...]:
    """Find the folders that are or should be bundles, by name; errors as ``list_bundles``.

    All but hidden ones, and those that hold nothing but recipes.
    """
    try:
        entries = sorted(models.iterdir())
    except OSError as error:
        reason = f"the folder of models cannot be read ({error.strerror})."
        raise refused(models.name, reason, "Name the folder that holds the model bundles.") from error
    folders = (each for each in entries if each.is_dir() and not each.name.startswith("."))
    return tuple(each for each in folders if not holds_only_recipes(each))


def verify(folder: Path, build: NetworkFactory) -> Bundle:
    """Hold all of a bundle against what it says: metadata, hashes, patch, every fold's tensors against the network.

    Parameters
    ----------
    folder
        The bundle's folder.
    build
        As in ``load_weights``.

    Raises
    ------
    BundleRefused
        At the first thing that is wrong.
    """
    bundle = load_bundle(folder)
    check_graphs(bundle)
    network = build_for(bundle, build)
    _require_operations(bundle, network)
    for fold in bundle.folds:
        count = sum(tensor.numel() for tensor in load_weights(bundle, fold, lambda _: network).values())
        if count != bundle.network.parameters:
            reason = f"fold {fold} has {count} parameters, {bundle.network.parameters} are recorded."
            raise refused(bundle.name, reason, MEND)
    return bundle


def _require_operations(bundle: Bundle, network: nn.Module) -> None:
    from uptake.networks.size import flops

    try:
        counted = flops(network, (1, len(bundle.inputs), *bundle.tiling.patch))
    except (ValueError, RuntimeError) as error:
        reason = f"the network {bundle.network.name} does not take the bundle's patch and channels: {error}."
        raise refused(bundle.name, reason, MEND) from error
    recorded = bundle.network.flops_per_patch
    if recorded and recorded != counted:
        raise refused(bundle.name, f"a patch takes {counted} operations, {recorded} are recorded.", MEND)


def listed(bundle: Bundle, problem: str = "") -> ListedBundle:
    """Build the line of a bundle that could be loaded; ``problem`` says why its weights are refused."""
    return ListedBundle(
        bundle.folder.name,
        "refused" if problem else "hash ok",
        problem,
        bundle.version,
        bundle.network.name,
        tuple(each.name for each in bundle.classes[1:]),
        bundle.folds,
        bundle.network.parameters,
        bundle.network.flops_per_patch,
        bundle.training.digital_patients_only,
        int8_dice(bundle),
    )


def int8_dice(bundle: Bundle) -> float | None:
    """Find the worst class's Dice of INT8 on OpenVINO against float32; None where a fold has no such graph."""
    graphs = graphs_of(bundle, "openvino", "int8")
    if not bundle.folds or set(graphs) != set(bundle.folds):
        return None
    return min(each.agreement.least_dice for each in graphs.values())


def _listed(folder: Path) -> ListedBundle:
    try:
        bundle = load_bundle(folder)
    except BundleRefused as error:
        return ListedBundle(folder.name, "refused", str(error))
    try:
        for file in bundle.weights:
            check_hash(bundle, file)
        check_graphs(bundle)
    except BundleRefused as error:
        return listed(bundle, str(error))
    return listed(bundle)
