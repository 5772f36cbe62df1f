"""What a choice of engine left on this host: the trials, the exported graph, and torch's answer to the example.

::

    <cache>/engines/<key>/
    ├── record.json      trials, fastest first, and the SHA-256 of the other two
    ├── reference.npy    torch's logits of the example, at seeded voxels
    └── network.onnx     where an engine needed it

A record is a convenience: damaged, it is made again; where it cannot be written, one goes without.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch

from uptake.inference.engines.parity import Reference, Trial, kept_places
from uptake.inference.engines.source import Shape
from uptake.inference.model_store.weights_files import sha256_of
from uptake.whole_file import put_whole

_FORMAT = 1
_RECORD, _REFERENCE, GRAPH = "record.json", "reference.npy", "network.onnx"


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """Trials by what was asked for ("auto" or an engine), fastest first; the reference; whether the graph is there."""

    trials: Mapping[str, tuple[Trial, ...]]
    reference: Reference
    exported: bool


def cache_folder() -> Path:
    """``$UPTAKE_CACHE``, else ``$XDG_CACHE_HOME/uptake``, else ``~/.cache/uptake``; it need not be there."""
    own = os.environ.get("UPTAKE_CACHE", "")
    if own:
        return Path(own)
    shared = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(shared) if shared else Path.home() / ".cache") / "uptake"


def key_of(parts: Mapping[str, Any]) -> str:
    """SHA-256 of plain values by name."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def read_record(folder: Path, shape: Shape) -> Record | None:
    """Read what is there; None where nothing is.

    Raises
    ------
    ValueError
        If it is damaged.
    OSError
        If it cannot be read.
    """
    try:
        document = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    try:
        if document["format"] != _FORMAT:
            return None
        trials = {str(asked): tuple(_trial(each) for each in made) for asked, made in document["trials"].items()}
        content = (folder / _REFERENCE).read_bytes()
        if hashlib.sha256(content).hexdigest() != document["reference_sha256"]:
            raise ValueError("the reference is not the recorded one")
        logits = torch.from_numpy(np.load(BytesIO(content), allow_pickle=False))
        exported = bool(document["graph_sha256"])
        if exported and sha256_of(folder / GRAPH) != document["graph_sha256"]:
            raise ValueError("the graph is not the recorded one")
    except (KeyError, TypeError, AttributeError, EOFError) as error:
        raise ValueError(f"it is no record ({error!r})") from error
    places = kept_places(shape)
    count = math.prod(shape.patch) if places is None else len(places)
    if logits.dtype != torch.float32 or logits.shape != (shape.classes, count):
        raise ValueError("the reference has another shape")
    return Record(trials, Reference(logits, places), exported)


def write_record(folder: Path, trials: Mapping[str, Sequence[Trial]], reference: Reference, *, exported: bool) -> None:
    """Write a record, file by file, each whole, ``record.json`` last; OSError if it cannot be written."""
    folder.mkdir(parents=True, exist_ok=True)
    buffer = BytesIO()
    np.save(buffer, reference.logits.numpy(), allow_pickle=False)
    content = buffer.getvalue()
    document = {
        "format": _FORMAT,
        "trials": {asked: [asdict(each) for each in made] for asked, made in trials.items()},
        "reference_sha256": hashlib.sha256(content).hexdigest(),
        "graph_sha256": sha256_of(folder / GRAPH) if exported else "",
    }
    text = json.dumps(document, indent=1, allow_nan=False)
    for name, whole in ((_REFERENCE, content), (_RECORD, text.encode())):
        with put_whole(folder / name) as partial:
            partial.write_bytes(whole)


def _trial(each: dict[str, Any]) -> Trial:
    made = Trial(**each)
    numbers = (made.difference, made.equal, made.error, made.seconds)
    if not isinstance(made.engine, str) or not all(isinstance(value, int | float) for value in numbers):
        raise TypeError("a trial holds something else than numbers")
    return made
