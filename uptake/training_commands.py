"""``uptake train``: a recipe trained on a folder of exams, and a bundle made of the run."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from uptake.terminal import progress_bar, tell_trouble

_REFUSED = 2
_DEFAULT_LICENCE = "Apache-2.0 (https://www.apache.org/licenses/LICENSE-2.0)\n"


class Scale(StrEnum):
    """How large."""

    small = "small"
    paper = "paper"


Models = Annotated[Path, typer.Option("--models", metavar="FOLDER", help="The folder that holds the bundles.")]


Recipe = Annotated[str, typer.Argument(metavar="RECIPE", help="A bundle's name, or a recipe's JSON file.")]
Data = Annotated[Path, typer.Option("--data", metavar="FOLDER", help="Exams with truth: DICOM or NIfTI.")]
Out = Annotated[Path, typer.Option("--out", metavar="RUN", help="The run folder; new, or with --resume the old.")]
ScaleOption = Annotated[Scale, typer.Option(help="small: two processor cores; paper: as published, for GPUs.")]
Folds = Annotated[int | None, typer.Option(min=2, help="Of the cross-validation; the recipe's if left out.")]
Fold = Annotated[list[int] | None, typer.Option(min=0, help="Train this fold; may be repeated. All if left out.")]
Seed = Annotated[int | None, typer.Option(min=0, help="Of weights and patches; the recipe's if left out.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped.")]
Cache = Annotated[Path | None, typer.Option(metavar="FOLDER", help="For prepared exams; RUN/cache if left out.")]
StartFrom = Annotated[
    Path | None,
    typer.Option("--from", metavar="RUN|BUNDLE", help="Start from its weights; from chance if left out."),
]
Also = Annotated[
    Path | None,
    typer.Option(
        "--train-also", metavar="FOLDER", help="Further patients: every fold trains on them, none tests them."
    ),
]
Threads = Annotated[int, typer.Option(min=0, help="Of the processor; 0: all cores.")]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder of uptake train.")]
Name = Annotated[str, typer.Option(help="Of the bundle; the recipe's if left out.")]
Licence = Annotated[Path | None, typer.Option(metavar="FILE", help="Of the weights; Apache-2.0 if left out.")]


def train(
    recipe: Recipe,
    data: Data,
    out: Out,
    scale: ScaleOption = Scale.small,
    folds: Folds = None,
    fold: Fold = None,
    seed: Seed = None,
    resume: Resume = False,
    cache: Cache = None,
    start: StartFrom = None,
    also: Also = None,
    threads: Threads = 0,
    models: Models = Path("models"),
) -> int:
    """Train the networks of a recipe; what is done already is kept, and a killed run goes on with --resume.

    On several GPUs: torchrun --nproc-per-node N -m uptake train RECIPE ...
    """
    from uptake.errors import UptakeError
    from uptake.training.recipe import find_recipe
    from uptake.training.run import RunOptions, Watcher
    from uptake.training.run import train as train_run
    from uptake.training.world import world

    first = os.environ.get("RANK", "0") == "0"
    try:
        chosen = find_recipe(recipe, scale.value, models).with_options(folds=folds, seed=seed)
        options = RunOptions(data, out, cache, tuple(fold or ()), resume, start, also)
        with progress_bar(quiet=not first, counted=True) as bar, world(threads) as where:
            row = bar.add_task("preparing exams", total=None)

            def show_epoch(number: int, line: dict[str, float]) -> None:
                score = f", score {line['score']:.3f}" if "score" in line else ""
                text = f"fold {number}: loss {line['loss']:.3f}{score}"
                bar.update(row, description=text, completed=line["epoch"], total=chosen.fitting.epochs)

            watcher = Watcher(
                preparing=lambda done, total: bar.update(row, completed=done, total=total),
                epoch=show_epoch,
                say=lambda text: bar.console.print(text, markup=False, highlight=False),
            )
            run = train_run(chosen, options, where, watcher)
    except UptakeError as error:
        tell_trouble(error.exit_status, str(error))
        return error.exit_status
    if first:
        typer.echo(
            f"Folds {', '.join(map(str, run.trained))} are trained in {out}; see log.csv and curves.png of each."
        )
    return 0


def from_run(run: RunFolder, name: Name = "", licence: Licence = None, models: Models = Path("models")) -> int:
    """Make a model bundle of a training run: weights of every trained fold, metadata and model card."""
    from uptake.errors import UptakeError
    from uptake.training.run_folder import open_run
    from uptake.training.to_bundle import to_bundle

    try:
        text = licence.read_text(encoding="utf-8") if licence else _DEFAULT_LICENCE
        made = to_bundle(open_run(run), models, text, name=name)
    except OSError as error:
        tell_trouble(_REFUSED, f"the licence cannot be read ({error.strerror}).")
        return _REFUSED
    except UptakeError as error:
        tell_trouble(error.exit_status, str(error))
        return error.exit_status
    typer.echo(f"Bundle {made.name} with folds {', '.join(map(str, made.folds))} in {made.folder}.")
    return 0
