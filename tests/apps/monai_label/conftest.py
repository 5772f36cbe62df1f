"""Fixtures of the MONAI Label application's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.apps.monai_label.orthanc_server import OrthancServer, require_orthanc
from tests.apps.monai_label.small_exams import small_exams

__all__ = ["orthanc", "small_exams"]


@pytest.fixture
def orthanc(tmp_path) -> Iterator[OrthancServer]:
    """An empty Orthanc of this test's own; skipped where it is not installed."""
    server = OrthancServer(require_orthanc(), tmp_path / "orthanc").start()
    yield server
    server.kill()
