"""``uptake evaluate``: a published protocol's tables for a trained system, on patients that it was not trained on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from uptake.notice import RESEARCH_USE
from uptake.terminal import progress_bar, tell_trouble

if TYPE_CHECKING:
    from uptake.evaluation.evaluated import Evaluation
    from uptake.evaluation.networks import Networks
    from uptake.evaluation.run import Outcome

_TITLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_RESERVED = {"network", "thresholds", "centre-prior", "fast"}

Recipe = Annotated[str, typer.Argument(metavar="RECIPE", help="The bundle's name.")]
Out = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="New, or an evaluation to go on with.")]
Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="FOLDER", help="Patients of the training: each is given to the fold that tests it."),
]
External = Annotated[
    Path | None,
    typer.Option("--external", metavar="FOLDER", help="Patients that were not trained on: given to all folds."),
]
RunFolder = Annotated[
    Path | None, typer.Option("--run", metavar="RUN", help="Evaluate a run folder of uptake train, not the bundle.")
]
Models = Annotated[Path, typer.Option("--models", metavar="FOLDER", help="The folder that holds the bundles.")]
Cache = Annotated[
    Path | None, typer.Option("--cache", metavar="FOLDER", help="Prepared exams; RUN/cache or OUT/cache if left out.")
]
Fold = Annotated[list[int] | None, typer.Option(min=0, help="Evaluate this fold; may be repeated. All if left out.")]
Thresholds = Annotated[
    bool, typer.Option("--threshold-methods/--no-threshold-methods", help="Score thresholds on the same patients too.")
]
Prior = Annotated[
    bool,
    typer.Option("--centre-prior", help="Score the place alone too, for images that are cropped around the tumour."),
]
Compare = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=FOLDER", help="Score another run or bundle on the same patients; may be repeated."),
]
Survival = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="CSV with patient_id, follow_up_days, event (1 or 0); a digital cohort's own if left out.",
    ),
]
EngineName = Annotated[
    str, typer.Option(help="For bundles: auto, torch, onnxruntime, openvino, openvino-int8 or tensorrt.")
]
Fast = Annotated[
    bool, typer.Option("--fast", help="Compare with the same networks whose patches overlap by half at most.")
]
Json = Annotated[bool, typer.Option("--json", help="Print a JSON summary.")]


def evaluate(  # noqa: PLR0913  # a command's options are its arguments
    recipe: Recipe,
    out: Out,
    data: Data = None,
    external: External = None,
    run: RunFolder = None,
    models: Models = Path("models"),
    cache: Cache = None,
    fold: Fold = None,
    threshold_methods: Thresholds = True,
    centre_prior: Prior = False,
    compare: Compare = None,
    survival: Survival = None,
    engine: EngineName = "auto",
    fast: Fast = False,
    as_json: Json = False,
) -> int:
    """Score a system's networks with its paper's tables and figures; what is labelled already is kept, and used again.

    Cross-validation (--data) needs to know who is tested by which fold: a run folder does, and a bundle that was
    trained on digital patients only. Thresholds are those of uptake run --method, on the network's grid.
    """
    if data is None and external is None:
        raise typer.BadParameter("give patients with --data, --external, or both")
    compared = _named(compare or [])
    from uptake.errors import UptakeError
    from uptake.evaluation.baselines import NAMED
    from uptake.evaluation.run import EvaluationSettings, Watcher
    from uptake.evaluation.run import evaluate as run_evaluation

    names = NAMED if threshold_methods else ()
    folds = tuple(dict.fromkeys(fold or ()))
    settings = EvaluationSettings(out, data, external, survival, cache, folds, names, centre_prior)
    try:
        with progress_bar(quiet=as_json, counted=True) as bar:
            row = bar.add_task("reading", total=None)

            def say(text: str) -> None:
                bar.console.print(text, markup=False, highlight=False, soft_wrap=True)

            networks = _of_run(run, recipe) if run is not None else _of_bundle(models, recipe, engine, say)
            others = {name: _any(folder, engine, say) for name, folder in compared.items()}
            if fast:
                others["fast"] = networks.fast
            watcher = Watcher(
                lambda text, done, total: bar.update(row, description=text, completed=done, total=total), say
            )
            outcome = run_evaluation(networks, others, settings, watcher)
    except UptakeError as error:
        if as_json:
            typer.echo(json.dumps({"exit_status": error.exit_status, "message": str(error), "files": []}, indent=1))
        else:
            tell_trouble(error.exit_status, str(error))
        return error.exit_status
    if as_json:
        typer.echo(json.dumps(_summary(outcome), ensure_ascii=False, indent=1, allow_nan=False))
    else:
        _tell(outcome.evaluation, out)
    return 0


def _named(given: list[str]) -> Mapping[str, Path]:
    """NAME=FOLDER as a mapping; BadParameter where one is not."""
    found: dict[str, Path] = {}
    for each in given:
        name, _, folder = each.partition("=")
        if not folder or not _TITLE.fullmatch(name) or name in found or name in _RESERVED:
            raise typer.BadParameter(
                f"--compare wants NAME=FOLDER, each NAME once, of letters, digits, '.', '_' and '-', not {each!r}"
            )
        found[name] = Path(folder)
    return found


def _of_run(folder: Path, recipe: str) -> Networks:
    from uptake.errors import InputRefused
    from uptake.evaluation.networks import networks_of_run

    found = networks_of_run(folder)
    if found.recipe.bundle != recipe:
        raise InputRefused(
            f"the run {folder.name} is of the recipe {found.recipe.bundle}, not {recipe}.", remedy="Name that recipe."
        )
    return found


def _of_bundle(models: Path, name: str, engine: str, say: Callable[[str], None]) -> Networks:
    from uptake.errors import BundleRefused
    from uptake.evaluation.networks import networks_of_bundle

    if name in {"", ".", ".."} or Path(name).name != name:
        raise BundleRefused("a bundle is named by its folder's name alone.", remedy="Give its folder with --models.")
    return networks_of_bundle(models / name, engine, say)


def _any(folder: Path, engine: str, say: Callable[[str], None]) -> Networks:
    """A run folder's networks or a bundle's, as the folder is."""
    from uptake.evaluation.networks import networks_of_bundle, networks_of_run
    from uptake.inference.model_store.bundle_files import METADATA

    return networks_of_bundle(folder, engine, say) if (folder / METADATA).exists() else networks_of_run(folder)


def _cohorts(evaluation: Evaluation) -> dict[str, dict[str, Any]]:
    from uptake.evaluation.delineation import overlap_rows

    return {
        name: {
            "exams": len(scores.patients),
            "cohort_dice": {row.target: row.cohort for row in overlap_rows(scores)},
        }
        for name, scores in evaluation.cohorts.items()
    }


def _summary(outcome: Outcome) -> dict[str, Any]:
    made = outcome.evaluation
    return {
        "exit_status": 0,
        "message": "",
        "weights": made.weights,
        "cohorts": _cohorts(made),
        "notes": made.notes,
        "files": outcome.files,
    }


def _tell(evaluation: Evaluation, out: Path) -> None:
    for name, cohort in _cohorts(evaluation).items():
        dice = ", ".join(
            f"{target} {'none' if value is None else f'{value:.3f}'}" for target, value in cohort["cohort_dice"].items()
        )
        typer.echo(f"{name.replace('_', '-')}, {cohort['exams']} exams, cohort Dice: {dice}.")
    typer.echo(f"Weights: {evaluation.weights}. {RESEARCH_USE} Open {out / 'report.md'}.")
