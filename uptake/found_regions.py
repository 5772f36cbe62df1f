"""What a method found before anything is measured: numbered regions, the class of each, and what to know of them."""

from __future__ import annotations

from dataclasses import dataclass

from uptake.fold_agreement import FoldAgreement
from uptake.lesion_class import LesionClass
from uptake.network_weights import NetworkWeights
from uptake.task import TaskChoice
from uptake.volume import LabelMap


@dataclass(frozen=True, slots=True, eq=False)
class FoundRegions:
    """Regions of one exam.

    Parameters
    ----------
    labels
        Regions numbered 1, 2, ... on the PET grid.
    method
        What found them, for the record.
    caveats
        What the reader must know about them.
    classes
        The kinds of lesion that the method tells apart; none for thresholds.
    class_names
        Of region 1, 2, ...: names of ``classes``; empty where there are none.
    weights
        The network's, or None where none was used.
    agreements
        Of region 1, 2, ...: how far the network's folds agree on it; empty where there are not several.
    planning
        The regions, with their numbers, on a box of the CT's grid; None where they are not wanted.
    task
        What the run looks for, and why; None where nothing was chosen.
    """

    labels: LabelMap
    method: str
    caveats: tuple[str, ...] = ()
    classes: tuple[LesionClass, ...] = ()
    class_names: tuple[str, ...] = ()
    weights: NetworkWeights | None = None
    agreements: tuple[FoldAgreement, ...] = ()
    planning: LabelMap | None = None
    task: TaskChoice | None = None

    def __post_init__(self) -> None:
        known = {each.name for each in self.classes}
        if len(known) != len(self.classes):
            raise ValueError("two classes of lesions have the same name")
        if not set(self.class_names) <= known:
            raise ValueError("a region is of a class that the method does not have")
        if self.classes and int(self.labels.array.max(initial=0)) > len(self.class_names):
            raise ValueError("a region has no class")
        if self.agreements and int(self.labels.array.max(initial=0)) != len(self.agreements):
            raise ValueError("agreement of folds is given for all regions or none")

    def class_of(self, label: int) -> str:
        """Name of the region's class; empty where the method has none."""
        return self.class_names[label - 1] if self.class_names else ""

    def agreement_on(self, label: int) -> FoldAgreement | None:
        """How far the folds agree on the region; None where there are not several."""
        return self.agreements[label - 1] if self.agreements else None
