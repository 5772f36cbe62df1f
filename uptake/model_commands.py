"""``uptake models``: the model bundles of a folder, listed and verified."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from uptake.terminal import progress_bar, tell_trouble

if TYPE_CHECKING:
    from uptake.inference.model_store.listing import ListedBundle

models_app = typer.Typer(
    help="Model bundles: networks with their weights, hashes and model cards.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

Models = Annotated[Path, typer.Option("--models", metavar="FOLDER", help="The folder that holds the bundles.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_REFUSED = 2


@models_app.command(
    "list", epilog="Examples:  [bold]uptake models list[/]   [bold]uptake models list --models /opt/models --json[/]"
)
def list_models(models: Models = Path("models"), as_json: Json = False) -> int:
    """List the bundles: network, size, classes, and whether the weights are the recorded ones."""
    from uptake.errors import UptakeError
    from uptake.inference.model_store.listing import list_bundles

    try:
        found = list_bundles(models)
    except UptakeError as error:
        return _refuse(error, as_json)
    if as_json:
        _print_json(0, found)
    elif found:
        _show(found)
    else:
        typer.echo(f"No model bundles in {models}.")
    return 0


@models_app.command(
    epilog="Examples:  [bold]uptake models verify[/]   [bold]uptake models verify head_neck_mtv --json[/]   "
    "Exit status: 0 all sound, 2 one or more refused."
)
def verify(
    names: Annotated[list[str] | None, typer.Argument(metavar="[BUNDLE]...", help="All if none is named.")] = None,
    models: Models = Path("models"),
    as_json: Json = False,
) -> int:
    """Check every file, hash, and tensor of bundles against what they say and the network they name."""
    from uptake.errors import BundleRefused, UptakeError
    from uptake.inference.model_store.building import build_network
    from uptake.inference.model_store.listing import ListedBundle, bundle_folders, listed
    from uptake.inference.model_store.listing import verify as verify_bundle

    try:
        folders = [_named(models, name) for name in names] if names else list(bundle_folders(models))
    except UptakeError as error:
        return _refuse(error, as_json)
    found: list[ListedBundle] = []
    with progress_bar(quiet=as_json, counted=True) as bar:
        row = bar.add_task("verifying", total=len(folders))
        for folder in folders:
            try:
                found.append(listed(verify_bundle(folder, build_network)))
            except BundleRefused as error:
                found.append(ListedBundle(folder.name, "refused", str(error)))
            bar.advance(row)
    status = _REFUSED if any(each.problem for each in found) else 0
    if as_json:
        _print_json(status, tuple(found))
        return status
    for each in found:
        if each.problem:
            tell_trouble(_REFUSED, each.problem)
        else:
            typer.echo(f"{each.folder}: sound ({_size(each.parameters)} parameters, {len(each.folds)} fold(s)).")
    if not found:
        typer.echo(f"No model bundles in {models}.")
    return status


def _named(models: Path, name: str) -> Path:
    from uptake.inference.model_store.refusal import refused

    if name in {"", ".", ".."} or Path(name).name != name:
        raise refused(name, "a bundle is named by its folder's name alone.", "Give its folder with --models.")
    return models / name


def _show(found: tuple[ListedBundle, ...]) -> None:
    columns = ("bundle", "version", "network", "parameters", "per patch", "weights", "trained on", "classes")
    table = Table(*(Column(name, no_wrap=True) for name in columns), box=None, padding=(0, 2, 0, 0))
    for each in found:
        style = "red" if each.problem else ""
        table.add_row(*(Text(cell, style=style) for cell in _cells(each)))
    # One line each, however narrow the terminal: it wraps long lines by itself, and a pipe wants them whole.
    needed = Console(width=10_000).measure(table).maximum
    Console(highlight=False, width=needed, soft_wrap=True).print(table)
    for each in found:
        if each.problem:
            tell_trouble(_REFUSED, each.problem)


def _cells(each: ListedBundle) -> tuple[str, ...]:
    if not each.version:
        return (each.folder, "", "", "", "", each.state, "", "")
    return (
        each.folder,
        each.version,
        each.network,
        _size(each.parameters),
        f"{_size(each.flops_per_patch)}FLOP" if each.flops_per_patch else "",
        f"{len(each.folds)} fold(s), {each.state}",
        "digital patients only" if each.digital_patients_only else "see model card",
        ", ".join(each.classes),
    )


def _size(number: float) -> str:
    """1234567 as ``1.23 M``."""
    for factor, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= factor:
            return f"{number / factor:.3g} {letter}"
    return f"{number:.0f} "


def _refuse(error: Exception, as_json: bool) -> int:
    if as_json:
        typer.echo(json.dumps({"exit_status": _REFUSED, "message": str(error), "bundles": []}, indent=1))
    else:
        tell_trouble(_REFUSED, str(error))
    return _REFUSED


def _print_json(status: int, found: tuple[ListedBundle, ...]) -> None:
    document = {"exit_status": status, "bundles": [asdict(each) for each in found]}
    typer.echo(json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False))
