"""``python -m uptake`` is the ``uptake`` command."""

from uptake.cli import main

main()
