"""metadata.json fits its schema for every ending, and the schema knows endings apart."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from jsonschema import ValidationError

from uptake.reporting.metadata_json import build_metadata, validate_metadata

STARTED = datetime(2024, 3, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(("exit_status", "status"), [(0, "done"), (2, "refused"), (3, "failed"), (1, "failed")])
def test_every_ending(exit_status, status):
    document = build_metadata(exit_status, "text", started=STARTED, finished=STARTED + timedelta(seconds=9))
    validate_metadata(document)
    assert document["status"] == status
    assert document["started"] == "2024-03-01T10:00:00+00:00"
    assert document["finished"] == "2024-03-01T10:00:09+00:00"


def test_outputs_and_warnings():
    document = build_metadata(0, "done", started=STARTED, outputs=("b", "a"), warnings=("z", "y"))
    validate_metadata(document)
    assert document["outputs"] == ["a", "b"]
    assert document["warnings"] == ["z", "y"]


def test_a_failed_run_lists_no_outputs():
    with pytest.raises(ValidationError):
        validate_metadata(build_metadata(2, "refused", started=STARTED, outputs=("report.pdf",)))


def test_status_and_exit_status_must_agree():
    document = build_metadata(0, "done", started=STARTED)
    with pytest.raises(ValidationError):
        validate_metadata({**document, "exit_status": 3})


def test_refusing_does_not_wait_for_matplotlib():
    code = "import sys, uptake.reporting.metadata_json; print('matplotlib' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
