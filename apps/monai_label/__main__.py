"""``python -m apps.monai_label``: the annotation server."""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
from collections.abc import Sequence

from apps.monai_label.server.command_line import parse
from uptake.errors import InputRefused, UptakeError

_log = logging.getLogger("uptake.label")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server; the exit status is 0 ended, 2 refused, 3 failed, 64 wrong usage."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    for chatty in ("httpx", "httpcore", "dicomweb_client", "monai", "monailabel"):
        logging.getLogger(chatty).setLevel(logging.WARNING)  # their lines hold addresses with patients' identifiers
    try:
        options = parse(arguments)
        _require_installed()
        # Imported here: usage errors should not wait for torch and MONAI Label.
        from apps.monai_label.main import make_app
        from apps.monai_label.server.serving import serve

        serve(options, make_app, lambda text: print(text, file=sys.stderr, flush=True))  # noqa: T201
    except UptakeError as error:
        _log.error("%s", error)
        return error.exit_status
    except KeyboardInterrupt:
        return 0
    return 0


def _require_installed() -> None:
    missing = [name for name in ("monailabel", "fastapi", "uvicorn", "dicomweb_client") if not _is_there(name)]
    if missing:
        raise InputRefused(
            f"The annotation server needs what is not installed: {', '.join(missing)}.",
            remedy="Run `make label-env`, or: pip install 'uptake[label]' && pip install --no-deps monailabel==0.8.5.",
        )


def _is_there(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _end(status: int) -> None:
    """End the process at once, after everything was closed.

    Threads that build an engine or run a network cannot be stopped: the interpreter would wait for those of a queue,
    and ending it under the others aborts.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    try:
        _end(main())
    except SystemExit as ended:  # a signal's, or wrong usage's
        _end(ended.code if isinstance(ended.code, int) else int(ended.code is not None))
