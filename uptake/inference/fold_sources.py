"""One fold of a bundle for the engines, with what this host has kept of it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from uptake.inference.engines.host import description
from uptake.inference.engines.record import Record, cache_folder, key_of, read_record
from uptake.inference.engines.source import QuantisedGraph, Shape, Source
from uptake.inference.engines.table import ENGINES
from uptake.inference.model_store import Bundle, build_network, graphs_of, load_network, read_graph

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class FoldSource:
    """A fold's network, and the record that lies beside its graph; None where there is none to go by."""

    source: Source
    record: Record | None


def writable_folder(cache: Path | None, say: Say, stack: ExitStack) -> Path:
    """Find where records are kept; where that cannot be written, which is said, a folder as long-lived as ``stack``.

    Parameters
    ----------
    cache
        The cache; ``record.cache_folder()`` if None.
    say, stack
        See above.
    """
    folder = (cache_folder() if cache is None else cache) / "engines"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        say(f"The choice of engine cannot be kept in {folder} ({error.strerror}), so it is made anew each time.")
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="uptake-engine-")))
    return folder


def fold_source(bundle: Bundle, fold: int, folder: Path, say: Say, *, anew: bool = False) -> FoldSource:
    """Open one fold.

    Parameters
    ----------
    bundle, fold
        Which; the fold must be there.
    folder
        Of ``writable_folder``.
    say
        Told in one line of a record that is damaged.
    anew
        Leave the record aside.
    """
    shape = Shape(len(bundle.inputs), len(bundle.classes), bundle.tiling.patch)
    own = folder / _key(bundle, fold)
    own.mkdir(exist_ok=True)
    record = None
    if not anew:
        try:
            record = read_record(own, shape)
        except (OSError, ValueError) as error:
            say(f"The kept choice of engine is damaged ({error}); choosing again.")
    source = Source(
        lambda: load_network(bundle, fold, build_network),
        shape,
        own,
        quantised=_quantised(bundle, fold),
        exported=record is not None and record.exported,
    )
    return FoldSource(source, record)


def slot_of(bundle: Bundle, fold: int, name: str) -> str:
    """What trials are kept under: what was asked for, and which graph where that is not made from the weights."""
    graph = graphs_of(bundle, "openvino", "int8").get(fold)
    if graph is None or name not in ENGINES or not ENGINES[name].quantised:
        return name
    return " ".join((name, *(file.sha256[:16] for file in graph.files)))


def _key(bundle: Bundle, fold: int) -> str:
    weights = next(each.sha256 for each in bundle.weights if each.fold == fold)
    network = [bundle.network.name, dict(bundle.network.settings)]
    return key_of({"weights": weights, "network": network, "patch": bundle.tiling.patch} | description())


def _quantised(bundle: Bundle, fold: int) -> QuantisedGraph | None:
    graph = graphs_of(bundle, "openvino", "int8").get(fold)
    if graph is None:
        return None
    agreement = graph.agreement
    return QuantisedGraph(
        lambda: cast(tuple[bytes, bytes], read_graph(bundle, graph)),
        agreement.same_class,
        agreement.error,
        agreement.least_dice,
    )
