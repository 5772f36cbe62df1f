"""``uptake`` in this process, as the shell would call it."""

from __future__ import annotations

import sys

import pytest

from uptake.cli import main


def exit_status(*arguments: object) -> object:
    """Run it and give its exit status."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["uptake", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
    return stopped.value.code
