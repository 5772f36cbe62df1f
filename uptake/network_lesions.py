"""Lesions found by a network: the bundle loaded once for a run, every exam's classes, then its regions.

torch is imported only when a network is loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from uptake.errors import InputRefused
from uptake.exam import PreparedExam
from uptake.found_regions import FoundRegions
from uptake.inference.model_store import Bundle, LabelClass, load_bundle
from uptake.inference.model_store.refusal import refused
from uptake.lesion_class import LesionClass
from uptake.network_weights import FoldWeights, NetworkWeights
from uptake.regions.class_regions import class_regions
from uptake.regions.planning_regions import class_regions_on
from uptake.registration.axis_resampling import parallel
from uptake.settings import NetworkSettings
from uptake.volume import CtVolume, SuvVolume

if TYPE_CHECKING:
    from uptake.inference.predictor import Predictor

_LESION = "lesion"
_KINDS = frozenset({"PT", "CT"})
_FAST = "Fast mode: the network's patches overlap by half at most, less than it was validated with."
_ASKEW = "No RT Structure Set: the CT's planes are not parallel to the PET's."

Say = Callable[[str], None]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class LesionNetwork:
    """A network that is ready to run.

    Parameters
    ----------
    bundle, predictors
        What it is, and every fold of it on its engine.
    weights
        What is said of it in the results.
    minimum_volume_ml
        Smaller regions are dropped.
    fast
        Whether patches overlap by half at most.
    """

    bundle: Bundle
    predictors: tuple[Predictor, ...]
    weights: NetworkWeights
    minimum_volume_ml: float
    fast: bool = False

    def find(
        self, prepared: PreparedExam, progress: Progress | None = None, *, for_planning: bool = False
    ) -> FoundRegions:
        """Find an exam's lesions, on its PET grid; ``progress`` is called with patches done and in all.

        Classes that are no lesion (physiological uptake, anatomy) are not among the regions. Of several folds each
        one's own answer within every lesion is kept as well. ``for_planning``: the lesions on the CT's grid too, of
        the same pass through the networks; left out, with a caveat, where that grid is askew to the PET's.

        Raises
        ------
        InputRefused
            If the network needs a CT and the exam has none, or voxels are not finite.
        """
        from uptake.inference.exam_labels import LabelOptions, label_exam
        from uptake.inference.fold_votes import FoldVotes

        channels = self._channels(prepared)
        names = {each.value: each.name for each in self.bundle.classes if each.role == _LESION}
        ct = prepared.ct.geometry if prepared.ct is not None and for_planning else None
        askew = ct is not None and not parallel(ct, prepared.suv.geometry)
        votes = FoldVotes(names, prepared.suv.geometry.shape) if len(self.predictors) > 1 else None
        overlap = self.bundle.tiling.fast_overlap if self.fast else None
        options = LabelOptions(also=None if askew else ct, own_classes=votes.add if votes else None, overlap=overlap)
        found = label_exam(self.bundle, self.predictors, channels, options, progress or (lambda done, total: None))
        labels, class_names = class_regions(found.labels, prepared.suv, names, minimum_volume_ml=self.minimum_volume_ml)
        planning = None
        if ct is not None and found.also is not None:
            values = {name: value for value, name in names.items()}
            planning = class_regions_on(labels, [values[name] for name in class_names], found.also, ct)
        return FoundRegions(
            labels=labels,
            method=f"network {self.bundle.name} {self.bundle.version}",
            caveats=(_caveat(self.weights), *((_FAST,) if self.fast else ()), *((_ASKEW,) if askew else ())),
            classes=tuple(lesion_class(each) for each in self.bundle.classes if each.role == _LESION),
            class_names=class_names,
            weights=self.weights,
            agreements=votes.agreements(labels) if votes else (),
            planning=planning,
        )

    def _channels(self, prepared: PreparedExam) -> dict[str, SuvVolume | CtVolume]:
        channels: dict[str, SuvVolume | CtVolume] = {"PT": prepared.suv}
        if "CT" not in {each.kind for each in self.bundle.inputs}:
            return channels
        if prepared.ct is None:
            raise InputRefused(
                f"The network {self.bundle.name} reads PET and CT, and this exam has no CT that belongs to its PET.",
                remedy="Add the CT of the same examination, choose a network that reads PET alone, or a threshold.",
                series=prepared.exam.pet.label,
            )
        channels["CT"] = prepared.ct
        return channels


def load_lesion_network(settings: NetworkSettings, models: Path, say: Say) -> LesionNetwork:
    """Load the bundle that ``settings`` name from the folder ``models``, on the engine that they name.

    ``say`` is told, a line each, which engine runs it and why, and which were left out.

    Raises
    ------
    BundleRefused
        If there is no such bundle, it is damaged, finds no lesions, or reads more than one exam's PET and CT.
    InferenceRefused
        If the engine is not installed, or none works.
    """
    bundle = load_bundle(models / settings.bundle)
    _require_usable(bundle)
    from uptake.inference.bundle_engines import predictors

    chosen = predictors(bundle, settings.engine, say)
    weights = NetworkWeights(
        bundle=bundle.name,
        version=bundle.version,
        folds=tuple(FoldWeights(each.fold, each.sha256) for each in sorted(bundle.weights, key=lambda each: each.fold)),
        digital_patients_only=bundle.training.digital_patients_only,
        trained_on=bundle.training.description,
        engine=chosen.engine,
        engine_why=_why(settings.engine, chosen.engine, chosen.why),
    )
    return LesionNetwork(bundle, tuple(chosen.predictors), weights, settings.minimum_volume_ml, settings.fast)


def _why(asked: str, used: str, why: str) -> str:
    """The choice's own words, and that another engine was asked for."""
    return why if asked in ("auto", used.partition(" ")[0]) else f"{asked} was asked for and does not work here. {why}"


def lesion_class(known: LabelClass) -> LesionClass:
    """A lesion class of a bundle as the noun that findings carry; ValueError where it has no codes."""
    if known.category is None or known.type is None:
        raise ValueError(f"class {known.name!r} has no codes")
    return LesionClass(known.name, known.category, known.type, known.site)


def _require_usable(bundle: Bundle) -> None:
    if not any(each.role == _LESION for each in bundle.classes):
        raise refused(bundle.name, "none of its classes is a lesion.", "Choose a bundle that finds lesions.")
    others = sorted({each.kind for each in bundle.inputs} - _KINDS)
    if others:
        reason = f"it reads {', '.join(others)}, and a run gives a network the PET and CT of one exam."
        raise refused(bundle.name, reason, "Choose another bundle.")


def _caveat(weights: NetworkWeights) -> str:
    said = (
        f"Weights: {weights.sentence}. A network found the regions. It can miss lesions and take physiological uptake "
        "for one, so a reader must check every region."
    )
    alone = " It has one fold, so there is no agreement of folds to show a confidence by."
    return said + (alone if len(weights.folds) == 1 else "")
