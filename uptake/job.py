"""One run from opening the output folder to its exit status, whatever does the work in between."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from uptake.errors import OutputFailed, UptakeError
from uptake.output_folder import OutputFolder
from uptake.reporting.metadata_json import build_metadata

DONE = 0
WRONG_USAGE = 64

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JobReport:
    """How a run ended: exit status, the text for the user, the files it left (relative to OUTPUT), its warnings."""

    exit_status: int
    message: str
    files: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def run_job(output: Path, inputs: tuple[Path, ...], work: Callable[[Path], tuple[str, ...]]) -> JobReport:
    """Do the work in a staged output folder; publish its results or say why there are none.

    Parameters
    ----------
    output
        The output folder.
    inputs
        Folders that are read.
    work
        Called with the staging folder; writes the results there and returns the warnings for the user.

    Returns
    -------
    JobReport
        Never raises for an error of the run: 0 done, 2 the input was refused, 3 something failed.
    """
    started = datetime.now(UTC)
    try:
        folder = OutputFolder(output, inputs)
    except UptakeError as error:
        return JobReport(error.exit_status, str(error))
    try:
        warnings = work(folder.staging)
        message = "done"

        def metadata(files: tuple[str, ...]) -> dict[str, object]:
            return build_metadata(DONE, message, started=started, outputs=files, warnings=warnings)

        return JobReport(DONE, message, folder.publish(metadata), warnings)
    except BaseException as error:
        status, text = describe_error(error)
        folder.abandon(build_metadata(status, text, started=started))
        if not isinstance(error, Exception):
            raise
        return JobReport(status, text)


def describe_error(error: BaseException) -> tuple[int, str]:
    """Exit status and text of an error; the text of a foreign error is left out, since it may hold patient data."""
    if isinstance(error, UptakeError):
        return error.exit_status, str(error)
    if isinstance(error, MemoryError):
        return OutputFailed.exit_status, "There is not enough memory for this exam. Free some, or use a larger machine."
    if isinstance(error, OSError) and error.errno is not None:
        return OutputFailed.exit_status, f"The disk or a file failed ({error.strerror}). Check space and permissions."
    if isinstance(error, KeyboardInterrupt):
        return OutputFailed.exit_status, "Stopped by the user."
    frames = traceback.extract_tb(error.__traceback__)
    trail = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames))
    _log.error("internal error %s at %s", type(error).__name__, trail)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "an unknown place"
    return OutputFailed.exit_status, f"Internal error {type(error).__name__} at {where}. Please report it."
