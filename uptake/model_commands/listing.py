"""``uptake models list`` and ``verify``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from uptake.model_commands.speaking import REFUSED, Json, Models, bundle_folder, print_json, refuse
from uptake.terminal import progress_bar, tell_trouble

if TYPE_CHECKING:
    from uptake.inference.model_store.listing import ListedBundle


def list_models(models: Models = Path("models"), as_json: Json = False) -> int:
    """List the bundles: network, size, classes, and whether the weights are the recorded ones."""
    from uptake.errors import UptakeError
    from uptake.inference.model_store.listing import list_bundles

    try:
        found = list_bundles(models)
    except UptakeError as error:
        return refuse(error, as_json, bundles=[])
    if as_json:
        _print(0, found)
    elif found:
        _show(found)
    else:
        typer.echo(f"No model bundles in {models}.")
    return 0


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
        folders = [bundle_folder(models, name) for name in names] if names else list(bundle_folders(models))
    except UptakeError as error:
        return refuse(error, as_json, bundles=[])
    found: list[ListedBundle] = []
    with progress_bar(quiet=as_json, counted=True) as bar:
        row = bar.add_task("verifying", total=len(folders))
        for folder in folders:
            try:
                found.append(listed(verify_bundle(folder, build_network)))
            except BundleRefused as error:
                found.append(ListedBundle(folder.name, "refused", str(error)))
            bar.advance(row)
    status = REFUSED if any(each.problem for each in found) else 0
    if as_json:
        _print(status, tuple(found))
        return status
    for each in found:
        if each.problem:
            tell_trouble(REFUSED, each.problem)
        else:
            typer.echo(f"{each.folder}: sound ({_size(each.parameters)} parameters, {len(each.folds)} fold(s)).")
    if not found:
        typer.echo(f"No model bundles in {models}.")
    return status


def _show(found: tuple[ListedBundle, ...]) -> None:
    columns = ("bundle", "version", "network", "parameters", "per patch", "weights", "INT8", "trained on", "classes")
    table = Table(*(Column(name, no_wrap=True) for name in columns), box=None, padding=(0, 2, 0, 0))
    for each in found:
        style = "red" if each.problem else ""
        table.add_row(*(Text(cell, style=style) for cell in _cells(each)))
    # One line each, however narrow the terminal: it wraps long lines by itself, and a pipe wants them whole.
    needed = Console(width=10_000).measure(table).maximum
    Console(highlight=False, width=needed, soft_wrap=True).print(table)
    for each in found:
        if each.problem:
            tell_trouble(REFUSED, each.problem)


def _cells(each: ListedBundle) -> tuple[str, ...]:
    if not each.version:
        return (each.folder, "", "", "", "", each.state, "", "", "")
    return (
        each.folder,
        each.version,
        each.network,
        _size(each.parameters),
        f"{_size(each.flops_per_patch)}FLOP" if each.flops_per_patch else "",
        f"{len(each.folds)} fold(s), {each.state}",
        "no" if each.int8_dice is None else f"Dice {each.int8_dice:.3f}",
        "digital patients only" if each.digital_patients_only else "see model card",
        ", ".join(each.classes),
    )


def _size(number: float) -> str:
    """1234567 as ``1.23 M``."""
    for factor, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= factor:
            return f"{number / factor:.3g} {letter}"
    return f"{number:.0f} "


def _print(status: int, found: tuple[ListedBundle, ...]) -> None:
    print_json({"exit_status": status, "bundles": [asdict(each) for each in found]})
