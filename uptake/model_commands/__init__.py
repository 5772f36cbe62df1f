"""``uptake models``: bundles of networks, listed, checked, exported, quantised, put on engines and imported."""

from __future__ import annotations

import typer

from uptake.model_commands import compiling, exporting, importing, listing, quantising

__all__ = ["models_app"]

models_app = typer.Typer(
    help="Model bundles: networks with their weights, hashes and model cards.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
_STATUS = "Exit status: 0 done, 2 refused, 3 failed, 64 wrong usage."

models_app.command(
    "list", epilog="Examples:  [bold]uptake models list[/]   [bold]uptake models list --models /opt/models --json[/]"
)(listing.list_models)
models_app.command(
    "verify",
    epilog="Examples:  [bold]uptake models verify[/]   [bold]uptake models verify head_neck_mtv --json[/]   "
    "Exit status: 0 all sound, 2 one or more refused.",
)(listing.verify)
models_app.command(
    "export",
    epilog="Examples:  [bold]uptake models export head_neck_mtv network.onnx[/]   "
    f"[bold]uptake models export head_neck_mtv network.xml --format openvino --fold 1[/]   {_STATUS}",
)(exporting.export)
models_app.command(
    "quantise",
    epilog="Examples:  [bold]uptake models quantise head_neck_mtv --data exams/[/]   "
    f"[bold]uptake models quantise head_neck_mtv --data cohort/ --digital-patients --held-out 8 --json[/]   {_STATUS}",
)(quantising.quantise)
models_app.command(
    "compile",
    epilog="Examples:  [bold]uptake models compile head_neck_mtv[/]   "
    f"[bold]uptake models compile head_neck_mtv --engine openvino-int8 --json[/]   {_STATUS}",
)(compiling.compile_bundle)
models_app.command(
    "import-nnunet",
    epilog="Example:  [bold]uptake models import-nnunet nnUNetTrainer__nnUNetPlans__3d_fullres --name my_lesions "
    f"--channel 0=PT --channel 1=CT --class tumor=lesion --licence LICENSE[/]   {_STATUS}",
)(importing.import_nnunet)
