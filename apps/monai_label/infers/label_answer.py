"""What a tool or a network answers, before it becomes a file or a DICOM Segmentation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.monai_label.infers.placed_labels import PlacedLabels
from uptake.volume import LabelMap


@dataclass(frozen=True, slots=True, eq=False)
class LabelAnswer:
    """Labels with what is said of them.

    Parameters
    ----------
    placed
        On the requested series' grid.
    names
        Those of the values that occur, by rising value.
    algorithm
        Which tool or weights, as a DICOM Segmentation's Segment Algorithm Name.
    notes
        More for the client: plain JSON, no patient data.
    """

    placed: PlacedLabels
    names: Mapping[str, int]
    algorithm: str
    notes: Mapping[str, object] = field(default_factory=dict)

    @property
    def labels(self) -> LabelMap:
        """The whole grid's."""
        return self.placed.label_map()

    @property
    def params(self) -> dict[str, object]:
        """The JSON part of the answer, as MONAI Label's clients read it."""
        return {"label_names": dict(self.names), "algorithm": self.algorithm, **self.notes}
