"""The fixture of a served application."""

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("requests_toolbelt")


@pytest.fixture
def serve(tmp_path):
    from tests.apps.monai_label.server.served import served

    return lambda **settings: served(tmp_path, **settings)


@pytest.fixture
def here(serve):
    return serve()
