"""``uptake models compile``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from uptake.model_commands.speaking import BundleName, Json, Models, bundle_folder, print_json, refuse, say
from uptake.terminal import progress_bar

if TYPE_CHECKING:
    from uptake.inference.bundle_engines import EnginePredictors


def compile_bundle(
    name: BundleName,
    engine: Annotated[
        str, typer.Option(help="auto, torch, onnxruntime, openvino, openvino-int8 or tensorrt; auto: the fastest.")
    ] = "auto",
    models: Models = Path("models"),
    as_json: Json = False,
) -> int:
    """Choose the engine for a bundle on this host anew, check it against torch, and keep the choice for later runs."""
    from uptake.errors import UptakeError
    from uptake.inference.bundle_engines import predictors
    from uptake.inference.model_store import load_bundle

    said: list[str] = []
    try:
        bundle = load_bundle(bundle_folder(models, name))
        with progress_bar(quiet=as_json) as bar:
            bar.add_task("building, checking and timing engines", total=None)
            found = predictors(bundle, engine, said.append, anew=True)
    except UptakeError as error:
        for line in said:
            say(line)
        return refuse(error, as_json, trials=[])
    if as_json:
        trials = [asdict(each) for each in found.trials]
        print_json({"exit_status": 0, "engine": found.engine, "why": found.why, "said": said, "trials": trials})
        return 0
    for line in said:
        if line != found.why:
            say(line)
    _show(found)
    typer.echo(found.why)
    return 0


def _show(found: EnginePredictors) -> None:
    table = Table("engine", "s per patch", "greatest difference", "same class", box=None, padding=(0, 2, 0, 0))
    for each in found.trials:
        table.add_row(each.engine, f"{each.seconds:.3g}", f"{each.difference:.2g}", f"{100 * each.equal:.2f} %")
    Console(highlight=False).print(table)
