"""Runs the graph; the folders default to the variables that a MAP sets."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from apps.monai_deploy.command_line import Options, parse_command_line
from apps.monai_deploy.user_log import open_user_log
from uptake.errors import OutputFailed
from uptake.job import run_job


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the application; the exit status is 0 done, 2 input refused, 3 failed, 64 wrong usage."""
    options = parse_command_line(arguments)
    log = open_user_log()
    report = run_job(options.output, options.folders, lambda staging: _run_graph(options, staging))
    for warning in report.warnings:
        log.warning("%s", warning)
    if report.exit_status == 0:
        log.info("done: %d files in the output folder; start with report.pdf", len(report.files))
    else:
        log.error("%s", report.message)
    return report.exit_status


def _run_graph(options: Options, staging: Path) -> tuple[str, ...]:
    # Imported here: the SDK takes seconds, and usage errors should not.
    from apps.monai_deploy.app import UptakeApp

    app = UptakeApp(options.folders, staging, options.settings, options.models)
    app.run()
    if not app.results:
        # An operator that never receives ends the run without an error.
        raise OutputFailed("The graph ended before its results were written. Please report it.")
    return tuple(dict.fromkeys(warning for result in app.results for warning in result.warnings))


if __name__ == "__main__":
    sys.exit(main())
