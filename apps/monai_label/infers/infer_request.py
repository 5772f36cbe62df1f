"""A request for a label, read from what came from outside: known keys only, each checked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from apps.monai_label.exams.exam_key import require_uid
from apps.monai_label.infers.infer_errors import RequestRefused
from uptake.exam import PreparedExam
from uptake.geometry import ImageGeometry
from uptake.volume import LabelMap

EXTENSIONS = (".nrrd", ".nii.gz", ".nii")
SERVER_KEYS = frozenset({"image", "model", "series", "user", "label_map", "cancelled", "description"})
"""Set by the server, never from ``params``."""
CLICK_PARAMS = frozenset({"foreground", "background", "label_name"})
RESULT_PARAMS = frozenset({"result_extension", "result_dtype", "result_compress"})
IGNORED_PARAMS = frozenset({"restore_label_idx", "client_id", "device", "reset_state", "label_info"})
"""What OHIF's extension, 3D Slicer's module and the Python client add, and what changes nothing here.

``label_info`` is for whoever makes a DICOM Segmentation of the answer.
"""

_WHAT = "See the parameters that /info/ announces for this model."


class Exams(Protocol):
    """What is asked of the datastore."""

    def exam(self, image_id: str) -> PreparedExam:
        """The exam with its voxels."""

    def prior(self, image_id: str) -> PreparedExam | None:
        """The exam before it, if there is one."""

    def truth(self, image_id: str) -> LabelMap | None:
        """Its newest true label, on the PET's grid."""

    def truth_version(self, image_id: str) -> int:
        """How many versions of its truth there are."""


@dataclass(frozen=True, slots=True, eq=False)
class InferRequest:
    """What is wanted.

    Parameters
    ----------
    image_id
        The exam: its PET's Series Instance UID.
    series_uid
        The series on whose grid the clicks are and the labels are wanted: the PET's or the CT's.
    user
        Who asks, as the server knows him; empty where it does not say.
    label_map
        The label as it is in the viewer, where it was sent along.
    params
        The allowed parameters, values unchecked but for those of ``RESULT_PARAMS``.
    cancelled
        Says whether the answer is still wanted.
    """

    image_id: str
    series_uid: str
    user: str = ""
    label_map: LabelMap | None = None
    params: Mapping[str, object] = field(default_factory=dict)
    cancelled: Callable[[], bool] = lambda: False

    @property
    def extension(self) -> str:
        """Of the file that is wanted."""
        return str(self.params.get("result_extension") or ".nii.gz")

    @property
    def compressed(self) -> bool:
        """Whether an NRRD is wanted compressed."""
        return bool(self.params.get("result_compress", False))

    def grid(self, prepared: PreparedExam) -> ImageGeometry:
        """The grid of the series that is shown.

        Raises
        ------
        RequestRefused
            If that series is neither the exam's PET nor its CT.
        """
        exam = prepared.exam
        if self.series_uid == exam.pet.series_uid:
            return prepared.suv.geometry
        if exam.ct is not None and prepared.ct is not None and self.series_uid == exam.ct.series_uid:
            return prepared.ct.geometry
        raise RequestRefused(
            "The series is neither the PET nor the CT of this exam.", remedy="Show the exam's PET or its CT."
        )


def read_request(request: Mapping[str, object], allowed: Collection[str]) -> InferRequest:
    """Read a request: the server's own keys, and of the others those that are ``allowed``.

    Raises
    ------
    RequestRefused
        If there is another key, or a parameter of the result is none of those that can be.
    InputRefused
        If an identifier is no UID.
    """
    params = {key: value for key, value in request.items() if key not in SERVER_KEYS}
    unknown = set(params) - set(allowed) - RESULT_PARAMS - IGNORED_PARAMS
    if unknown:
        raise RequestRefused(f"{len(unknown)} of the parameters are not allowed for this model.", remedy=_WHAT)
    image_id = require_uid(_text(request.get("image")))
    label_map = request.get("label_map")
    if label_map is not None and not isinstance(label_map, LabelMap):
        raise TypeError("label_map is a LabelMap")
    cancelled = request.get("cancelled")
    read = InferRequest(
        image_id,
        require_uid(_text(request.get("series") or image_id)),
        _text(request.get("user") or ""),
        label_map,
        params,
        cancelled if callable(cancelled) else lambda: False,
    )
    if read.extension not in EXTENSIONS:
        raise RequestRefused("No file of that kind is written.", remedy=f"Ask for one of {', '.join(EXTENSIONS)}.")
    if params.get("result_dtype") not in (None, "", "uint8"):
        raise RequestRefused("Labels are written as uint8 alone.", remedy="Leave result_dtype out.")
    return read


def number_of(params: Mapping[str, object], key: str) -> float | None:
    """A positive number among the parameters; None where it is absent, empty or 0, as viewers send what is not set.

    Raises
    ------
    RequestRefused
        If it is anything else.
    """
    value = params.get(key)
    if value in (None, ""):
        return None
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError(key)
        number = float(value)
    except (ValueError, OverflowError) as error:
        raise RequestRefused(f"{key} is not a number.", remedy=_WHAT) from error
    if not 0 <= number < float("inf"):
        raise RequestRefused(f"{key} must be a positive number.", remedy=_WHAT)
    return number or None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise RequestRefused("An identifier is not a text.", remedy="Give the exam's image id.")
    return value
