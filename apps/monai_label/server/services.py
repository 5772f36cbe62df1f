"""What the routes share."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import Request

from apps.monai_label.server.label_app import LabelApp
from apps.monai_label.server.seen_versions import SeenVersions
from apps.monai_label.server.sessions import Sessions
from apps.monai_label.server.sign_in import FailureLimit, SignIn
from apps.monai_label.server.uploads import UploadFolder
from apps.monai_label.server.work_queue import WorkQueue


@dataclass(frozen=True, slots=True)
class Queues:
    """Where work waits, so that a kind of it never waits behind another.

    Parameters
    ----------
    inference
        Networks on whole exams: one at a time, since one takes every core.
    clicks
        Click tools.
    files
        Reading and writing of exams and labels.
    """

    inference: WorkQueue = field(default_factory=lambda: WorkQueue("infer", 1, 24))
    clicks: WorkQueue = field(default_factory=lambda: WorkQueue("click", 2, 64))
    files: WorkQueue = field(default_factory=lambda: WorkQueue("file", 4, 128))

    def close(self) -> None:
        """Start nothing more."""
        for queue in (self.inference, self.clicks, self.files):
            queue.close()


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a route may need."""

    app: LabelApp
    sign_in: SignIn
    uploads: UploadFolder
    sessions: Sessions
    secure: bool
    queues: Queues = field(default_factory=Queues)
    seen: SeenVersions = field(default_factory=SeenVersions)
    failures: FailureLimit = field(default_factory=FailureLimit)

    @classmethod
    def in_folder(cls, app: LabelApp, sign_in: SignIn, work: Path, *, secure: bool) -> Services:
        """Services that keep their files in a folder."""
        return cls(app, sign_in, UploadFolder(work / "uploads"), Sessions(work / "sessions"), secure)


def services_of(request: Request) -> Services:
    """The services of the application that a request came to."""
    services = request.app.state.services
    if not isinstance(services, Services):
        raise TypeError("the application has no services")
    return services
