"""The ``uptake`` command. Thin: every command parses, calls one function of the package, and prints."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from uptake import __version__
from uptake.evaluation_commands import evaluate
from uptake.label_commands import label_app
from uptake.model_commands import models_app
from uptake.phantom_commands import phantom_app
from uptake.settings import ENGINES, METHODS, TASKS, RunSettings
from uptake.settings_file import CommandLineChoices, load_settings
from uptake.terminal import progress_bar, tell_done, tell_trouble, tell_warnings
from uptake.training_commands import from_run, train

_WRONG_USAGE = 64
# Click's UsageError, wherever Typer keeps its Click.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]

app = typer.Typer(
    name="uptake",
    help="Lesions in oncologic PET/CT: found, measured and reported as DICOM. For research use, not for clinical use.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.add_typer(phantom_app, name="phantom")
app.add_typer(models_app, name="models")
app.add_typer(label_app, name="label")
app.command(
    epilog="Examples:  [bold]uptake train head_neck_mtv --data exams/ --out runs/first[/]   "
    "[bold]uptake train head_neck_mtv --data exams/ --out runs/first --fold 0 --resume[/]"
)(train)
app.command(
    epilog="Examples:  [bold]uptake evaluate head_neck_mtv --data exams/ --external others/ --out scores/[/]   "
    "[bold]uptake evaluate head_neck_mtv --run runs/first --data exams/ --out scores/ --compare plain=runs/plain[/]   "
    "Exit status: 0 done, 2 refused, 3 failed, 64 wrong usage."
)(evaluate)
models_app.command("from-run", epilog="Example:  [bold]uptake models from-run runs/first --name head_neck_ours[/]")(
    from_run
)

Method = StrEnum("Method", {name.replace("-", "_").replace(".", "_"): name for name in METHODS})  # type: ignore[misc]
Engine = StrEnum("Engine", {name.replace("-", "_"): name for name in ENGINES})  # type: ignore[misc]
Task = StrEnum("Task", {name.replace("-", "_"): name for name in TASKS})  # type: ignore[misc]


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"uptake {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


@app.command(
    epilog="Examples:  [bold]uptake run exam/ out/[/]   [bold]uptake run exam/ out/ --method percent-41 --json[/]   "
    "[bold]uptake run exam/ out/ --task head-neck[/]   "
    "Exit status: 0 done, 2 input refused, 3 failed, 64 wrong usage."
)
def run(
    input_folder: Annotated[
        Path, typer.Argument(metavar="INPUT", help="Folder (or file) with the patient's PET/CT, any nesting.")
    ],
    output_folder: Annotated[Path, typer.Argument(metavar="OUTPUT", help="Folder for the results; empty or new.")],
    task: Annotated[Task | None, typer.Option(help="What to look for (default auto: by tracer and body part).")] = None,
    baseline: Annotated[Path | None, typer.Option(help="Second folder with an earlier exam of the patient.")] = None,
    method: Annotated[Method | None, typer.Option(help="How regions are found (default fixed-4.0).")] = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="BUNDLE", help="Find lesions with this network instead.")
    ] = None,
    models: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder that holds the model bundles.")] = Path(
        "models"
    ),
    engine: Annotated[
        Engine | None, typer.Option(help="What runs the network (default auto: the fastest that works here).")
    ] = None,
    fast: Annotated[
        bool | None, typer.Option("--fast/--no-fast", help="A network's patches overlap less: sooner, a little worse.")
    ] = None,
    rtstruct: Annotated[
        bool | None,
        typer.Option("--rtstruct/--no-rtstruct", help="An RT Structure Set on the CT (default: for head-neck alone)."),
    ] = None,
    settings_file: Annotated[
        Path | None, typer.Option("--settings", help="JSON with any of the settings that results.json prints.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON summary instead of text.")] = False,
) -> int:
    """Find and measure lesions in a patient's PET/CT and write DICOM SEG, SR, RWVM, a PDF, pictures and JSON."""
    try:
        choices = CommandLineChoices(_value(method), model, _value(engine), _value(task), rtstruct, fast)
        settings = load_settings(settings_file, choices)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    folders = (input_folder,) if baseline is None else (input_folder, baseline)
    from uptake.job import run_job

    with progress_bar(quiet=as_json) as bar:
        report = run_job(output_folder, folders, lambda staging: _work(folders, staging, settings, models, bar))
    if as_json:
        summary = {
            "exit_status": report.exit_status,
            "message": report.message,
            "files": report.files,
            "warnings": report.warnings,
        }
        typer.echo(json.dumps(summary, indent=1))
    else:
        _tell(report.exit_status, report.message, report.warnings, output_folder)
    return report.exit_status


def _value(choice: StrEnum | None) -> str | None:
    return None if choice is None else choice.value


def _work(
    folders: tuple[Path, ...], staging: Path, settings: RunSettings, models: Path, bar: Progress
) -> tuple[str, ...]:
    # Imported here: `uptake --help` should not wait for scipy and SimpleITK.
    from uptake.pipeline import run as run_pipeline

    row = bar.add_task("starting", total=1)

    def show(text: str, done: int, total: int) -> None:
        bar.update(row, description=text, completed=done, total=total)

    def say(text: str) -> None:
        bar.console.print(text, highlight=False, markup=False, soft_wrap=True)

    results = run_pipeline(folders, staging, settings, show, models=models, say=say)
    return tuple(dict.fromkeys(warning for result in results for warning in result.warnings))


def _tell(status: int, message: str, warnings: tuple[str, ...], output: Path) -> None:
    tell_warnings(warnings)
    if status == 0:
        tell_done(output)
    else:
        tell_trouble(status, message)


@app.command(epilog="Examples:  [bold]uptake suv exam/[/]   [bold]uptake suv exam/ --json[/]")
def suv(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder (or file) with PET series.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Print how each PET series becomes SUV: the factor, the branch of the rules, each tag it rests on."""
    from uptake import suv_listing
    from uptake.dicom.exams.suv_report import suv_report
    from uptake.errors import UptakeError

    try:
        series = suv_report(folder)
    except UptakeError as error:
        if as_json:
            typer.echo(json.dumps({"exit_status": error.exit_status, "message": str(error), "series": []}, indent=1))
        else:
            tell_trouble(error.exit_status, str(error))
        return error.exit_status
    if as_json:
        typer.echo(suv_listing.as_json(series))
    else:
        suv_listing.show(series, Console(highlight=False, soft_wrap=True))
    return suv_listing.exit_status(series)


def main() -> None:
    """Entry point: maps wrong usage to 64 and passes the commands' own status on."""
    try:
        status = app(standalone_mode=False)
    except _UsageError as error:
        error.show()  # type: ignore[attr-defined]
        sys.exit(_WRONG_USAGE)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    sys.exit(status if isinstance(status, int) else 0)
