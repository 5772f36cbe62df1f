"""How a training went: a table, a picture, and TensorBoard's files where it is installed."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

LOG = "log.csv"
PICTURE = "curves.png"
BOARD = "tensorboard"
_FIRST = ("epoch", "seconds", "rate", "loss", "score")

History = Sequence[dict[str, float]]


def write_log(history: History, folder: Path) -> None:
    """Write ``log.csv``: a line per epoch, empty where an epoch was not validated."""
    names = {name for row in history for name in row}
    columns = [*(name for name in _FIRST if name in names), *sorted(names.difference(_FIRST))]
    partial = folder / f".{LOG}.partial"
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows({name: f"{value:.6g}" for name, value in row.items()} for row in history)
    partial.replace(folder / LOG)


def write_curves(history: History, folder: Path) -> None:
    """Write ``curves.png``: the loss, and Dice in validation by class, over the epochs."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    left.plot([row["epoch"] for row in history], [row["loss"] for row in history], color="black")
    left.set(xlabel="epoch", ylabel="loss", title="training")
    for name in sorted({name for row in history for name in row if name.startswith("dice_")}):
        rows = [row for row in history if math.isfinite(row.get(name, math.nan))]
        label = name.removeprefix("dice_").replace("_", " ")
        right.plot([row["epoch"] for row in rows], [row[name] for row in rows], marker=".", label=label)
    right.set(xlabel="epoch", ylabel="cohort Dice", title="validation", ylim=(0, 1))
    if right.lines:
        right.legend(loc="lower right", frameon=False)
    figure.savefig(folder / PICTURE, dpi=120)


def write_board(row: Mapping[str, float], folder: Path) -> None:
    """Add an epoch to TensorBoard's files; nothing where TensorBoard is not installed."""
    if find_spec("tensorboard") is None:
        return
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(folder / BOARD)) as board:
        for name, value in row.items():
            if name != "epoch" and math.isfinite(value):
                board.add_scalar(name, value, int(row["epoch"]))
