"""Making a cohort: patients in parallel processes, each folder whole or not there, finished ones kept."""

from __future__ import annotations

import csv
import json
import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from uptake.errors import InputRefused, NotDesignable
from uptake.phantom.cohort.specification import CohortSpecification
from uptake.phantom.cohort.survival import Hazard, draw_follow_up
from uptake.phantom.designing import Wish, designed
from uptake.phantom.patient_folder import write_patient

SPECIFICATION_FILE = "cohort.json"
TABLE_FILE = "cohort.csv"
_COLUMNS = ("folder", "patient_id", "scenario", "exams", "lesions", "burden_ml", "follow_up_days", "event", "intended")


@dataclass(frozen=True, slots=True)
class CohortReport:
    """What came of it: how many patients the folder now holds, made in this run, and which could not be designed."""

    complete: int
    made: int
    failed: tuple[str, ...]


def make_cohort(
    folder: Path,
    specification: CohortSpecification,
    *,
    processes: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> CohortReport:
    """Write every patient of the specification that is not there yet, then the cohort's table.

    Parameters
    ----------
    folder
        New, empty, or holding part of the same cohort.
    specification
        Written beside the patients; a folder with another one is refused.
    processes
        Patients made at once; 0 takes one per core.
    progress
        Called with the number of patients there and the number wanted.

    Raises
    ------
    InputRefused
        If the folder belongs to another cohort or holds something else.
    """
    _claim(folder, specification)
    wishes = specification.wishes()
    waiting = [wish for wish in wishes if not (folder / folder_name(wish) / "truth").exists()]
    done, failed = len(wishes) - len(waiting), list[str]()
    progress(done, len(wishes))
    count = min(processes or os.cpu_count() or 1, max(len(waiting), 1))
    # Spawned, since a fork after numba's threads have started may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=context, initializer=one_thread) as pool:
        jobs = {pool.submit(make_one, wish, specification.hazard, folder): wish for wish in waiting}
        for job in as_completed(jobs):
            try:
                job.result()
            except NotDesignable as error:
                failed.append(str(error))
            done += 1
            progress(done, len(wishes))
    _write_table(folder, wishes)
    complete = sum((folder / folder_name(wish)).exists() for wish in wishes)
    return CohortReport(complete, len(waiting) - len(failed), tuple(failed))


def folder_name(wish: Wish) -> str:
    """Of one patient within the cohort."""
    return f"patient-{wish.seed:08d}"


def make_one(wish: Wish, hazard: Hazard, folder: Path) -> None:
    """Design one patient, draw what follow-up showed, and write the folder."""
    found = designed(wish)
    random = np.random.default_rng((crc32(found.patient.identity.encode()), 7))
    days, event = draw_follow_up(sum(found.rendered[0].volumes_ml), hazard, random)
    patient = replace(found.patient, follow_up_days=days, event=event)
    write_patient(folder / folder_name(wish), replace(found, patient=patient))


def one_thread() -> None:
    """One core for each process: patients, not voxels, are shared out; and no process outlives the one that asked."""
    import numba

    numba.set_num_threads(1)
    asker = multiprocessing.parent_process()
    if asker is not None:
        threading.Thread(target=_end_with, args=(asker,), daemon=True).start()


def _end_with(asker: Any) -> None:
    # A killed command does not end its workers, which would render what is waiting for them to the last patient.
    asker.join()
    os._exit(1)


def _claim(folder: Path, specification: CohortSpecification) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / SPECIFICATION_FILE
    if page.exists():
        if page.read_text(encoding="utf-8") != specification.to_json():
            raise InputRefused(f"{folder} holds another cohort.", remedy="Name another folder, or the same options.")
        return
    if any(folder.iterdir()):
        raise InputRefused(f"{folder} is not empty and holds no cohort.", remedy="Name a new folder.")
    page.write_text(specification.to_json(), encoding="utf-8")


def _write_table(folder: Path, wishes: Sequence[Wish]) -> None:
    """One line per patient, from the truth files, for people who read tables."""
    with (folder / TABLE_FILE).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        for wish in wishes:
            page = folder / folder_name(wish) / "truth" / "truth.json"
            if page.exists():
                writer.writerow(_row(folder_name(wish), json.loads(page.read_text(encoding="utf-8"))))


def _row(name: str, truth: dict[str, Any]) -> dict[str, object]:
    first, follow_up = truth["exams"][0], truth["follow_up"] or {}
    return {
        "folder": name,
        "patient_id": truth["patient"]["patient_id"],
        "scenario": truth["scenario"],
        "exams": len(truth["exams"]),
        "lesions": len(first["lesions"]),
        "burden_ml": round(sum(lesion["volume_ml"] for lesion in first["lesions"]), 3),
        "follow_up_days": follow_up.get("days", ""),
        "event": int(follow_up["event"]) if follow_up else "",
        "intended": "; ".join(f"{criterion} {category}" for criterion, category in truth["intended"].items()),
    }
