"""MONAI Label's train tasks: thin, the work is in ``train_jobs``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monailabel.interfaces.datastore import Datastore
from monailabel.interfaces.tasks.train import TrainTask

from apps.monai_label.trainers.model_versions import ModelVersions
from apps.monai_label.trainers.site_recipe import site_recipe
from apps.monai_label.trainers.train_jobs import TrainJobs
from apps.monai_label.trainers.train_options import TrainOptions, options_of
from apps.monai_label.trainers.train_status import TrainStatus
from uptake.errors import UptakeError
from uptake.inference.model_store import list_bundles, load_bundle


class LabelTrainer(TrainTask):
    """Trains one bundle from the exams that have truth.

    Parameters
    ----------
    model
        Name of the bundle.
    jobs, versions
        See there.
    defaults
        For what a request leaves out.
    """

    def __init__(
        self, model: str, jobs: TrainJobs, versions: ModelVersions, defaults: TrainOptions | None = None
    ) -> None:
        super().__init__(f"Train {model} from submitted labels; used only if it is not worse")
        self.model = model
        self._jobs, self._versions, self._defaults = jobs, versions, defaults or TrainOptions()

    def config(self) -> dict[str, Any]:
        """What a client may choose, with the defaults."""
        return self._defaults.to_plain()

    def stats(self) -> dict[str, Any]:
        """The version in use and what happened, as clients show it."""
        status = self._jobs.status()
        running = {"status": status.to_task()} if status is not None and status.model == self.model else {}
        return self._versions.described(self.model) | running

    def start(self, request: Mapping[str, Any]) -> TrainStatus:
        """Begin; errors as ``options_of`` and ``TrainJobs.start``."""
        return self._jobs.start(self.model, options_of(request, self._defaults))

    def __call__(self, request: Mapping[str, Any], datastore: Datastore | None = None) -> dict[str, Any]:
        """Train, wait for the end, and say how it went; the exams are those of the jobs' own datastore."""
        self.start(request)
        status = self._jobs.wait()
        return {} if status is None else status.to_task()


def init_trainers(
    models: Path, jobs: TrainJobs, versions: ModelVersions, defaults: TrainOptions | None = None
) -> dict[str, LabelTrainer]:
    """A trainer for every bundle that is whole and has a recipe of its own; the others cannot be trained."""
    found = {}
    for listed in list_bundles(models):
        try:
            if not listed.problem:
                site_recipe(load_bundle(models / listed.folder))
                found[listed.folder] = LabelTrainer(listed.folder, jobs, versions, defaults)
        except UptakeError:  # no recipe, or one that does not fit: starting it by name says which
            continue
    return found
