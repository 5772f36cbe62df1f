"""The training process: ``python -m apps.monai_label.trainers.train_process JOB PARENT``; it reads an order only.

PARENT is the server's process number: where the server is gone, the process ends too. It changes nothing outside the
job's folder, so that it may be killed at any time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from apps.monai_label.trainers.candidate import save_candidate
from apps.monai_label.trainers.fold_training import FoldsTraining, scores, train_folds
from apps.monai_label.trainers.job_files import (
    CANDIDATE,
    ORDER,
    OUTCOME,
    PROGRESS,
    JobProgress,
    Order,
    Outcome,
    read_json,
    write_json,
)
from apps.monai_label.trainers.parent_watch import watch_parent
from apps.monai_label.trainers.verdict import verdict
from uptake.errors import UptakeError
from uptake.inference.model_store import build_network, load_bundle, load_weights
from uptake.training.progress_state import load_progress
from uptake.training.world import World, world


def main(arguments: list[str]) -> int:
    """Train as ordered; exit status 0 where an outcome was written, also one that says why it failed."""
    folder, alive = Path(arguments[0]), watch_parent(int(arguments[1]))
    try:
        order = read_json(folder / ORDER, Order)
        with world(order.threads) as where:
            alive()
            outcome = _trained(order, folder, where, alive)
    except UptakeError as error:
        outcome = Outcome(error=str(error))
    write_json(folder / OUTCOME, outcome)
    return 0


def _trained(order: Order, folder: Path, where: World, alive: Callable[[], None]) -> Outcome:
    exams = [each.prepared for each in order.exams]
    judging = [each for each in exams if each.patient in order.judges]
    learned = [each for each in exams if each.patient not in order.judges]
    bundle = load_bundle(Path(order.bundle))
    start = [load_weights(bundle, fold, build_network) for fold in bundle.folds]
    count = len(order.parts)

    def tell(fold: int, row: dict[str, float]) -> None:
        alive()
        fitting = order.recipe.fitting
        share = max(row["epoch"] / fitting.epochs, row["seconds"] / fitting.seconds if fitting.seconds else 0.0)
        done = 0.05 + 0.85 * (fold + min(share, 1.0)) / count
        line = JobProgress("training", done, fold, int(row["epoch"]), row["loss"], row.get("score"))
        write_json(folder / PROGRESS, line)

    write_json(folder / PROGRESS, JobProgress("training", 0.05))
    made = train_folds(FoldsTraining(order.recipe, learned, order.parts, start, folder), where, tell)
    write_json(folder / PROGRESS, JobProgress("comparing", 0.9))
    before, after = (scores(each, judging, order.recipe, where) for each in (start, made))
    found = verdict(before, after, (f"version {order.version}", f"version {order.next_version}"))
    alive()
    if found.promoted:
        judged = order.next_version, found
        save_candidate(bundle, made, learned, judged, order.recipe, folder / CANDIDATE)
    ended = [load_progress(folder / f"fold_{fold}") for fold in range(count)]
    return Outcome(
        before=before.exams,
        after=after.exams,
        judged_by=tuple(each.name for each in judging),
        finished=tuple(each.finished for each in ended if each is not None),
        seconds=sum(each.seconds for each in ended if each is not None),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
