"""What was measured: per lesion and in total."""

from __future__ import annotations

from dataclasses import dataclass

from uptake.fold_agreement import FoldAgreement
from uptake.geometry import Vector
from uptake.lesion_class import LesionClass
from uptake.network_weights import NetworkWeights
from uptake.task import TaskChoice
from uptake.volume import LabelMap


@dataclass(frozen=True, slots=True)
class LesionMeasurement:
    """One region's numbers. SUV is body-weight SUV in g/ml; None where a number cannot be had.

    Parameters
    ----------
    label
        The region's number in the label map.
    tracking_id, tracking_uid
        The lesion's name and DICOM UID, kept from exam to exam.
    suv_max, suv_mean, suv_sd
        Over the region's voxels, g/ml.
    suv_peak, sul_peak
        Highest mean in a 1 cm3 sphere centred in the region (rule 3), g/ml; ``sul_peak`` needs a lean body mass.
    suv_peak_12mm
        The same with a 12 mm sphere (Moreau 2022), g/ml.
    mtv_ml, tlg_g
        Metabolic tumour volume, and MTV x SUVmean in grams.
    voxels
        Count of voxels.
    max_index, max_position_mm
        Where SUVmax is: array index (z, y, x), LPS millimetres (x, y, z).
    centroid_mm
        Centre of the region, LPS millimetres.
    extent_mm
        Size of the bounding box along the array's z, y, x, in millimetres.
    site
        Anatomical site, empty while nothing has named it.
    class_name
        Name of its ``LesionClass``; empty where the method tells none apart.
    agreement
        How far the folds of the network agree on it; None where there are not several.
    planning_volume_ml
        Its volume on the CT's grid, as the RT Structure Set has it; None where there is none.
    """

    label: int
    tracking_id: str
    tracking_uid: str
    suv_max: float
    suv_mean: float
    suv_sd: float
    suv_peak: float
    suv_peak_12mm: float
    sul_peak: float | None
    mtv_ml: float
    tlg_g: float
    voxels: int
    max_index: tuple[int, int, int]
    max_position_mm: Vector
    centroid_mm: Vector
    extent_mm: Vector
    site: str = ""
    class_name: str = ""
    agreement: FoldAgreement | None = None
    planning_volume_ml: float | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums and extremes over all regions of an exam; maxima are None where there is no region."""

    lesions: int
    mtv_ml: float
    tlg_g: float
    suv_max: float | None
    suv_peak: float | None
    sul_peak: float | None


@dataclass(frozen=True, slots=True)
class ClassTotals:
    """Sums and extremes over the regions of one class; zeros where there is none."""

    lesion_class: LesionClass
    totals: Totals


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """All regions of one exam, hottest first, with the method that found them and what it does not know.

    Parameters
    ----------
    labels
        Region numbers on the PET grid.
    lesions, totals
        Each region's numbers, and those of all.
    method
        What found the regions.
    caveats
        What the reader must know about them.
    by_class
        For each class that the method tells apart, found or not; empty for thresholds.
    weights
        Of the network that found the regions; None where none was used.
    planning
        Region numbers on a box of the CT's grid, class chosen there; None where they are not wanted.
    task
        What the run looks for, and why; None where nothing was chosen.
    """

    labels: LabelMap
    lesions: tuple[LesionMeasurement, ...]
    totals: Totals
    method: str
    caveats: tuple[str, ...] = ()
    by_class: tuple[ClassTotals, ...] = ()
    weights: NetworkWeights | None = None
    planning: LabelMap | None = None
    task: TaskChoice | None = None

    def __post_init__(self) -> None:
        unknown = {lesion.class_name for lesion in self.lesions} - {
            "",
            *(each.lesion_class.name for each in self.by_class),
        }
        if unknown:
            raise ValueError(f"no such class of lesions: {', '.join(sorted(unknown))}")

    def class_of(self, lesion: LesionMeasurement) -> LesionClass | None:
        """The lesion's class, or None where the method tells none apart."""
        return next((each.lesion_class for each in self.by_class if each.lesion_class.name == lesion.class_name), None)


def split_notes(findings: Findings) -> tuple[str, ...]:
    """A sentence for each lesion on whose class the network's folds differ."""
    titles = {each.lesion_class.name: each.lesion_class.title for each in findings.by_class}
    notes = []
    for lesion in findings.lesions:
        if lesion.agreement is not None and lesion.agreement.split:
            votes = ", ".join(f"{titles.get(name, name)} {count}" for name, count in lesion.agreement.votes)
            notes.append(f"{lesion.tracking_id}: the folds differ on its class ({votes}); a reader must decide.")
    return tuple(notes)
