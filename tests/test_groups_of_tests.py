import os

import pytest


@pytest.mark.xdist_group("groups of tests")
def test_tests_of_a_group_share_a_worker(request):
    if "PYTEST_XDIST_WORKER" not in os.environ:
        pytest.skip("not run by pytest-xdist")
    # pytest-xdist 3.8 keeps a group together by this name; where it is missing the mark does nothing, and silently.
    assert request.node.nodeid.endswith("@groups of tests")
