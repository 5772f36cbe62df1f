"""One scanned series as an ``ImageSeries``: copies dropped, planes sorted, every plane ready to be decoded."""

from __future__ import annotations

from uptake.dicom.exams.series_geometry import sort_planes
from uptake.dicom.exams.series_ranking import is_localizer
from uptake.dicom.files.folder_scan import ScannedSeries
from uptake.dicom.files.instance_header import InstanceHeader, StoredPlane, series_label
from uptake.errors import SeriesRefused, UnreadableFile
from uptake.exam import ImageSeries

_SEND_AGAIN = "Send the whole series again from the scanner or PACS."


def build_image_series(series: ScannedSeries) -> ImageSeries:
    """A regular volume's planes in order.

    Raises
    ------
    UnreadableFile
        If a file of the series is truncated.
    SeriesRefused, UnsafeInput
        As ``sort_planes``; also where stored values have no linear rescale.
    """
    instances, notes = _distinct(series)
    facts = series.first.facts
    label = series_label(facts.modality, facts.number, facts.description, len(instances))
    _require_whole(instances, label)
    _require_rescale(instances, label)
    planes, geometry, geometry_notes = sort_planes(instances, label)
    announced = facts.announced_slices
    if announced and len(instances) < announced and facts.modality == "PT":
        notes.append(f"{label}: NumberOfSlices (0054,0081) announces {announced}; the ends of the scan may be missing")
    if any(each.pixels.encoding.lossy for each in instances):
        notes.append(f"{label}: LossyImageCompression (0028,2110) is 01; its values are not what was measured")
    times = [plane.acquired for plane in planes if plane.acquired is not None]
    return ImageSeries(
        modality=facts.modality,
        series_uid=facts.series_uid,
        study_uid=facts.study_uid,
        sop_class_uid=facts.sop_class_uid,
        frame_of_reference_uid=facts.frame_of_reference_uid,
        label=label,
        geometry=geometry,
        planes=tuple(_plane(each) for each in planes),
        acquired=min(times) if times else facts.started,
        warnings=(*notes, *geometry_notes),
    )


def _distinct(series: ScannedSeries) -> tuple[list[InstanceHeader], list[str]]:
    """Instances without scout views and without copies of the same instance."""
    slices = [each for each in series.instances if not is_localizer(each)]
    unique: dict[tuple[str, int | None], InstanceHeader] = {}
    for each in slices:
        kept = unique.setdefault((each.sop_instance_uid, each.frame), each)
        if kept.position != each.position:
            raise SeriesRefused(
                "one instance UID stands for images at different positions.",
                remedy=_SEND_AGAIN,
                series=series.label,
                attribute="SOPInstanceUID (0008,0018)",
            )
        if each.complete and not kept.complete:
            unique[(each.sop_instance_uid, each.frame)] = each
    notes = []
    if len(slices) < len(series.instances):
        notes.append(f"{series.label}: {len(series.instances) - len(slices)} localizer image(s) left out")
    if len(unique) < len(slices):
        notes.append(f"{series.label}: {len(slices) - len(unique)} file(s) are copies of others and were left out")
    return list(unique.values()), notes


def _require_whole(instances: list[InstanceHeader], label: str) -> None:
    broken = [index for index, each in enumerate(instances, start=1) if not each.complete]
    if broken:
        raise UnreadableFile(
            f"{len(broken)} of {len(instances)} files end too early (file {broken[0]} of the series is the first).",
            remedy=_SEND_AGAIN,
            series=label,
        )


def _require_rescale(instances: list[InstanceHeader], label: str) -> None:
    if any(each.pixels.lookup_table for each in instances):
        raise SeriesRefused(
            "stored values become numbers through a table, which is not supported.",
            remedy="Send the series with RescaleSlope and RescaleIntercept.",
            series=label,
            attribute="ModalityLUTSequence (0028,3000)",
        )
    for name, attribute in (("slope", "RescaleSlope (0028,1053)"), ("intercept", "RescaleIntercept (0028,1052)")):
        values = [getattr(each.pixels, name) for each in instances]
        lacking = sum(value is None or value != value or abs(value) == float("inf") for value in values)
        if lacking or (name == "slope" and not any(values)):
            raise SeriesRefused(
                f"missing or unusable in {lacking or len(values)} of {len(values)} slices.",
                remedy=_SEND_AGAIN,
                series=label,
                attribute=attribute,
            )


def _plane(header: InstanceHeader) -> StoredPlane:
    return StoredPlane(
        path=header.path, sop_instance_uid=header.sop_instance_uid, frame=header.frame, pixels=header.pixels
    )
