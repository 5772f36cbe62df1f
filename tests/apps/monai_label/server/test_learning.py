"""The next exam, training, versions."""

import json

from tests.apps.monai_label.server.served import PET

JSON = {"Content-Type": "application/json"}


def post(here, target, document, user="trainer"):
    return here.ask("POST", target, user, JSON, json.dumps(document).encode())


def test_the_next_exam_is_asked_for_the_account(here):
    answer = post(here, "/activelearning/random", {"client_id": "viewer"}, "ann")
    assert json.loads(answer.body)["id"] == PET
    assert here.app.asked == [("random", {"client_id": "viewer"}, "ann")]
    assert "path" not in json.loads(answer.body)


def test_strategies_and_their_params_are_an_allow_list(here):
    assert post(here, "/activelearning/none", {}, "ann").status == 404
    for params in ({"strategy": "x"}, {"user": "ben"}, {"image": PET}, [1]):
        assert post(here, "/activelearning/random", params, "ann").status == 400
    assert here.app.asked == []


def test_whoever_is_given_an_exam_has_seen_its_version(here):
    here.app.version, here.app.author = 3, "ann"
    post(here, "/activelearning/random", {}, "ben")
    assert here.services.seen.seen("ben", PET) == 3


def test_training_starts_with_announced_options_alone(here):
    assert post(here, "/train/net", {"max_epochs": 7, "client_id": None}).status == 200
    assert here.app.training_now["params"] == {"max_epochs": 7}
    for params in ({"model_filename": "x"}, {"device": "cuda"}, {"max_epochs": "many"}, {"max_epochs": [1]}):
        assert post(here, "/train/net", params).status == 400
    assert post(here, "/train/none", {}).status == 404


def test_the_viewer_trains_by_the_models_name(here):
    assert post(here, "/train/", {"net": {"max_epochs": 2}}).status == 200
    assert here.app.training_now["params"] == {"net": {"max_epochs": 2}}
    assert post(here, "/train/", {"other": {}}).status == 400
    assert post(here, "/train/", {"net": 1}).status == 400


def test_the_status_says_running_only_while_it_runs(here):
    assert here.ask("GET", "/train/", "reader").status == 404
    post(here, "/train/net", {})
    running = here.ask("GET", "/train/?check_if_running=true", "reader")
    assert json.loads(running.body)["status"] == "RUNNING"
    assert here.ask("DELETE", "/train/", "trainer").status == 200
    assert here.ask("GET", "/train/?check_if_running=true", "reader").status == 404
    assert json.loads(here.ask("GET", "/train/", "reader").body)["status"] == "STOPPED"


def test_annotators_cannot_train_stop_or_roll_back(here):
    for method, target in (("POST", "/train/net"), ("DELETE", "/train/"), ("POST", "/versions/net/rollback")):
        assert here.ask(method, target, "ann").status == 403


def test_versions_are_shown_and_rolled_back(here):
    assert json.loads(here.ask("GET", "/versions/net", "reader").body) == {"current": 1, "versions": [1]}
    assert post(here, "/versions/net/rollback", {}).status == 200
    assert post(here, "/versions/net/rollback", {"file": "x"}).status == 400
    assert post(here, "/versions/none/rollback", {}).status == 404
