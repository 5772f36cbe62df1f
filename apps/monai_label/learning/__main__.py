"""``python -m apps.monai_label.learning``: run the learning experiment, or write its report anew."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from apps.monai_label.learning.design import STRATEGIES, Design
from apps.monai_label.learning.report import write_report
from apps.monai_label.learning.rounds import Experiment
from uptake.errors import UptakeError
from uptake.training.cache import PreparedTraining, prepared
from uptake.training.exam_folder import find_exams
from uptake.training.recipe import TrainingRecipe, find_recipe
from uptake.training.world import world

PACS_VARIABLE = "UPTAKE_PACS_PASSWORD"
RECIPE = Path(__file__).resolve().parents[1] / "learning_sts.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; exit statuses as ``uptake`` has them."""
    asked = _parser().parse_args(arguments)
    try:
        if not asked.report:
            _run(asked)
        sys.stdout.write(write_report(asked.out).read_text(encoding="utf-8"))
    except UptakeError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 64
    return 0


def _run(asked: argparse.Namespace) -> None:
    design = Design(
        start=asked.start,
        add=asked.add,
        rounds=asked.rounds,
        aside=asked.aside,
        folds=asked.folds,
        seconds=asked.seconds,
        seeds=tuple(asked.seed or Design().seeds),
        strategies=tuple(asked.strategy or STRATEGIES),
    )
    recipe = find_recipe(str(asked.recipe), "small", Path())
    exams = _exams(asked, recipe)
    with world(asked.threads) as where:
        Experiment(design, recipe, exams, asked.out, where, _say).run()


def _exams(asked: argparse.Namespace, recipe: TrainingRecipe) -> tuple[PreparedTraining, ...]:
    if not asked.dicomweb:
        return prepared(find_exams(asked.data, recipe), recipe, asked.out / "cache")
    from apps.monai_label.exams.dicomweb_source import DicomwebSource, SourceSettings
    from apps.monai_label.exams.pacs_client import PacsAddress, PacsClient
    from apps.monai_label.learning.exams_of_source import exams_of_source

    client = PacsClient(PacsAddress(asked.dicomweb, asked.user, os.environ.get(PACS_VARIABLE, "")))
    source = DicomwebSource(client, SourceSettings(asked.out / "site" / "pacs"))
    return exams_of_source(source, asked.data, recipe, asked.out / "site")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _parser() -> argparse.ArgumentParser:
    plain = Design()
    parser = argparse.ArgumentParser(prog="python -m apps.monai_label.learning", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(), help="folder of exams with truth, one of each patient")
    parser.add_argument("--dicomweb", default="", help="take the images from here, and send the labels there")
    parser.add_argument("--user", default="", help=f"of the PACS; its password is read from ${PACS_VARIABLE}")
    parser.add_argument("--out", type=Path, required=True, help="folder of the results; a stopped experiment goes on")
    parser.add_argument("--recipe", type=Path, default=RECIPE, help="JSON file")
    parser.add_argument("--start", type=int, default=plain.start, help="exams labelled at first")
    parser.add_argument("--add", type=int, default=plain.add, help="exams added in each round")
    parser.add_argument("--rounds", type=int, default=plain.rounds)
    parser.add_argument("--aside", type=int, default=plain.aside, help="exams kept aside")
    parser.add_argument("--folds", type=int, default=plain.folds, help="networks trained alike")
    parser.add_argument("--seconds", type=float, default=plain.seconds, help="of each training, all networks together")
    parser.add_argument("--seed", type=int, action="append", help="may be repeated; several may run at once")
    parser.add_argument("--strategy", choices=STRATEGIES, action="append", help="may be repeated")
    parser.add_argument("--threads", type=int, default=1, help="of the processor; 0 for torch's choice")
    parser.add_argument("--report", action="store_true", help="only write the report of what is there")
    return parser


if __name__ == "__main__":
    sys.exit(main())
