"""Trainings as the server runs them; one is real and in a process of its own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from apps.monai_label.trainers import train_jobs
from apps.monai_label.trainers.folder_lock import FolderLock
from apps.monai_label.trainers.job_files import Outcome
from apps.monai_label.trainers.model_versions import ModelVersions
from apps.monai_label.trainers.train_jobs import JobSettings, TrainJobs
from apps.monai_label.trainers.train_options import TrainOptions
from apps.monai_label.trainers.training_errors import TrainingBusy, TrainingRefused
from apps.monai_label.trainers.training_process import TrainingProcess
from tests.apps.monai_label.trainers.small_site import NAME, Site, image_id, write_bundle
from uptake.inference.model_store import build_network, load_bundle, load_weights
from uptake.training.recipe import recipe_of

SHORT = TrainOptions(seconds=3.0, epochs=2)


class Place:
    """A site with an untrained bundle and five patients with truth."""

    def __init__(self, folder):
        self.site = Site(folder / "data", patients=5)
        self.site.submit_all()
        self.bundle = write_bundle(folder)
        self.promoted = []
        self.versions = ModelVersions(folder / "versions", folder / "models")
        settings = JobSettings(threads=1, nice=1, on_promoted=lambda *news: self.promoted.append(news))
        self.jobs = TrainJobs(self.versions, self.site, settings)
        self.home = self.versions.home(NAME)

    def after(self, options=SHORT):
        self.jobs.start(NAME, options)
        return self.jobs.wait(280)


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path)
    yield made
    made.jobs.close()


class Pretended:
    """Instead of the process: ends with an outcome at once, or when it is told to."""

    outcome_ = Outcome(before=(0.8,), after=(0.5,), judged_by=("x",), finished=("time is over",), seconds=3.0)

    def __init__(self, folder, nice):
        self.folder = folder

    def outcome(self, tell, stop):
        stop()
        return self.outcome_


class Endless(Pretended):
    def outcome(self, tell, stop):
        while True:
            stop()
            time.sleep(0.01)


def test_a_training_makes_a_version_that_is_used(place):
    status = place.after()
    assert status.state == "DONE", status.details
    state = place.versions.state(NAME)
    event = state.events[-1]
    assert (state.latest, event.version, event.exams) == (2, 2, 4)
    assert not list(place.home.glob("job*"))
    assert (event.what, event.before) == ("promoted", 0.0)
    assert place.promoted == [(NAME, 2)]
    assert status.promoted == 2
    folder = place.versions.current(NAME)
    assert folder == place.home / "v2" / NAME
    bundle = load_bundle(folder)
    assert bundle.version == "1.0.2"
    assert bundle.folds == (0, 1)
    assert not bundle.training.digital_patients_only
    assert "4 exams of 4 patients of this site; started from small_test 1.0.0" in bundle.training.description
    old, new = (load_weights(each, 0, build_network) for each in (place.bundle, bundle))
    assert any((old[key] != new[key]).any() for key in old)
    assert recipe_of((folder / "configs" / "recipe.json").read_text(), "").fitting.epochs == 2
    assert place.versions.roll_back(NAME) == 1


def test_a_worse_version_is_not_used_and_why_is_said(place, monkeypatch):
    monkeypatch.setattr(train_jobs, "TrainingProcess", Pretended)
    status = place.after()
    assert (status.state, status.promoted) == ("DONE", None)
    assert "version 2 0.500, version 1 0.800; worse, so it is not used" in status.details[-1]
    assert place.versions.current(NAME) == place.bundle.folder
    assert place.promoted == []


def test_versions_are_compared_on_the_same_exams_from_then_on(place, monkeypatch):
    monkeypatch.setattr(train_jobs, "TrainingProcess", Pretended)
    place.after()
    first = place.versions.state(NAME).judges
    place.after()
    assert place.versions.state(NAME).judges == first
    assert len(first) == 1


def test_one_training_runs_at_a_time_and_can_be_stopped(place, monkeypatch):
    monkeypatch.setattr(train_jobs, "TrainingProcess", Endless)
    place.jobs.start(NAME)
    with pytest.raises(TrainingBusy, match=NAME):
        place.jobs.start(NAME)
    assert place.jobs.running
    assert place.jobs.stop()
    status = place.jobs.wait(10)
    assert (status.state, status.to_task()["status"]) == ("STOPPED", "ERROR")
    assert place.versions.current_number(NAME) == 1
    assert not place.jobs.stop()
    assert not list(place.home.glob("job*"))


def test_another_servers_training_is_not_disturbed(place):
    place.home.mkdir(parents=True)
    with FolderLock(place.home / ".lock", NAME):
        assert "is being trained" in place.after().details[-1]


def test_kill_9_of_the_training_leaves_the_version_in_use(place, monkeypatch):
    plain = TrainingProcess.outcome

    def killed(self, tell, stop):
        os.kill(self.number, signal.SIGKILL)
        return plain(self, tell, stop)

    monkeypatch.setattr(TrainingProcess, "outcome", killed)
    status = place.after()
    assert status.state == "ERROR"
    assert "exit status -9" in status.details[-1]
    assert place.versions.current_number(NAME) == 1
    assert place.versions.state(NAME).events == ()
    assert not list(place.home.glob("job*"))


def test_what_a_killed_server_left_is_gone_with_the_next_training(place, monkeypatch):
    monkeypatch.setattr(train_jobs, "TrainingProcess", Pretended)
    for left in ("job-1/fold_0", "v7/small_test"):
        (place.home / left).mkdir(parents=True)
    assert place.after().state == "DONE"
    assert not (place.home / "v7").exists()
    assert not list(place.home.glob("job*"))


def test_a_process_ends_where_its_server_is_gone():
    name = "apps.monai_label.trainers.parent_watch"
    code = f"import sys; from {name} import watch_parent; watch_parent(int(sys.argv[1]))(); sys.exit(9)"
    root = Path(__file__).parents[4]
    ended = {
        parent: subprocess.run([sys.executable, "-c", code, str(parent)], cwd=root, check=False, timeout=60).returncode
        for parent in (os.getpid(), 1)
    }
    assert ended == {os.getpid(): 9, 1: 4}


def test_too_few_labels_are_told_and_nothing_is_trained(place, monkeypatch):
    monkeypatch.setattr(train_jobs, "TrainingProcess", Pretended)
    place.site._labels = {image_id(0): place.site._labels[image_id(0)]}
    status = place.after()
    assert status.state == "ERROR"
    assert "1 patient(s) have truth, and 3 are needed" in status.details[-1]


def test_a_model_without_a_recipe_is_refused_before_anything_begins(place):
    (place.bundle.folder / "configs" / "recipe.json").unlink()
    with pytest.raises(TrainingRefused, match="no recipe"):
        place.jobs.start(NAME)
    assert place.jobs.status() is None


def test_an_error_inside_tells_no_secret(place, monkeypatch):
    def broken():
        raise RuntimeError("PATIENT NAME")

    monkeypatch.setattr(place.site, "truths", broken)
    status = place.after()
    assert status.state == "ERROR"
    assert "PATIENT" not in str(status)


SERVER = """
import sys, time
from pathlib import Path
from apps.monai_label.trainers.model_versions import ModelVersions
from apps.monai_label.trainers.train_jobs import JobSettings, TrainJobs
from apps.monai_label.trainers.train_options import TrainOptions
from tests.apps.monai_label.trainers.small_site import NAME, Site

folder = Path(sys.argv[1])
site = Site(folder / "served", patients=5)
site.submit_all()
jobs = TrainJobs(ModelVersions(folder / "versions", folder / "models"), site, JobSettings(threads=1))
jobs.start(NAME, TrainOptions(seconds=600.0, epochs=100_000))
jobs.wait()
"""


@pytest.mark.full
def test_kill_9_of_the_server_in_the_middle_ends_its_training_and_the_next_one_starts_clean(
    place, tmp_path, monkeypatch
):
    server = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", SERVER, str(tmp_path)], cwd=Path(__file__).parents[4]
    )
    waited_for(lambda: any('"epoch": 2' in each.read_text() for each in place.home.glob("job*/progress.json")))
    children = Path(f"/proc/{server.pid}/task").glob("*/children")
    (child,) = {int(number) for each in children for number in each.read_text().split()}
    server.kill()
    server.wait()
    waited_for(lambda: not Path(f"/proc/{child}").exists() or "(zombie)" in Path(f"/proc/{child}/status").read_text())
    assert place.versions.current_number(NAME) == 1
    assert list(place.home.glob("job*"))
    monkeypatch.setattr(train_jobs, "TrainingProcess", Pretended)
    assert place.after().state == "DONE"
    assert not list(place.home.glob("job*"))


def waited_for(condition, seconds=240):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
