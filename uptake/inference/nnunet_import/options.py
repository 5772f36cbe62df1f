"""What a trained nnU-Net folder does not say, or says in words of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from uptake.inference.model_store.bundle import version_parts
from uptake.inference.model_store.label_classes import known_names

CHANNEL_KINDS = ("PT", "CT")
UNKNOWN_LICENCE = """\
These weights were imported from a trained nnU-Net v2 model. The licence of the original weights applies to them, and
the import did not know it. Find it out from whoever trained the model before you use or pass on these weights, and put
its text here.
"""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to import a model.

    Parameters
    ----------
    name, version, authors, copyright, references
        Of the bundle.
    configuration
        Such as ``3d_fullres``; None reads it from the checkpoint or, where that is silent, from the folder's name.
    folds
        Numbers of the folds to import; None for all that have the checkpoint (``fold_all`` where there is no other).
    checkpoint
        ``final`` (``checkpoint_final.pth``) or ``best``.
    channels
        ``PT`` or ``CT`` by the channel's number, where its name in dataset.json does not say it.
    classes
        Name in ``classes.csv`` by the label's name in dataset.json, where they differ.
    orientation
        ``LPS`` or ``RAS``: see ``Preprocessing``; None for RAS where the plans name a reader that reorients, else LPS.
    licence
        Text for the bundle's LICENSE.
    digital_patients_only
        Whether it was trained on digital patients alone.

    Raises
    ------
    ValueError
        If an option is impossible; it is named.
    """

    name: str
    configuration: str | None = None
    folds: tuple[int, ...] | None = None
    checkpoint: str = "final"
    channels: Mapping[int, str] = field(default_factory=dict)
    classes: Mapping[str, str] = field(default_factory=dict)
    orientation: str | None = None
    licence: str = UNKNOWN_LICENCE
    authors: str = "unknown; imported from nnU-Net v2"
    copyright: str = "unknown; see LICENSE"
    references: tuple[str, ...] = ()
    version: str = "1.0.0"
    digital_patients_only: bool = False

    def __post_init__(self) -> None:
        version_parts(self.version)
        if self.checkpoint not in ("final", "best"):
            raise ValueError(f"checkpoint must be final or best, not {self.checkpoint!r}")
        if self.orientation not in (None, "LPS", "RAS"):
            raise ValueError(f"orientation must be LPS or RAS, not {self.orientation!r}")
        if self.folds is not None and (not self.folds or len(set(self.folds)) != len(self.folds)):
            raise ValueError("folds must be at least one number, each once")
        if self.folds is not None and min(self.folds) < 0:
            raise ValueError("folds must be numbers of at least 0")
        for number, kind in self.channels.items():
            if kind not in CHANNEL_KINDS:
                raise ValueError(f"channels: channel {number} must be PT or CT, not {kind!r}")
        for label, name in self.classes.items():
            if name not in known_names():
                known = ", ".join(known_names())
                raise ValueError(f"classes: label {label!r} cannot be {name!r}; known are {known}")
        if not self.licence.strip():
            raise ValueError("licence must not be empty")
