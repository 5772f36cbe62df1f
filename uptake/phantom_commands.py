"""``uptake phantom``: digital patients, cohorts of them, and reference objects, as DICOM with known truth."""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from uptake.terminal import progress_bar, tell_trouble

phantom_app = typer.Typer(
    help="Digital patients: PET/CT exams with known truth, as DICOM.", no_args_is_help=True, rich_markup_mode="rich"
)


class System(StrEnum):
    """Which of the published systems a patient is for."""

    head_neck = "head-neck"
    breast_pairs = "breast-pairs"
    psma = "psma"
    response = "response"


class Site(StrEnum):
    """Which hospital's scanners, protocols and mix of lesions."""

    internal = "internal"
    external = "external"


Seed = Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")]
SystemOption = Annotated[System, typer.Option(help="Which system's patients.")]
SiteOption = Annotated[Site, typer.Option(help="Scanners, noise, protocols and lesion sizes.")]
Borderline = Annotated[bool, typer.Option("--borderline", help="Near a cut-off on purpose, instead of clear of all.")]


@phantom_app.command(
    "make",
    epilog="Examples:  [bold]uptake phantom make out/patient[/]   "
    "[bold]uptake phantom make out/patient --system psma --scenario 'N1 M1a' --seed 7[/]",
)
def make(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the patient goes; empty or new.")],
    system: SystemOption = System.breast_pairs,
    scenario: Annotated[str, typer.Option(help="What the exams are to show; drawn by the seed if left out.")] = "",
    seed: Seed = 1,
    site: SiteOption = Site.internal,
    borderline: Borderline = False,
) -> int:
    """Make one digital patient: DICOM exams, reports, and the truth beside them."""

    def work() -> None:
        from uptake.phantom.designing import Wish, designed
        from uptake.phantom.patient_folder import require_empty, write_patient

        require_empty(folder)
        with progress_bar() as bar:
            row = bar.add_task("designing the patient", total=None)
            found = designed(Wish(system.value, seed, site.value, scenario or None, borderline))
            bar.update(row, description="writing DICOM, reports and truth")
            write_patient(folder, found)
        plan = found.patient
        typer.echo(f"Digital patient in {folder}: {plan.scenario}, {len(plan.exams)} exam(s) in {folder / 'dicom'}.")
        typer.echo(f"What the exams show, lesion by lesion: {folder / 'truth' / 'truth.json'}.")

    return _guarded(work)


@phantom_app.command(
    "cohort",
    epilog="Example:  [bold]uptake phantom cohort out/cohort --system head-neck --size 40 --seed 3[/]   "
    "Run it again to resume.",
)
def cohort(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="New, or a cohort to be resumed.")],
    system: SystemOption,
    size: Annotated[int, typer.Option(min=1, help="Number of patients.")] = 20,
    seed: Seed = 1,
    site: SiteOption = Site.internal,
    borderline: Borderline = False,
    processes: Annotated[int, typer.Option(min=0, help="Patients made at once; 0: one per core.")] = 0,
) -> int:
    """Make a cohort of digital patients in parallel; what is there already is kept."""

    def work() -> None:
        from uptake.phantom.cohort.making import make_cohort
        from uptake.phantom.cohort.specification import CohortSpecification

        specification = CohortSpecification(system.value, size, seed, site.value, borderline)
        with progress_bar(counted=True) as bar:
            row = bar.add_task("patients", total=size)
            report = make_cohort(
                folder,
                specification,
                processes=processes,
                progress=lambda done, total: bar.update(row, completed=done, total=total),
            )
        typer.echo(f"{report.complete} of {size} digital patients in {folder}, {report.made} made now.")
        for text in report.failed:
            typer.echo(f"not designable: {text}", err=True)

    return _guarded(work)


@phantom_app.command("reference", epilog="Example:  [bold]uptake phantom reference out/reference[/]")
def reference(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the objects go; empty or new.")],
    seed: Seed = 1,
) -> int:
    """Make reference objects for a site's own check: a sphere phantom, and one cylinder as every vendor writes it."""

    def work() -> None:
        from uptake.phantom.patient_folder import require_empty
        from uptake.phantom.reference_objects import make_reference_objects

        require_empty(folder)
        make_reference_objects(folder, seed=seed)
        typer.echo(f"Reference objects in {folder}: read README.txt there, then check with uptake suv.")

    return _guarded(work)


@phantom_app.command("scenarios", epilog="Example:  [bold]uptake phantom scenarios psma --json[/]")
def list_scenarios(
    system: Annotated[System, typer.Argument(help="Which system's patients.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """List what a system's patients can be asked to show, and the categories each has by every criterion."""
    from uptake.phantom.disease.scenarios import scenarios

    found = {scenario.name: dict(scenario.intended) for scenario in scenarios(system.value)}
    if as_json:
        typer.echo(json.dumps(found, indent=1))
    else:
        for name, intended in found.items():
            shows = ", ".join(f"{criterion} {category}" for criterion, category in intended.items())
            typer.echo(f"{name}: {shows or 'no criterion applies to a single exam'}")
    return 0


def _guarded(work: Callable[[], None]) -> int:
    from uptake.errors import OutputFailed, UptakeError

    try:
        work()
    except UptakeError as error:
        tell_trouble(error.exit_status, str(error))
        return error.exit_status
    except OSError as error:  # a full disk, no permission: nothing half-made is left behind
        tell_trouble(OutputFailed.exit_status, f"the files could not be written ({error.strerror}).")
        return OutputFailed.exit_status
    return 0
