"""``uptake models export``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from uptake.model_commands.speaking import BundleName, Json, Models, bundle_folder, print_json, refuse
from uptake.terminal import progress_bar


class Format(StrEnum):
    """What a graph is for."""

    onnx = "onnx"
    openvino = "openvino"


_ENDINGS = {Format.onnx: ".onnx", Format.openvino: ".xml"}


def export(
    name: BundleName,
    path: Annotated[Path, typer.Argument(metavar="OUT", help="The file: *.onnx, or *.xml with a *.bin beside it.")],
    kind: Annotated[Format, typer.Option("--format", help="Which kind of graph.")] = Format.onnx,
    fold: Annotated[int | None, typer.Option(min=0, help="Which weights; the first fold if left out.")] = None,
    models: Models = Path("models"),
    as_json: Json = False,
) -> int:
    """Write a bundle's network with one fold's weights as a graph for other programs, in float32."""
    if path.suffix != _ENDINGS[kind]:
        raise typer.BadParameter(f"OUT must be named *{_ENDINGS[kind]} for {kind.value}, not {path.name}")
    from uptake.errors import UptakeError
    from uptake.inference.graph_export import export_fold
    from uptake.inference.model_store import load_bundle

    try:
        bundle = load_bundle(bundle_folder(models, name))
        which = bundle.folds[0] if fold is None else fold
        with progress_bar(quiet=as_json) as bar:
            bar.add_task(f"exporting fold {which}", total=None)
            written = export_fold(bundle, which, kind.value, path)
    except UptakeError as error:
        return refuse(error, as_json, files=[])
    if as_json:
        print_json({"exit_status": 0, "fold": which, "files": [str(each) for each in written]})
    else:
        typer.echo(f"{name}, fold {which}: {' and '.join(str(each) for each in written)}.")
    return 0
