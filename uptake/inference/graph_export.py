"""One fold of a bundle as a graph for other programs: an ONNX file, or OpenVINO's pair of files."""

from __future__ import annotations

import tempfile
from pathlib import Path

from uptake.errors import InferenceRefused, OutputFailed, OutputNotEmpty
from uptake.inference.engines import openvino_engine, presence
from uptake.inference.engines.openvino_loading import openvino
from uptake.inference.export import export_onnx
from uptake.inference.model_store import Bundle, build_network, load_network

ENDINGS = {"onnx": (".onnx",), "openvino": (".xml", ".bin")}


def export_fold(bundle: Bundle, fold: int, kind: str, path: Path) -> tuple[Path, ...]:
    """Write one fold in float32, whole or not at all: fixed patch, any number of patches at once.

    Parameters
    ----------
    bundle
        As ``load_bundle`` gave it.
    fold
        One of ``bundle.folds``.
    kind
        One of ``ENDINGS``.
    path
        The file, with its kind's first ending; OpenVINO's ``.bin`` goes beside it. Its folder must be there.

    Returns
    -------
    tuple of Path
        What was written.

    Raises
    ------
    OutputNotEmpty
        If a file is there already.
    InferenceRefused
        If a package is not installed.
    BundleRefused
        If there is no such fold, or its weights are not what is recorded.
    OutputFailed
        If it cannot be written; nothing is left behind.
    ValueError
        If the path has another ending.
    """
    endings = ENDINGS[kind]
    if path.suffix != endings[0]:
        raise ValueError(f"a graph for {kind} must be named *{endings[0]}, not {path.name}")
    targets = tuple(path.with_suffix(ending) for ending in endings)
    for target in targets:
        if target.exists():
            raise OutputNotEmpty(f"{target.name} is there already.", remedy="Give another name, or move it away.")
    _require_packages(kind)
    network = load_network(bundle, fold, build_network)
    try:
        with tempfile.TemporaryDirectory(prefix=".uptake-export-", dir=path.parent) as scratch:
            onnx = export_onnx(network, len(bundle.inputs), bundle.tiling.patch, Path(scratch) / "network.onnx")
            made = [onnx] if kind == "onnx" else _openvino_files(onnx)
            for source, target in reversed(list(zip(made, targets, strict=True))):  # the one that names the other last
                source.rename(target)
    except OSError as error:
        for target in targets:
            target.unlink(missing_ok=True)
        raise OutputFailed(f"{path} could not be written: {error.strerror or error}.") from error
    return targets


def _require_packages(kind: str) -> None:
    present, reason = presence("The export", ("onnx", "onnxscript"), "pip install onnx onnxscript")
    if kind == "openvino" and present:
        present, reason = openvino_engine.available()
    if not present:
        raise InferenceRefused(f"{reason.rstrip('.')}.", remedy="Then export again.")


def _openvino_files(onnx: Path) -> list[Path]:
    runtime = openvino()
    xml = onnx.with_suffix(".xml")
    runtime.save_model(runtime.Core().read_model(onnx), xml, compress_to_fp16=False)
    return [xml, xml.with_suffix(".bin")]
