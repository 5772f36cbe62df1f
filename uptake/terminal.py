"""How commands speak to people: a progress bar, warnings, and what was refused or failed."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


def progress_bar(*, quiet: bool = False, counted: bool = False) -> Progress:
    """A bar on standard error that leaves nothing behind; ``counted`` adds how many of how many."""
    console = Console(stderr=True, quiet=quiet)
    count = (MofNCompleteColumn(),) if counted else ()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), *count, TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True)


def tell_trouble(status: int, message: str) -> None:
    """Say on standard error that the input was refused (2) or that something failed."""
    title = "Refused: " if status == 2 else "Failed: "
    _console().print(title + message, style="bold red", markup=False)


def tell_warnings(warnings: tuple[str, ...]) -> None:
    """One line each, on standard error."""
    for warning in warnings:
        _console().print(f"warning: {warning}", style="yellow", markup=False)


def tell_done(output: Path) -> None:
    """Say what to open first."""
    text = f"Done. Open {output / 'report.pdf'}; every number is in {output / 'results.json'}."
    _console().print(text, markup=False)


def _console() -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True)
