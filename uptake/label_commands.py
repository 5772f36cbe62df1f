"""``uptake label``: the annotation server, which lies beside the package and runs in a process of its own."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from uptake.terminal import tell_trouble

label_app = typer.Typer(
    help="Annotation server: MONAI Label for PET and CT together, with OHIF and for 3D Slicer.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
_REFUSED = 2
_APPLICATION = Path("apps") / "monai_label" / "__main__.py"

Models = Annotated[Path, typer.Option("--models", metavar="FOLDER", help="The folder that holds the bundles.")]
Work = Annotated[Path, typer.Option("--work", metavar="FOLDER", help="What the server keeps.")]
Host = Annotated[str, typer.Option("--host", help="Address to listen at; 127.0.0.1 is this machine alone.")]
Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen at.")]
Pacs = Annotated[str | None, typer.Option("--pacs", metavar="URL", help="DICOMweb root; else own Orthanc.")]
Studies = Annotated[Path | None, typer.Option("--studies", metavar="FOLDER", help="Exams of a folder, no PACS.")]
Imports = Annotated[list[Path] | None, typer.Option("--import", metavar="FOLDER", help="Exams for that Orthanc.")]
NewTokens = Annotated[bool, typer.Option("--new-tokens", help="Make new tokens, and print them.")]
More = Annotated[list[str] | None, typer.Argument(metavar="[-- MORE]", help="Further options of the server itself.")]


@label_app.command(
    "serve",
    epilog="Examples:  [bold]uptake label serve --import exams/[/] (own Orthanc, http://127.0.0.1:8000/)   "
    "[bold]uptake label serve --pacs http://pacs:8042/dicom-web -- --pacs-account uptake --pacs-password-file f[/]   "
    "[bold]uptake label serve --studies exams/[/]   [bold]uptake label serve -- --help[/] (accounts, TLS, OIDC)   "
    "Exit status: 0 ended, 2 refused, 3 failed, 64 wrong usage.",
)
def serve(
    more: More = None,
    pacs: Pacs = None,
    studies: Studies = None,
    imports: Imports = None,
    models: Models = Path("models"),
    work: Work = Path("out/label"),
    host: Host = "127.0.0.1",
    port: Port = 8000,
    new_tokens: NewTokens = False,
) -> int:
    """Serve exams to annotators in OHIF and 3D Slicer; only accounts with a token are let in."""
    root = _application_root()
    if root is None:
        return _refuse(
            "The annotation server is not part of the installed package.",
            "Clone the repository and run this command in it.",
        )
    if importlib.util.find_spec("monailabel") is None:
        return _refuse(
            "MONAI Label is not installed.",
            "Run `make label-env`, or: pip install 'uptake[label]' && pip install --no-deps monailabel==0.8.5",
        )
    options = ["--models", str(models), "--work", str(work), "--host", host, "--port", str(port)]
    options += [part for folder in imports or () for part in ("--import", str(folder))]
    options += [] if pacs is None else ["--pacs", pacs]
    options += [] if studies is None else ["--studies", str(studies)]
    options += ["--new-tokens"] if new_tokens else []
    return _run(root, [*options, *(more or ())])


def _application_root() -> Path | None:
    """The folder that holds ``apps``: where the command runs, or where the package's source lies."""
    for root in (Path.cwd(), Path(__file__).resolve().parent.parent):
        if (root / _APPLICATION).is_file():
            return root
    return None


def _run(root: Path, options: list[str]) -> NoReturn:
    """Become the server, so that signals and the exit status are its own."""
    paths = [str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-m", "apps.monai_label", *options]
    os.execve(sys.executable, command, environment)  # noqa: S606 - our own module, options as a list


def _refuse(reason: str, remedy: str) -> int:
    tell_trouble(_REFUSED, f"{reason} {remedy}")
    return _REFUSED
