"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Folder of real and reference data; tests that need it are skipped where it is absent."""
    named = os.environ.get("UPTAKE_DATA", "")
    folder = Path(named) if named else _BESIDE
    if not (folder / "README.md").is_file():
        pytest.skip("no reference data: set UPTAKE_DATA to its folder")
    return folder
