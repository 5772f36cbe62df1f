"""structure_set: contours that read back to the same voxels, with the right references, names and codes."""

from dataclasses import replace

import numpy as np
import pytest
from pydicom import dcmread

from tests.dicom.object_checks import validity_errors
from tests.dicom.report_objects import CONTEXT, classed, enhanced_series_of, findings_of, series_of
from tests.dicom.series_factory import SeriesPlan, ct_plan
from tests.lesion_classes import NODE, PRIMARY, SENTENCE
from uptake.dicom.annotations.rt_structure import fill_contours, read_contours
from uptake.dicom.results.output_instance import save_dataset
from uptake.dicom.results.planar_contours import plane_contours
from uptake.dicom.results.source_headers import load_source_headers
from uptake.dicom.results.structure_set import build_structure_set
from uptake.geometry import ImageGeometry
from uptake.volume import LabelMap

TILT = (float(np.cos(0.3)), 0.0, float(-np.sin(0.3)), 0.0, 1.0, 0.0)
GRIDS = {
    "head first supine": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
    "feet first": (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
    "oblique": TILT,
    "coronal": (1.0, 0.0, 0.0, 0.0, 0.0, -1.0),
}
CT = {"slices": 6, "rows": 24, "columns": 30, "spacing_mm": (2.0, 0.977, 1.3)}


def difficult():
    """Region 1: a ring with an island in its hole, and a second part; 2: one voxel; 3: at the grid's corner, noisy."""
    labels = np.zeros((6, 24, 30), dtype=np.uint16)
    labels[1:4, 2:13, 2:13] = 1
    labels[1:4, 4:11, 4:11] = 0
    labels[2, 6:9, 6:9] = 1
    labels[2, 4, 4] = 1  # touches at a corner
    labels[3, 2:5, 20:24] = 1
    labels[4, 20, 3] = 2
    noise = np.random.default_rng(5).random((3, 10, 12)) > 0.4
    labels[3:, 14:, 18:][noise] = 3
    return labels


def masked(outlines, shape):
    grid = ImageGeometry((1, *shape), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    return fill_contours([np.insert(points, 0, 0.0, axis=1) for points in outlines], grid)[0]


def written(series, findings, regions, path):
    dataset = build_structure_set(load_source_headers(series), findings, regions, CONTEXT)
    save_dataset(dataset, path)
    return dcmread(path)


@pytest.mark.parametrize("seed", range(6))
def test_any_plane_reads_back(seed):
    mask = np.random.default_rng(seed).random((17, 19)) > 0.15 * (seed + 1)
    assert np.array_equal(masked(plane_contours(mask), mask.shape), mask)


def test_holes_are_joined_to_their_part_and_areas_are_those_of_the_voxels_but_for_the_corners():
    mask = np.zeros((20, 20), dtype=bool)
    mask[2:18, 2:18] = True
    mask[4:7, 4:7] = mask[10:15, 9:12] = False
    (outline,) = plane_contours(mask)
    y, x = outline.T
    shoelace = abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2
    # Four corners of an eighth of a voxel: cut off the outer line, and off each hole.
    assert shoelace == pytest.approx(16 * 16 - 0.5 - (9 - 0.5) - (15 - 0.5))
    assert np.array_equal(masked([outline], mask.shape), mask)
    assert plane_contours(np.zeros((4, 4), dtype=bool)) == []


@pytest.mark.parametrize("grid", GRIDS)
def test_the_same_voxels_come_back(tmp_path, grid):
    ct = series_of(tmp_path / "ct", ct_plan(**CT, orientation=GRIDS[grid]))
    labels = difficult()
    findings = classed(findings_of(ct.geometry, labels), PRIMARY, NODE)
    written(ct, findings, LabelMap(labels, ct.geometry), tmp_path / "rs.dcm")
    assert validity_errors(tmp_path / "rs.dcm") == []
    masks = read_contours(tmp_path / "rs.dcm", ct)
    assert list(masks) == ["GTVp_1", "GTVn_2", "GTVp_3"]
    for number, mask in enumerate(masks.values(), 1):
        assert np.array_equal(mask, labels == number)


def test_references_names_and_codes(tmp_path):
    ct = series_of(tmp_path / "ct", ct_plan(**CT))
    labels = difficult()
    findings = classed(findings_of(ct.geometry, labels), PRIMARY, NODE)
    found = written(ct, findings, LabelMap(labels, ct.geometry), tmp_path / "rs.dcm")
    (frame,) = found.ReferencedFrameOfReferenceSequence
    (series,) = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence
    assert series.SeriesInstanceUID == ct.series_uid
    listed = [each.ReferencedSOPInstanceUID for each in series.ContourImageSequence]
    assert listed == [plane.sop_instance_uid for plane in ct.planes]
    assert {each.ReferencedFrameOfReferenceUID for each in found.StructureSetROISequence} == {ct.frame_of_reference_uid}
    for roi in found.ROIContourSequence:
        for contour in roi.ContourSequence:
            plane = round(ct.geometry.index([float(v) for v in contour.ContourData[:3]])[0])
            assert contour.ContourImageSequence[0].ReferencedSOPInstanceUID == listed[plane]
            assert contour.NumberOfContourPoints == len(contour.ContourData) // 3
    observed = found.RTROIObservationsSequence
    assert [each.RTROIInterpretedType for each in observed] == ["GTV"] * 3
    assert [each.RTROIIdentificationCodeSequence[0].CodeMeaning for each in observed] == [
        "Neoplasm, Primary",
        "Neoplasm, Secondary",
        "Neoplasm, Primary",
    ]
    volumes = [float(each.ROIVolume) for each in found.StructureSetROISequence]
    assert volumes == pytest.approx([(labels == n).sum() * 2.0 * 0.977 * 1.3 / 1000 for n in (1, 2, 3)], rel=1e-5)
    assert SENTENCE in found.StructureSetDescription
    assert found.ApprovalStatus == "UNAPPROVED"


def test_regions_of_a_threshold_are_not_called_tumours(tmp_path):
    ct = series_of(tmp_path / "ct", ct_plan(**CT))
    labels = difficult()
    found = written(ct, findings_of(ct.geometry, labels), LabelMap(labels, ct.geometry), tmp_path / "rs.dcm")
    assert [each.RTROIInterpretedType for each in found.RTROIObservationsSequence] == [""] * 3
    assert found.StructureSetROISequence[0].ROIName == "Region_1"
    assert validity_errors(tmp_path / "rs.dcm") == []


def test_a_box_of_the_grid_and_a_lesion_without_a_voxel(tmp_path):
    ct = series_of(tmp_path / "ct", ct_plan(**CT))
    labels = difficult()
    findings = classed(findings_of(ct.geometry, labels), PRIMARY)
    part = labels[1:, 1:16, 2:].copy()  # region 2 lies beyond
    origin = tuple(float(value) for value in ct.geometry.position_mm((1, 1, 2)))
    box = LabelMap(part, replace(ct.geometry, shape=part.shape, origin_mm=origin))
    found = written(ct, findings, box, tmp_path / "rs.dcm")
    masks = read_contours(tmp_path / "rs.dcm", ct)
    assert list(masks) == ["GTVp_1", "GTVp_3"]
    assert np.array_equal(masks["GTVp_1"], labels == 1)
    assert "Without a voxel on the CT: Lesion 2." in found.StructureSetDescription
    source = load_source_headers(ct)
    nothing = LabelMap(np.zeros((1, 1, 1), np.uint16), replace(ct.geometry, shape=(1, 1, 1)))
    assert build_structure_set(source, findings, nothing, CONTEXT) is None
    shifted = replace(box.geometry, origin_mm=(origin[0] + 0.4, *origin[1:]))
    with pytest.raises(ValueError, match="not on the series' grid"):
        build_structure_set(source, findings, LabelMap(part, shifted), CONTEXT)


def test_frames_of_an_enhanced_ct_are_named(tmp_path):
    ct = enhanced_series_of(tmp_path / "ct", SeriesPlan(modality="CT", name="ct", **CT))
    labels = difficult()
    findings = classed(findings_of(ct.geometry, labels), PRIMARY, NODE)
    found = written(ct, findings, LabelMap(labels, ct.geometry), tmp_path / "rs.dcm")
    (image,) = (
        found.ReferencedFrameOfReferenceSequence[0]
        .RTReferencedStudySequence[0]
        .RTReferencedSeriesSequence[0]
        .ContourImageSequence
    )
    assert "ReferencedFrameNumber" not in image
    first = found.ROIContourSequence[0].ContourSequence[0].ContourImageSequence[0]
    assert first.ReferencedFrameNumber == ct.planes[1].frame
    assert validity_errors(tmp_path / "rs.dcm") == []
