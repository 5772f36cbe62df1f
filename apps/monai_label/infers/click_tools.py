"""The tools that find a region at a click: a threshold's, or one between foreground and background clicks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from apps.monai_label.infers.clicks import Voxel, on_pet, read_clicks, require_tissue
from apps.monai_label.infers.infer_errors import ClickRefused
from apps.monai_label.infers.infer_request import CLICK_PARAMS, InferRequest, number_of
from apps.monai_label.infers.interactive import interactive_region
from apps.monai_label.infers.label_answer import LabelAnswer
from apps.monai_label.infers.label_names import LabelNames
from apps.monai_label.infers.placed_labels import Part, PlacedLabels, placed
from apps.monai_label.infers.threshold_rules import LiverSul, Rule, liver_at, region, threshold_suv
from uptake.exam import PreparedExam
from uptake.geometry import ImageGeometry
from uptake.volume import SuvVolume

INTERACTIVE = "interactive"
LIVER = "liver_reference"
_LIVER_PARAMS = frozenset({LIVER, "liver_mean_sul", "liver_sd_sul"})
_NO_CLICK = "There is no foreground click."
_CLICK = "Click into the lesion first."


@dataclass(frozen=True, slots=True)
class ClickTool:
    """One tool: a threshold's rule, or None for the interactive one; and the labels that a region may be given."""

    rule: Rule | None
    names: LabelNames

    @property
    def name(self) -> str:
        """As it is listed."""
        return self.rule.name if self.rule else INTERACTIVE

    @property
    def description(self) -> str:
        """What it does, for whoever chooses it."""
        clicks = "Background clicks part it by the valleys of uptake."
        if self.rule is None:
            return "Region between foreground and background clicks, by random walks over the SUV."
        liver = f" Click in the liver's right lobe under the label {LIVER} first." if self.rule.needs_liver else ""
        return f"Region at each foreground click: {self.rule.title}. {clicks}{liver}"

    @property
    def allowed(self) -> frozenset[str]:
        """The parameters that it takes."""
        liver = _LIVER_PARAMS if self.rule is not None and self.rule.needs_liver else frozenset()
        return CLICK_PARAMS | frozenset(self.names.values) | liver

    def answer(self, request: InferRequest, prepared: PreparedExam) -> LabelAnswer:
        """Find the regions of all foreground clicks, each label's with its value.

        ``foreground`` counts for ``label_name``, or the first lesion label; clicks may also come under the labels' own
        names, as OHIF's and 3D Slicer's tools for several labels send them.

        Raises
        ------
        InputRefused
            If a click, a parameter or the exam does not do; see ``clicks``, ``growing`` and ``threshold_rules``.
        """
        began = perf_counter()
        grid = request.grid(prepared)
        clicks = _by_label(request, grid, prepared.suv, self.names)
        background = on_pet(read_clicks(request.params.get("background"), grid), grid, prepared.suv.geometry)
        notes: dict[str, object] = {}
        level = None
        if self.rule is not None:
            level = threshold_suv(self.rule, prepared, self._liver(request, prepared, grid))
            notes = {} if level is None else {"threshold_suv": round(level, 4)}
        found = [
            (self._region(prepared, own, background, level), self.names.values[name]) for name, own in clicks.items()
        ]
        labels = placed(found, prepared.suv.geometry)
        onto = labels if grid is prepared.suv.geometry else labels.onto(grid)
        notes |= _measured(labels, prepared.suv) | {"seconds": round(perf_counter() - began, 4)}
        return LabelAnswer(onto, self.names.present(onto), self._algorithm, notes)

    @property
    def _algorithm(self) -> str:
        return f"Click, {self.rule.title}" if self.rule else "Clicks, random walker"

    def _region(
        self, prepared: PreparedExam, own: Sequence[Voxel], background: Sequence[Voxel], level: float | None
    ) -> Part:
        """One label's region."""
        if self.rule is None:
            return interactive_region(prepared.suv, own, background)
        parts = [(region(self.rule, prepared, each, level), 1) for each in own]
        together = placed(parts, prepared.suv.geometry)
        return _parted(Part(together.values > 0, together.box), prepared.suv, own, background)

    def _liver(self, request: InferRequest, prepared: PreparedExam, grid: ImageGeometry) -> LiverSul | None:
        """What was said of the liver: a click's sphere, else numbers, else nothing."""
        if self.rule is None or not self.rule.needs_liver:
            return None
        at = on_pet(read_clicks(request.params.get(LIVER), grid), grid, prepared.suv.geometry)
        if at:
            return liver_at(prepared, at[-1])
        mean, sd = (number_of(request.params, key) for key in ("liver_mean_sul", "liver_sd_sul"))
        return None if mean is None else LiverSul(mean, sd or 0.0)


def _by_label(
    request: InferRequest, grid: ImageGeometry, suv: SuvVolume, names: LabelNames
) -> dict[str, tuple[Voxel, ...]]:
    """Foreground clicks of each label, as voxels of the PET, none of them in air."""
    wanted = request.params.get("label_name")
    plain = names.first_lesion if wanted in (None, "") else str(wanted)
    names.require(plain)
    found: dict[str, tuple[Voxel, ...]] = {}
    for name, key in ((plain, "foreground"), *((each, each) for each in names.values)):
        clicks = on_pet(read_clicks(request.params.get(key), grid), grid, suv.geometry)
        for each in clicks:
            require_tissue(suv, each)
        if clicks:
            found[name] = tuple(dict.fromkeys((*found.get(name, ()), *clicks)))
    if not found:
        raise ClickRefused(_NO_CLICK, remedy=_CLICK)
    return found


def _parted(part: Part, suv: SuvVolume, own: Sequence[Voxel], background: Sequence[Voxel]) -> Part:
    """Without what drains to a background click rather than to one of its own, by the valleys of uptake between."""
    first = [side.start for side in part.box]

    def held(click: Voxel) -> bool:
        return all(s.start <= at < s.stop for at, s in zip(click, part.box, strict=True)) and bool(
            part.mask[tuple(np.subtract(click, first))]
        )

    against = [each for each in background if held(each) and each not in own]
    if not against:
        return part
    # Imported here: scikit-image takes half a second.
    from skimage.segmentation import watershed

    marks = np.zeros(part.mask.shape, dtype=np.int32)
    for clicks, mark in ((own, 1), (against, 2)):
        for click in clicks:
            if held(click):
                marks[tuple(np.subtract(click, first))] = mark
    basins = watershed(-suv.array[part.box], marks, mask=part.mask, connectivity=3)
    return Part(np.asarray(basins == 1), part.box)


def _measured(labels: PlacedLabels, suv: SuvVolume) -> dict[str, object]:
    """Volume and SUVmax of all that was found."""
    inside = labels.values > 0
    hottest = float(suv.array[labels.box][inside].max()) if inside.any() else 0.0
    volume_ml = float(np.count_nonzero(inside)) * suv.geometry.voxel_volume_ml
    return {"volume_ml": round(volume_ml, 3), "suv_max": round(hottest, 3)}
