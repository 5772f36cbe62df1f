"""A bundle's labels for an exam: what it reads gathered, all its classes, on the series that is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from apps.monai_label.infers.exam_channels import Align, exam_channels, why_unknown
from apps.monai_label.infers.infer_errors import RequestRefused
from apps.monai_label.infers.infer_request import Exams, InferRequest
from apps.monai_label.infers.label_answer import LabelAnswer
from apps.monai_label.infers.network_shelf import LoadedNetwork
from apps.monai_label.infers.placed_labels import PlacedLabels, Values
from uptake.exam import PreparedExam
from uptake.geometry import ImageGeometry
from uptake.inference.model_store import Bundle
from uptake.regions.connectivity import components
from uptake.registration.axis_resampling import parallel

CLASSES = "label_prompt"
"""The parameter that names the classes which are wanted, by value, as OHIF's extension sends it; all without it."""
BUNDLE_PARAMS = frozenset({CLASSES})

_SMALLEST_ML = 0.1
_LESION = "lesion"


@dataclass(frozen=True, slots=True)
class BundleLine:
    """How a bundle is listed.

    Parameters
    ----------
    name
        Its folder's.
    labels
        Its classes without the background, by name.
    description
        With the version and what the weights were trained on, or why it is not available.
    available
        Whether it can be run for any exam at all.
    """

    name: str
    labels: dict[str, int]
    description: str
    available: bool


def listed_bundle(name: str, bundle: Bundle) -> BundleLine:
    """List a bundle that could be read."""
    why = why_unknown(bundle)
    why = why or ("" if bundle.weights else "it has no weights")
    origin = "trained on digital patients only" if bundle.training.digital_patients_only else "trained on real patients"
    reads = ", ".join(each.kind for each in bundle.inputs)
    plain = f"{bundle.task.strip().rstrip('.')}. {bundle.name} {bundle.version}, {origin}; reads {reads}. Research use."
    labels = {each.name: each.value for each in bundle.classes[1:]}
    return BundleLine(name, labels, f"Not available because {why}." if why else plain, not why)


def unreadable_bundle(name: str, problem: str) -> BundleLine:
    """List a bundle that was refused, with the reason."""
    return BundleLine(name, {}, f"Not available because of this: {problem}", available=False)


def bundle_labels(
    network: LoadedNetwork, request: InferRequest, prepared: PreparedExam, exams: Exams, align: Align
) -> LabelAnswer:
    """Run a bundle on an exam; classes as in the bundle, on the grid of the series that is shown.

    Connected parts of a lesion class under 0.1 ml are left out, as in ``uptake run`` (Nikulin 2023).

    Raises
    ------
    ModelUnavailable
        If the exam lacks what the bundle reads.
    InputRefused
        If a voxel is not a number, or a class is wanted that the bundle does not have.
    InferenceStopped
        If the answer is no longer wanted.
    """
    from uptake.inference.exam_labels import LabelOptions, label_exam

    began = perf_counter()
    bundle = network.bundle
    grid = request.grid(prepared)
    wanted = _wanted(request, bundle)
    channels = exam_channels(bundle, prepared, exams, align)
    straight = parallel(grid, prepared.suv.geometry)
    options = LabelOptions(onto=grid if straight else None)
    with network.lock:
        found = label_exam(bundle, network.predictors, channels, options, cancelled=request.cancelled)
    labels = PlacedLabels.cropped(found.labels, found.geometry)
    lesions = [each.value for each in bundle.classes if each.role == _LESION]
    labels = _without_specks(labels, lesions)
    labels = labels.changed(lambda values: np.where(np.isin(values, wanted), values, np.uint8(0)))
    placed = labels if straight else labels.onto(grid)
    present = set(np.unique(placed.values).tolist())
    names = {each.name: each.value for each in bundle.classes[1:] if each.value in present}
    notes = {"engine": network.engine, "version": bundle.version, "seconds": round(perf_counter() - began, 3)}
    return LabelAnswer(placed, names, _sentence(bundle), notes)


def _sentence(bundle: Bundle) -> str:
    """Name, version and origin, as every result shows them."""
    origin = "digital patients only" if bundle.training.digital_patients_only else "real patients"
    return f"{bundle.name} {bundle.version}, trained on {origin}"


def _wanted(request: InferRequest, bundle: Bundle) -> Sequence[int]:
    every = [each.value for each in bundle.classes[1:]]
    asked = request.params.get(CLASSES)
    if asked is None or asked == []:
        return every
    if not isinstance(asked, list) or any(isinstance(each, bool) or each not in every for each in asked):
        raise RequestRefused(f"{CLASSES} is not a list of this model's classes.", remedy="See the labels in /info/.")
    return asked


def _without_specks(labels: PlacedLabels, lesions: Sequence[int]) -> PlacedLabels:
    """Without the connected parts of lesion classes that are too small to count."""
    least = _voxels_of(_SMALLEST_ML, labels.grid)

    def cleaned(values: Values) -> Values:
        for value in lesions:
            numbered = components(values == value, 26)
            small = np.bincount(numbered.ravel()) < least
            small[0] = False
            values[small[numbered]] = 0
        return values

    return labels.changed(cleaned)


def _voxels_of(volume_ml: float, grid: ImageGeometry) -> int:
    # A hair of slack, as in uptake.regions.labelling.
    return max(1, int(np.ceil(volume_ml / grid.voxel_volume_ml * (1 - 1e-9))))
