"""Fixtures that every test may use."""

from pathlib import Path

import pytest

from tests.reference_data import reference_folder


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Folder of real and reference data; tests that need it are skipped where it is absent."""
    folder = reference_folder()
    if folder is None:
        pytest.skip("no reference data: set UPTAKE_DATA to its folder")
    return folder
