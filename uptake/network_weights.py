"""Which network found the lesions: its weights, where they come from, and the engine that ran them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FoldWeights:
    """One weights file: the fold's number and the file's SHA-256 in lower-case hex."""

    fold: int
    sha256: str


@dataclass(frozen=True, slots=True)
class NetworkWeights:
    """The weights of a run; said wherever their results are shown.

    Parameters
    ----------
    bundle, version
        The model bundle, such as ``head_neck_mtv`` and ``1.0.0``.
    folds
        Every weights file that took part.
    digital_patients_only
        Whether no real patient was among the training data.
    trained_on
        The training data in words.
    engine, engine_why
        What ran the network, and why this one.
    """

    bundle: str
    version: str
    folds: tuple[FoldWeights, ...]
    digital_patients_only: bool
    trained_on: str
    engine: str
    engine_why: str

    def __post_init__(self) -> None:
        if not self.bundle or not self.version or not self.folds:
            raise ValueError("weights need the bundle's name, its version and at least one fold")

    @property
    def origin(self) -> str:
        """What they were trained on, short."""
        if self.digital_patients_only:
            return "trained on digital patients only"
        return f"trained on: {self.trained_on.strip().rstrip('.')}"

    @property
    def sentence(self) -> str:
        """Name, version and origin, as every result shows them."""
        return f"{self.bundle} {self.version}, {self.origin}"
