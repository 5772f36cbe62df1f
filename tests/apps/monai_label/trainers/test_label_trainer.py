"""The thin classes that MONAI Label knows; importing it takes a while."""

import pytest

pytest.importorskip("monailabel")

from apps.monai_label.strategies.label_strategies import init_strategies
from apps.monai_label.trainers import train_jobs
from apps.monai_label.trainers.label_trainer import init_trainers
from apps.monai_label.trainers.model_versions import ModelVersions
from apps.monai_label.trainers.train_jobs import TrainJobs
from apps.monai_label.trainers.train_options import TrainOptions
from apps.monai_label.trainers.training_errors import TrainingRefused
from tests.apps.monai_label.trainers.small_site import NAME, Site, image_id, write_bundle
from tests.apps.monai_label.trainers.test_train_jobs import Pretended
from tests.lesion_bundle import save_lesion_bundle


class Listed(Site):
    def get_unlabeled_images(self):
        return [name for name in self.list_images() if name not in self.truths()]

    def get_labeled_images(self):
        return list(self.truths())


def test_bundles_with_a_recipe_can_be_trained_and_report_how_it_went(tmp_path, monkeypatch):
    monkeypatch.setattr(train_jobs, "TrainingProcess", Pretended)
    write_bundle(tmp_path)
    save_lesion_bundle(tmp_path / "models")  # has no recipe
    site = Site(tmp_path / "data", patients=4)
    site.submit_all()
    versions = ModelVersions(tmp_path / "versions", tmp_path / "models")
    found = init_trainers(tmp_path / "models", TrainJobs(versions, site), versions)
    assert list(found) == [NAME]
    trainer = found[NAME]
    assert trainer.info()["config"]["seconds"] == TrainOptions().seconds
    assert trainer({"model": NAME, "seconds": 5}, None)["status"] == "DONE"
    assert "worse" in trainer.stats()["events"][0]["why"]
    assert trainer.stats()["status"]["id"] == "train-1"
    with pytest.raises(TrainingRefused):
        trainer.start({"model_filename": "x"})


def test_strategies_answer_with_an_id_or_nothing(tmp_path):
    write_bundle(tmp_path)
    site = Listed(tmp_path / "data", patients=2)
    versions = ModelVersions(tmp_path / "versions", tmp_path / "models")
    made = init_strategies(tmp_path / "models", versions, site, tmp_path / "scores")
    assert set(made.strategies) == {"random", "first", "disagreement", "burden_change", "diversity"}
    assert made.worker.model == NAME
    found = made.strategies["disagreement"]({"user": "ann"}, site)
    assert found["id"] == image_id(0)
    assert "waiting" in found
    site.submit_all()
    assert made.strategies["first"]({}, site) is None
    made.close()


def test_without_models_there_are_strategies_and_no_background(tmp_path):
    (tmp_path / "models").mkdir()
    versions = ModelVersions(tmp_path / "versions", tmp_path / "models")
    site = Listed(tmp_path / "data", patients=1)
    made = init_strategies(tmp_path / "models", versions, site, tmp_path)
    assert made.worker is None
    assert made.strategies["diversity"]({}, site)["id"] == image_id(0)
    made.close()
