"""``uptake models quantise``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from uptake.model_commands.speaking import BundleName, Json, Models, bundle_folder, print_json, refuse, say
from uptake.terminal import progress_bar

if TYPE_CHECKING:
    from uptake.exam import Exam
    from uptake.inference.model_store import Bundle
    from uptake.inference.network_input import NetworkInput


def quantise(  # noqa: PLR0913  # a command's options are its arguments
    name: BundleName,
    data: Annotated[Path, typer.Option(metavar="FOLDER", help="Exams of several patients as DICOM, any nesting.")],
    exams: Annotated[int, typer.Option(min=1, help="Exams to calibrate on, one per patient.")] = 8,
    held_out: Annotated[int, typer.Option(min=1, help="Exams of other patients to compare labels on.")] = 4,
    patches: Annotated[int, typer.Option(min=1, help="Calibration patches over all exams.")] = 48,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same patches.")] = 0,
    digital_patients: Annotated[
        bool, typer.Option("--digital-patients", help="All exams are of digital patients; the bundle will say so.")
    ] = False,
    models: Models = Path("models"),
    as_json: Json = False,
) -> int:
    """Add INT8 graphs for a CPU to a bundle, if their labels agree with float32: Dice 0.99 in every class."""
    from uptake.errors import UptakeError
    from uptake.inference.calibration import CalibrationSettings
    from uptake.inference.int8_graphs import require_packages
    from uptake.inference.model_store import load_bundle
    from uptake.inference.quantisation import QuantisationSettings
    from uptake.inference.quantisation import quantise as quantise_bundle

    settings = QuantisationSettings(CalibrationSettings(patches, seed), digital_patients)
    try:
        require_packages()
        bundle = load_bundle(bundle_folder(models, name))
        with progress_bar(quiet=as_json) as bar:
            row = bar.add_task("reading exams", total=None)
            chosen = _one_per_patient(data, exams + held_out)
            others = list(_inputs(bundle, chosen[len(chosen) - held_out :]))
            changed = quantise_bundle(
                bundle,
                _inputs(bundle, chosen[: len(chosen) - held_out]),
                others,
                settings,
                say if as_json else lambda text: bar.console.print(text, markup=False, highlight=False),
                lambda text, done, total: bar.update(row, description=text, completed=done, total=total),
            )
    except UptakeError as error:
        return refuse(error, as_json, graphs=[])
    dice = {each.class_name: each.value for each in changed.graphs[0].agreement.dice}
    if as_json:
        files = [file.path for graph in changed.graphs for file in graph.files]
        print_json({"exit_status": 0, "held_out_exams": held_out, "dice": dice, "graphs": files})
    else:
        told = ", ".join(f"{each} {value:.4f}" for each, value in dice.items())
        typer.echo(f"{name}: INT8 for {len(changed.folds)} fold(s), Dice against float32 {told}.")
        typer.echo("Run it with --engine openvino-int8.")
    return 0


def _one_per_patient(data: Path, count: int) -> list[Exam]:
    """The first exam of each of the first patients by their folder's order; InputRefused where they are too few."""
    from uptake.dicom.exams.exam_reader import select_exams
    from uptake.dicom.files.folder_scan import scan_folder
    from uptake.errors import InputRefused

    found: dict[str, Exam] = {}
    for exam in select_exams(scan_folder(data), several_patients=True):
        found.setdefault(exam.patient.patient_id, exam)
    if len(found) < 2:
        raise InputRefused(
            f"{len(found)} patient(s) are too few: labels are compared on other patients than are calibrated on.",
            remedy="Give a folder with exams of several patients.",
        )
    if len(found) < count:
        raise InputRefused(
            f"There are exams of {len(found)} patients, {count} are wanted.",
            remedy="Give more, or smaller numbers with --exams and --held-out.",
        )
    return list(found.values())[:count]


def _inputs(bundle: Bundle, exams: Sequence[Exam]) -> Iterator[NetworkInput]:
    """What the bundle's network reads of each exam, one after the other."""
    from uptake.exam_preparation import prepare
    from uptake.inference.network_input import network_input
    from uptake.volume import CtVolume, SuvVolume

    for exam in exams:
        prepared = prepare(exam)
        channels: dict[str, SuvVolume | CtVolume] = {"PT": prepared.suv}
        if prepared.ct is not None:
            channels["CT"] = prepared.ct
        yield network_input(channels, bundle.inputs, bundle.preprocessing)
