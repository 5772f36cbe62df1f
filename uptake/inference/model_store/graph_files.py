"""A bundle's quantised graphs on disk: read after their hash, and put there whole or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from uptake.errors import OutputFailed
from uptake.inference.model_store.bundle import Bundle
from uptake.inference.model_store.bundle_files import (
    METADATA,
    file_inside,
    require_graph_path,
    require_recorded_hash,
    require_recorded_size,
    unreadable,
)
from uptake.inference.model_store.graphs import KINDS, Agreement, ExportedGraph, GraphFile
from uptake.inference.model_store.metadata_document import bundle_of, document_of
from uptake.inference.model_store.saving import metadata_text, write_durably
from uptake.whole_file import put_whole


@dataclass(frozen=True, slots=True, eq=False)
class NewGraph:
    """A graph to be put into a bundle: its fold, the content of each of its files, and its agreement with float32."""

    fold: int
    contents: tuple[bytes, ...]
    agreement: Agreement


def graphs_of(bundle: Bundle, engine: str, precision: str) -> Mapping[int, ExportedGraph]:
    """Find the bundle's graphs of one kind, by fold."""
    return {each.fold: each for each in bundle.graphs if (each.engine, each.precision) == (engine, precision)}


def read_graph(bundle: Bundle, graph: ExportedGraph) -> tuple[bytes, ...]:
    """Read a graph's files; size and hash are checked on the very bytes that are returned.

    Raises
    ------
    BundleRefused
        If a file is missing or not the recorded one.
    """
    return tuple(_read(bundle, file) for file in graph.files)


def check_graphs(bundle: Bundle) -> None:
    """Hold the files of all graphs against their size and hash; BundleRefused at the first that is wrong."""
    for graph in bundle.graphs:
        read_graph(bundle, graph)


def add_graphs(bundle: Bundle, engine: str, precision: str, graphs: Sequence[NewGraph]) -> Bundle:
    """Put graphs of one kind into a bundle in place of those it has; the bundle is as before until the last step.

    Parameters
    ----------
    bundle
        As ``load_bundle`` gave it.
    engine, precision
        One of ``graphs.KINDS``.
    graphs
        One per fold.

    Returns
    -------
    Bundle
        With the graphs, as ``load_bundle`` reads it.

    Raises
    ------
    ValueError
        If the graphs do not fit the bundle.
    OutputFailed
        If they cannot be written; the bundle is left as it was.
    """
    hashes = {each.fold: each.sha256 for each in bundle.weights}
    new: dict[str, bytes] = {}
    listed = [each for each in bundle.graphs if (each.engine, each.precision) != (engine, precision)]
    for graph in graphs:
        if graph.fold not in hashes:
            raise ValueError(f"there are no weights for fold {graph.fold}")
        endings = KINDS.get((engine, precision), ())
        stem = f"models/fold_{graph.fold}.{precision}-{_digest(b''.join(graph.contents))[:12]}"
        named = {stem + end: content for end, content in zip(endings, graph.contents, strict=True)}
        files = tuple(GraphFile(path, _digest(content), len(content)) for path, content in named.items())
        listed.append(ExportedGraph(engine, precision, graph.fold, hashes[graph.fold], files, graph.agreement))
        new |= named
    changed = replace(bundle, graphs=tuple(listed))
    text = metadata_text(document_of(changed))
    saved = bundle_of(json.loads(text), bundle.folder)  # what cannot be read back is not written
    _replace(bundle.folder, new, text)
    # Only now are the old graphs' files in nobody's way; a name holds the content's hash, so new ones stay apart.
    for path in {file.path for each in bundle.graphs for file in each.files} - _paths(saved):
        (bundle.folder / path).unlink(missing_ok=True)
    return saved


def _replace(folder: Path, new: Mapping[str, bytes], metadata: str) -> None:
    """Write new files, then the metadata by one rename; after a failure none of the new ones is left."""
    written: list[Path] = []
    try:
        for path, content in new.items():
            if (folder / path).exists() and (folder / path).read_bytes() == content:
                continue  # the same graph again: a half-written copy must not take its place
            written.append(folder / path)
            write_durably(folder / path, content)
        with put_whole(folder / METADATA) as partial:
            write_durably(partial, metadata.encode())
    except OSError as error:
        for each in written:
            each.unlink(missing_ok=True)
        reason = f"The graphs cannot be written into the model bundle {folder.name} ({error.strerror})."
        raise OutputFailed(f"{reason} Free some space or check the permissions; the bundle is as it was.") from error


def _paths(bundle: Bundle) -> set[str]:
    return {file.path for each in bundle.graphs for file in each.files}


def _read(bundle: Bundle, file: GraphFile) -> bytes:
    require_graph_path(bundle.name, file.path)
    path = file_inside(bundle.folder, file.path)
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size == file.size_bytes else b""
    except OSError as error:
        raise unreadable(bundle.name, file.path, error) from error
    require_recorded_size(bundle.name, file.path, size, file.size_bytes)
    require_recorded_hash(bundle.name, file.path, _digest(content), file.sha256)
    return content


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
