"""The tools that change a label map by click: remove a region, make physiological uptake suspicious."""

from __future__ import annotations

from dataclasses import dataclass

from apps.monai_label.infers.clicks import Voxel, read_clicks
from apps.monai_label.infers.drafts import Draft, Drafts
from apps.monai_label.infers.infer_errors import ClickRefused, RequestRefused
from apps.monai_label.infers.infer_request import CLICK_PARAMS, Exams, InferRequest
from apps.monai_label.infers.label_answer import LabelAnswer
from apps.monai_label.infers.label_names import LabelNames
from apps.monai_label.infers.placed_labels import PlacedLabels
from apps.monai_label.infers.region_edits import recoloured
from uptake.exam import PreparedExam
from uptake.geometry import ImageGeometry

REMOVE = "remove_region"
PROMOTE = "physiological_to_suspicious"


@dataclass(frozen=True, slots=True)
class EditTool:
    """One edit, and the labels that it is on.

    It starts from the label that came with the request; else from the machine's last answer to this user on this exam,
    with the edits since; else, or where something was submitted meanwhile, from the exam's newest truth.
    """

    name: str
    names: LabelNames

    @property
    def description(self) -> str:
        """What it does, for whoever chooses it."""
        starts = "Starts from the last answer of a model, or the last label that was submitted; strokes of the brush "
        starts += "since then are not known to it, so submit them first."
        if self.name == REMOVE:
            return f"Removes the regions under the clicks. {starts}"
        return f"Makes the physiological regions under the clicks suspicious. {starts}"

    @property
    def allowed(self) -> frozenset[str]:
        """The parameters that it takes."""
        return CLICK_PARAMS | frozenset(self.names.values)

    def answer(self, request: InferRequest, prepared: PreparedExam, exams: Exams, drafts: Drafts) -> LabelAnswer:
        """Edit, and keep the result as the next edit's start.

        Raises
        ------
        ClickRefused
            If no click meets a region that the edit changes, or one is malformed or outside the exam.
        RequestRefused
            If there is no label to edit, or a name is not announced.
        """
        grid = request.grid(prepared)
        clicks = self._clicks(request, grid)
        version = exams.truth_version(request.image_id)
        labels, base = self._start(request, exams, drafts, version)
        edited = recoloured(labels.onto(grid), clicks, self._change(request))
        if not edited.changed:
            what = "region" if self.name == REMOVE else "physiological region"
            raise ClickRefused(
                f"Under {'the click' if len(clicks) == 1 else 'none of the clicks'} there is "
                f"{'no' if len(clicks) == 1 else 'a'} {what} of the {base}.",
                remedy="Click into a region, or submit the label that is shown and try again.",
            )
        drafts.keep(request.user, request.image_id, Draft(edited.labels, version))
        notes = {"started_from": base, "regions_changed": edited.changed, "clicks": len(clicks)}
        return LabelAnswer(edited.labels, self.names.present(edited.labels), f"Click, {self.name}", notes)

    def _clicks(self, request: InferRequest, grid: ImageGeometry) -> tuple[Voxel, ...]:
        clicks = [
            click for key in ("foreground", *self.names.values) for click in read_clicks(request.params.get(key), grid)
        ]
        if not clicks:
            raise ClickRefused("There is no click.", remedy="Click into the region.")
        return tuple(dict.fromkeys(clicks))

    def _start(self, request: InferRequest, exams: Exams, drafts: Drafts, version: int) -> tuple[PlacedLabels, str]:
        if request.label_map is not None:
            return PlacedLabels.cropped(request.label_map.array, request.label_map.geometry), "label that was sent"
        draft = drafts.of(request.user, request.image_id, version)
        if draft is not None:
            return draft.labels, "last answer"
        truth = exams.truth(request.image_id)
        if truth is None:
            raise RequestRefused(
                "There is no label of this exam to edit yet.", remedy="Run a model or submit a label first."
            )
        return PlacedLabels.cropped(truth.array, truth.geometry), "submitted label"

    def _change(self, request: InferRequest) -> dict[int, int]:
        """From values to values."""
        if self.name == REMOVE:
            return dict.fromkeys(range(1, 256), 0)
        wanted = request.params.get("label_name")
        lesions = self.names.of_role("lesion")
        target = str(wanted) if wanted in lesions else self.names.first_lesion
        return {self.names.values[each]: self.names.values[target] for each in self.names.of_role("physiological")}
