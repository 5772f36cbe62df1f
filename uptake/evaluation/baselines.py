"""What published thresholds find on the same grid and patients: lesions of one kind, without a network."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from uptake.errors import InputRefused
from uptake.evaluation.cohort_data import CohortExam
from uptake.evaluation.kept_labels import Labels
from uptake.inference.model_store import Normalisation
from uptake.inference.network_input import network_input
from uptake.regions import segment
from uptake.settings import METHODS, SegmentationSettings
from uptake.training.recipe import TrainingRecipe
from uptake.volume import SuvVolume

NAMED = tuple(name for name in METHODS if name != "percist-liver")
"""Every method but that which needs the liver, which a network's field of view seldom shows."""

THRESHOLD, AT_LESIONS = "threshold ", " at lesions"
"""How the titles of thresholds begin, and how those end of regions at true lesions alone."""
_FORMAT = 1
_MINIMUM_ML = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class ThresholdLabels:
    """Labels by thresholds on SUV, resampled as the network's PET is, inside the field of view and the body.

    Each method is scored twice: with all that it finds, physiological uptake too, and with the regions alone that
    touch a lesion of the truth, as if a reader had taken away the rest without a mistake.

    Parameters
    ----------
    recipe
        Of the networks that thresholds are compared with.
    names
        Methods of ``uptake.regions``.
    """

    recipe: TrainingRecipe
    names: Sequence[str] = NAMED

    maker = "thresholds"
    as_one = True
    classes = ("lesion",)

    @property
    def methods(self) -> Mapping[str, str]:
        """Title of each label map that is kept."""
        kept = [name + end for end in ("", AT_LESIONS) for name in self.names]
        return {name: THRESHOLD + name for name in kept}

    def applies(self, exam: CohortExam) -> bool:
        """Whether the exam is labelled at all."""
        return True

    def key(self, exam: CohortExam) -> str:
        """Hash of all that decides the labels."""
        settings = [asdict(_settings(name)) for name in self.names]
        parts = (_FORMAT, exam.prepared.folder.name, settings)
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def make(self, exam: CohortExam, progress: Callable[[int, int], None]) -> dict[str, Labels]:
        """Label an exam with every method.

        Parameters
        ----------
        exam
            Read again, as the network's input holds no SUV.
        progress
            Called with methods done and all.
        """
        truth = np.asarray(exam.prepared.labels()) > 0
        suv = suv_on_grid(exam, self.recipe)
        found: dict[str, Labels] = {}
        for done, name in enumerate(self.names):
            progress(done, len(self.names))
            regions = segment(suv, _settings(name)).array
            touched = np.unique(regions[truth])
            found[name] = (regions > 0).astype(np.uint8)
            found[name + AT_LESIONS] = (np.isin(regions, touched) & (regions > 0)).astype(np.uint8)
        progress(len(self.names), len(self.names))
        return found


def suv_on_grid(exam: CohortExam, recipe: TrainingRecipe) -> SuvVolume:
    """The exam's SUV, g/ml, on the network's grid, by the code that makes the network's input; 0 outside the body.

    Raises
    ------
    InputRefused
        If the exam is no longer the one that was prepared.
    """
    plain = tuple(replace(each, normalisation=Normalisation("none")) for each in recipe.channels)
    # The box of voxels other than 0 is looked for in all channels together.
    wanted = [each for each in plain if each.kind == "PT" or recipe.preprocessing.crop == "nonzero"]
    pet = next(index for index, each in enumerate(wanted) if each.kind == "PT")
    read = network_input(exam.load().channels, wanted, recipe.preprocessing)
    body = exam.prepared.body()
    if not read.geometry.same_grid(exam.geometry):
        raise InputRefused(
            f"exam {exam.name} is not the one that was prepared.", remedy="Name another folder with --cache."
        )
    return SuvVolume(np.where(body, read.array[pet], np.float32(0)), read.geometry)


def _settings(name: str) -> SegmentationSettings:
    return SegmentationSettings(method=name, minimum_volume_ml=_MINIMUM_ML)
