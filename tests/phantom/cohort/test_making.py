"""making: cohorts are made in parallel, resumed, and never mixed."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from uptake.errors import InputRefused
from uptake.phantom.cohort.making import make_cohort
from uptake.phantom.cohort.specification import CohortSpecification


def test_a_folder_with_something_else_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputRefused, match="not empty"):
        make_cohort(tmp_path, CohortSpecification("psma", 2, 1))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_with_another_cohort_is_refused(tmp_path):
    (tmp_path / "cohort.json").write_text(CohortSpecification("psma", 2, 1).to_json())
    with pytest.raises(InputRefused, match="another cohort"):
        make_cohort(tmp_path, CohortSpecification("psma", 2, 2))


WORKING = """
import multiprocessing, os, time
from concurrent.futures import ProcessPoolExecutor
from uptake.phantom.cohort.making import one_thread

if __name__ == "__main__":
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=one_thread) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        pool.submit(time.sleep, 600).result()
"""


def test_workers_end_with_a_killed_command(tmp_path):
    (tmp_path / "working.py").write_text(WORKING)
    with subprocess.Popen([sys.executable, tmp_path / "working.py"], stdout=subprocess.PIPE, text=True) as command:
        worker = int(command.stdout.readline())
        command.kill()
    for _ in range(200):
        if not Path(f"/proc/{worker}").exists() or "(zombie)" in Path(f"/proc/{worker}/status").read_text():
            return
        time.sleep(0.05)
    os.kill(worker, signal.SIGKILL)
    pytest.fail("the worker lives on")


@pytest.mark.full
def test_a_cohort_is_resumed_where_it_stopped_and_comes_out_the_same(tmp_path):
    wanted, seen = CohortSpecification("head-neck", 2, 3), []
    report = make_cohort(tmp_path, wanted, progress=lambda done, total: seen.append((done, total)))
    assert (report.complete, report.made, report.failed) == (2, 2, ())
    assert seen == [(0, 2), (1, 2), (2, 2)]
    lost, kept = sorted(path for path in tmp_path.iterdir() if path.is_dir())
    before = {str(path.relative_to(lost)): path.read_bytes() for path in lost.rglob("*") if path.is_file()}
    kept_at = kept.stat().st_mtime_ns
    shutil.rmtree(lost)
    (tmp_path / f".{lost.name}.partial").mkdir()
    report = make_cohort(tmp_path, wanted)
    assert (report.complete, report.made) == (2, 1)
    assert {str(path.relative_to(lost)): path.read_bytes() for path in lost.rglob("*") if path.is_file()} == before
    assert kept.stat().st_mtime_ns == kept_at
    with (tmp_path / "cohort.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["folder"] for row in rows] == [lost.name, kept.name]
    for row in rows:
        truth = json.loads((tmp_path / row["folder"] / "truth" / "truth.json").read_text())
        assert float(row["follow_up_days"]) == truth["follow_up"]["days"]
        assert float(row["burden_ml"]) > 0
    assert not list(tmp_path.glob(".*"))
