"""Why a training does not begin, or a version cannot be used."""

from __future__ import annotations

from uptake.errors import InputRefused, UptakeError


class TrainingRefused(InputRefused):
    """The model cannot be trained, or too few exams have truth."""


class TrainingBusy(InputRefused):
    """A training is running; one runs at a time."""

    def __init__(self, model: str) -> None:
        super().__init__(f"{model} is being trained.", remedy="Wait until that training is over, or stop it.")


class TrainingStopped(UptakeError):
    """Somebody stopped the training; the version in use is the one from before."""


class VersionRefused(InputRefused):
    """There is no such version of the model, or its files are gone."""
