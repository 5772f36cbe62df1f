"""The command line of the MONAI Deploy application."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from uptake.job import WRONG_USAGE
from uptake.settings import ENGINES, METHODS, TASKS, RunSettings
from uptake.settings_file import CommandLineChoices, load_settings


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for; ``folders`` are the input and, where named, the baseline."""

    folders: tuple[Path, ...]
    output: Path
    settings: RunSettings
    models: Path


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(WRONG_USAGE, f"{self.prog}: {message}\n")


def parse_command_line(arguments: Sequence[str] | None) -> Options:
    """Parse; wrong usage ends the process with status 64.

    Parameters
    ----------
    arguments
        Without the program's name; None takes those of the process.
    """
    parser = _Parser(
        prog="python -m apps.monai_deploy",
        description="Find, measure and report lesions in a patient's PET/CT. For research use, not for clinical use.",
        epilog="Exit status: 0 done, 2 input refused, 3 failed, 64 wrong usage.",
    )
    parser.add_argument("-i", "--input", help="folder with the patient's PET/CT (default: $HOLOSCAN_INPUT_PATH)")
    parser.add_argument("-o", "--output", help="folder for the results, empty or new (default: $HOLOSCAN_OUTPUT_PATH)")
    parser.add_argument("-m", "--model", help="folder of model bundles (default: $HOLOSCAN_MODEL_PATH, else models)")
    parser.add_argument("--baseline", type=Path, help="second folder with an earlier exam of the patient")
    parser.add_argument("--task", choices=TASKS, help="what to look for (default: auto, by tracer and body part)")
    parser.add_argument("--method", choices=METHODS, help="how regions are found")
    parser.add_argument("--bundle", help="find lesions with this network of the folder of model bundles instead")
    parser.add_argument("--engine", choices=ENGINES, help="what runs the network (default: auto, the fastest)")
    parser.add_argument(
        "--fast", action=argparse.BooleanOptionalAction, help="a network's patches overlap less: sooner, a little worse"
    )
    parser.add_argument(
        "--rtstruct",
        action=argparse.BooleanOptionalAction,
        help="an RT Structure Set on the CT (default: for head-neck alone)",
    )
    parser.add_argument("--settings", type=Path, help="JSON file of settings, as results.json prints them")
    found = parser.parse_args(arguments)
    source = _path(parser, "input", found.input)
    output = _path(parser, "output", found.output)
    if found.model is not None and not Path(found.model).is_dir():
        parser.error("the model folder does not exist")
    try:
        choices = CommandLineChoices(found.method, found.bundle, found.engine, found.task, found.rtstruct, found.fast)
        settings = load_settings(found.settings, choices)
    except ValueError as error:
        parser.error(str(error))
    folders = (source,) if found.baseline is None else (source, found.baseline)
    models = Path(found.model or os.environ.get("HOLOSCAN_MODEL_PATH") or "models")
    return Options(folders=folders, output=output, settings=settings, models=models)


def _path(parser: argparse.ArgumentParser, name: str, given: str | None) -> Path:
    value = given or os.environ.get(f"HOLOSCAN_{name.upper()}_PATH", "")
    if not value:
        parser.error(f"no {name} folder: give --{name} or set HOLOSCAN_{name.upper()}_PATH")
    return Path(value)
