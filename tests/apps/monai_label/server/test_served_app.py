"""What the server's calls become of in the application."""

from types import SimpleNamespace

import pytest

pytest.importorskip("monailabel")
from apps.monai_label.server.served_app import ServedApp
from uptake.errors import BundleRefused


class Trainer:
    def __init__(self, name, refuses=False):
        self.name, self.refuses = name, refuses

    def start(self, params):
        if self.refuses:
            raise BundleRefused("it has no recipe.", remedy="")
        return SimpleNamespace(to_task=lambda: {"model": self.name, "params": params})


@pytest.fixture
def served(tmp_path):
    trainers = {name: Trainer(name, refuses=name == "a") for name in "abc"}
    background = SimpleNamespace(start=lambda: None)
    app = SimpleNamespace(trainers=trainers, datastore=lambda: None, background=background)
    return ServedApp(app, tmp_path, lambda series_uid: None)


def test_without_a_name_the_model_is_trained_that_options_are_given_for(served):
    assert served.train(None, {"c": {"seconds": 5}}) == {"model": "c", "params": {"seconds": 5}}


def test_without_name_and_options_the_first_model_that_can_be_is_trained(served):
    assert served.train(None, {}) == {"model": "b", "params": {}}


def test_a_model_that_cannot_be_trained_is_not_replaced_by_another(served):
    with pytest.raises(BundleRefused):
        served.train(None, {"a": {}})
