"""``uptake models import-nnunet``."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from uptake.model_commands.speaking import Json, Models, print_json, refuse
from uptake.terminal import progress_bar


class Orientation(StrEnum):
    """Where the axes of the images that a network was trained on run to."""

    lps = "LPS"
    ras = "RAS"


class Checkpoint(StrEnum):
    """Which of nnU-Net's checkpoints."""

    final = "final"
    best = "best"


def import_nnunet(  # noqa: PLR0913  # a command's options are its arguments
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="With plans.json, dataset.json and fold_N.")],
    name: Annotated[str, typer.Option(help="The new bundle's name: lower case letters, digits, underscores.")],
    channel: Annotated[
        list[str] | None, typer.Option(metavar="NUMBER=KIND", help="PT or CT, where dataset.json does not say it.")
    ] = None,
    class_: Annotated[
        list[str] | None,
        typer.Option("--class", metavar="LABEL=CLASS", help="Uptake's class for a label of dataset.json."),
    ] = None,
    fold: Annotated[list[int] | None, typer.Option(min=0, help="Which folds; all if left out.")] = None,
    configuration: Annotated[str | None, typer.Option(help="Such as 3d_fullres; found out if left out.")] = None,
    checkpoint: Annotated[Checkpoint, typer.Option(help="Which of each fold.")] = Checkpoint.final,
    orientation: Annotated[
        Orientation | None, typer.Option(help="Of the images it was trained on; by the plans' reader if left out.")
    ] = None,
    licence: Annotated[Path | None, typer.Option(metavar="FILE", help="Text of the weights' licence.")] = None,
    digital_patients_only: Annotated[
        bool, typer.Option("--digital-patients-only", help="It was trained on digital patients alone.")
    ] = False,
    models: Models = Path("models"),
    as_json: Json = False,
) -> int:
    """Turn a trained nnU-Net v2 model into a bundle; nothing of nnU-Net need be installed."""
    from uptake.errors import UptakeError
    from uptake.inference.nnunet_import import ImportOptions
    from uptake.inference.nnunet_import import import_nnunet as import_model
    from uptake.inference.nnunet_import.options import UNKNOWN_LICENCE

    try:
        options = ImportOptions(
            name,
            configuration=configuration,
            folds=tuple(fold) if fold else None,
            checkpoint=checkpoint.value,
            channels={_number(number): kind for number, kind in _pairs(channel)},
            classes=dict(_pairs(class_)),
            orientation=orientation.value if orientation else None,
            licence=UNKNOWN_LICENCE if licence is None else licence.read_text(encoding="utf-8"),
            digital_patients_only=digital_patients_only,
        )
    except (ValueError, OSError) as error:
        raise typer.BadParameter(str(error)) from error
    try:
        with progress_bar(quiet=as_json) as bar:
            bar.add_task("importing", total=None)
            bundle = import_model(folder, models, options)
    except UptakeError as error:
        return refuse(error, as_json, folder="")
    if as_json:
        print_json({"exit_status": 0, "folder": str(bundle.folder), "folds": list(bundle.folds)})
    else:
        typer.echo(f"{bundle.folder}: {bundle.network.name}, {len(bundle.folds)} fold(s). See its docs/README.md.")
    return 0


def _pairs(texts: Sequence[str] | None) -> list[tuple[str, str]]:
    """``a=b`` as two texts each; ValueError for anything else."""
    pairs = []
    for text in texts or ():
        left, sign, right = text.partition("=")
        if not (left and sign and right):
            raise ValueError(f"{text!r} must be two words with = between them")
        pairs.append((left, right))
    return pairs


def _number(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(f"{text!r} must be a channel's number, from 0 upwards")
    return int(text)
