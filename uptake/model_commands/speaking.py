"""What the commands of ``uptake models`` share: their options, and how they answer people and machines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from uptake.terminal import tell_trouble

Models = Annotated[Path, typer.Option("--models", metavar="FOLDER", help="The folder that holds the bundles.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
BundleName = Annotated[str, typer.Argument(metavar="BUNDLE", help="The bundle's folder name.")]
REFUSED = 2


def bundle_folder(models: Path, name: str) -> Path:
    """Find a bundle's folder; BundleRefused where the name is more than a folder's name."""
    from uptake.inference.model_store.refusal import refused

    if name in {"", ".", ".."} or Path(name).name != name:
        raise refused(name, "a bundle is named by its folder's name alone.", "Give its folder with --models.")
    return models / name


def refuse(error: Exception, as_json: bool, **empty: Any) -> int:
    """Say why a command stopped, and return the exit status; ``empty``: what its JSON would have held."""
    status = int(getattr(error, "exit_status", REFUSED))
    if as_json:
        print_json({"exit_status": status, "message": str(error), **empty})
    else:
        tell_trouble(status, str(error))
    return status


def print_json(document: dict[str, Any]) -> None:
    """Print a document on standard output."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False))


def say(text: str) -> None:
    """One line of what is going on, on standard error, where a pipe's reader is not disturbed."""
    typer.echo(text, err=True)
