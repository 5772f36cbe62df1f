import threading
import time

import pytest

from apps.monai_label.strategies.score_store import ScoreStore
from apps.monai_label.strategies.score_worker import ScoreWorker, WorkerSettings
from tests.apps.monai_label.strategies.scores import score
from uptake.errors import BundleRefused, InputRefused, UptakeError


class Server:
    """Images and versions; scoring is counted, and may be told to fail."""

    def __init__(self):
        self.images, self.number, self.asked, self.faults = ["1.1", "1.2", "1.3"], 1, [], {}

    def get_unlabeled_images(self):
        return self.images[1:]

    def list_images(self):
        return self.images

    def exam(self, image_id):
        return image_id

    def current(self, name):
        return f"{name} {self.number}"

    def current_number(self, name):
        return self.number

    def score(self, exam, folder, name, pause):
        pause()
        self.asked.append((exam, folder))
        if exam in self.faults:
            raise self.faults[exam]
        pause()
        return score(*name[:1], version=name[1])


@pytest.fixture
def store(tmp_path):
    made = ScoreStore(tmp_path / "scores.sqlite")
    yield made
    made.close()


@pytest.fixture
def server():
    return Server()


def worker(server, store, **settings):
    return ScoreWorker("m", server, server, store, server.score, WorkerSettings(**settings))


def test_exams_without_truth_come_first_and_each_is_scored_once(server, store):
    one = worker(server, store)
    assert one.work() == 3
    assert [exam for exam, _ in server.asked] == ["1.2", "1.3", "1.1"]
    assert one.work() == 0
    server.images.append("1.4")
    assert one.work() == 1


def test_a_new_version_scores_all_anew(server, store):
    one = worker(server, store)
    one.work()
    server.number = 2
    assert one.work() == 3
    assert {each.version for each in store.scores("m").values()} == {2}


def test_a_new_version_in_the_middle_ends_the_round(server, store):
    plain = server.score

    def promoted_meanwhile(exam, folder, name, pause):
        server.number = 2
        return plain(exam, folder, name, pause)

    server.score = promoted_meanwhile
    assert worker(server, store).work() == 0
    assert store.scores("m") == {}


def test_an_exam_that_cannot_be_scored_is_not_tried_again_and_again(server, store):
    server.faults["1.2"] = InputRefused("no CT.", remedy="")
    one = worker(server, store)
    assert one.work() == 2
    assert one.work() == 0
    assert sum(exam == "1.2" for exam, _ in server.asked) == 1


@pytest.mark.parametrize("fault", [UptakeError("the PACS is away"), BundleRefused("broken", remedy="")])
def test_a_pacs_that_is_away_or_a_broken_model_is_no_exams_fault(server, store, fault):
    server.faults["1.2"] = fault
    with pytest.raises(UptakeError):
        worker(server, store).work()
    assert store.done("m", 1, retry_after_s=60) == set()


def test_it_waits_while_somebody_needs_the_processor_and_ends_at_once(server, store):
    one = worker(server, store, busy=lambda: True)
    one.start()
    time.sleep(0.3)
    assert server.asked == []
    one.close()
    assert server.asked == []


def test_it_goes_on_even_on_a_busy_server(server, store):
    assert worker(server, store, busy=lambda: True, longest_pause_s=0.0).work() == 3


def test_the_thread_scores_what_comes_later_when_it_is_poked(server, store):
    done = threading.Event()
    plain = server.score

    def watched(exam, *rest):
        if exam == "1.4":
            done.set()
        return plain(exam, *rest)

    server.score = watched
    one = worker(server, store, idle_s=60.0)
    one.start()
    deadline = time.monotonic() + 5
    while len(store.scores("m")) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    server.images.append("1.4")
    one.poke()
    assert done.wait(5)
    one.close()


def test_a_network_that_takes_minutes_to_load_does_not_keep_the_server_from_ending(server, store):
    loading, loaded = threading.Event(), threading.Event()
    plain = server.score

    def slow(exam, folder, name, pause):
        loading.set()
        loaded.wait(30)
        return plain(exam, folder, name, pause)

    server.score = slow
    one = worker(server, store)
    one.start()
    assert loading.wait(5)
    begun = time.monotonic()
    one.close(patience_s=0.1)
    assert time.monotonic() - begun < 5
    loaded.set()
    one.close()
    assert server.asked == []
