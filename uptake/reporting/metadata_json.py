"""metadata.json: how a run ended, written on failure too; never a word about the patient."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from uptake import __version__
from uptake.notice import RESEARCH_USE
from uptake.reporting.json_schema import validate

SCHEMA = "uptake.metadata/1"
SCHEMA_FILE = "metadata-1.schema.json"
_STATUS = {0: "done", 2: "refused"}


def build_metadata(
    exit_status: int,
    message: str,
    *,
    started: datetime,
    outputs: Sequence[str] = (),
    warnings: Sequence[str] = (),
    finished: datetime | None = None,
) -> dict[str, Any]:
    """Say how a run ended.

    Parameters
    ----------
    exit_status
        0 is ``done``, 2 is ``refused``, anything else is ``failed``.
    message
        The text for the user, without patient data.
    started, finished
        When; both with a time zone. ``finished`` is now where it is not given.
    outputs
        Files of the run, relative to the output folder.
    warnings
        What the user should know.
    """
    return {
        "schema": SCHEMA,
        "for_research_use": RESEARCH_USE,
        "software": {"name": "Uptake", "version": __version__},
        "status": _STATUS.get(exit_status, "failed"),
        "exit_status": exit_status,
        "message": message,
        "started": started.isoformat(),
        "finished": (finished or datetime.now(UTC)).isoformat(),
        "outputs": sorted(outputs),
        "warnings": list(warnings),
    }


def validate_metadata(document: dict[str, Any]) -> None:
    """Hold a metadata document against ``metadata-1.schema.json``.

    Raises
    ------
    jsonschema.ValidationError
        If it does not fit.
    """
    validate(document, SCHEMA_FILE)
