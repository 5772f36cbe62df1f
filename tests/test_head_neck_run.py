"""The task head-neck through ``uptake run`` and the graph: what is written agrees; bad input."""

import json
import logging
from dataclasses import replace

import numpy as np
import pytest
from pydicom import dcmread
from pypdf import PdfReader

from tests.dicom.object_checks import validity_errors
from tests.head_neck_exam import (
    NODE_RADIUS_MM,
    PRIMARY_RADIUS_MM,
    PSMA,
    ct_volume,
    grid,
    save_head_neck_bundle,
    write_head_neck_exam,
)
from tests.uptake_command import exit_status
from uptake.dicom.annotations.measurement_report_reader import read_measurement_report
from uptake.dicom.annotations.rt_structure import read_contours
from uptake.dicom.annotations.segmentation_reader import read_segmentation
from uptake.dicom.exams.exam_reader import read_exams
from uptake.exam_preparation import prepare
from uptake.finding_plan import FindingPlan, make_plan
from uptake.inference.bundle_engines import predictors
from uptake.pipeline import find_lesions
from uptake.settings import NetworkSettings, RunSettings
from uptake.task import TaskChoice


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("head-neck")
    write_head_neck_exam(folder / "exam")
    bundle = save_head_neck_bundle(folder / "models")
    (folder / "plain.json").write_text('{"hottest_pictured": 0, "network": {"engine": "torch"}}')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UPTAKE_CACHE", str(folder / "cache"))
        predictors(bundle, "torch", print)
        yield folder


@pytest.fixture(scope="module")
def uptake_run(place):
    """``uptake run`` in this process; gives the exit status."""

    def call(out, *options, exam="exam", models="models"):
        arguments = ["run", place / exam, place / out, "--models", place / models]
        return exit_status(*arguments, "--settings", place / "plain.json", *options)

    return call


@pytest.fixture(scope="module")
def chosen(place, uptake_run):
    """The results of a run that chose the task by itself."""
    assert uptake_run("chosen") == 0
    return place / "chosen"


def results_of(out):
    return json.loads((out / "results.json").read_text())


def lesions_of(out):
    return results_of(out)["exams"][0]["findings"]["lesions"]


def test_the_task_is_chosen_and_said(chosen):
    document = results_of(chosen)
    assert document["task"]["asked"] == "auto"
    assert (document["task"]["chosen"], document["task"]["bundle"]) == ("head-neck", "head_neck_mtv")
    assert document["network"]["bundle"] == "head_neck_mtv"
    assert document["settings"]["network"]["bundle"] == ""  # what was set, not what was chosen
    words = " ".join(" ".join(page.extract_text() for page in PdfReader(chosen / "report.pdf").pages).split())
    assert "head-neck (asked: auto)" in words
    assert "total tumour burden (TTB)" in words


def test_every_object_is_valid_and_codes_the_classes(chosen):
    for kind in ("seg", "sr", "rtstruct", "report"):
        assert validity_errors(chosen / f"dicom/exam-1-{kind}.dcm") == []
    segments = read_segmentation(chosen / "dicom/exam-1-seg.dcm").segments
    names = {"Neoplasm, Primary": "primary_tumour", "Neoplasm, Secondary": "lymph_node_metastasis"}
    assert [names[each.type.meaning] for each in segments] == [each["class_name"] for each in lesions_of(chosen)]
    assert set(names.values()) == {each["class_name"] for each in lesions_of(chosen)}


def test_structures_are_the_classes_on_the_ct(place, chosen):
    ct = read_exams(place / "exam")[0].ct
    masks = read_contours(chosen / "dicom/exam-1-rtstruct.dcm", ct)
    stored = dcmread(chosen / "dicom/exam-1-rtstruct.dcm")
    stated_ml = {each.ROIName: float(each.ROIVolume) for each in stored.StructureSetROISequence}
    read_ml = {name: mask.sum() * ct.geometry.voxel_volume_ml for name, mask in masks.items()}
    assert read_ml == pytest.approx(stated_ml, rel=0.02)
    listed_ml = {each["label"]: each["planning_volume_ml"] for each in lesions_of(chosen)}
    assert {int(name.rpartition("_")[2]): value for name, value in read_ml.items()} == pytest.approx(
        {label: value for label, value in listed_ml.items() if value}, rel=0.02
    )
    # The spheres' own volumes; on voxels of 6 mm and back their surface is blurred.
    for name, radius_mm in (("GTVp_1", PRIMARY_RADIUS_MM), ("GTVn_2", NODE_RADIUS_MM)):
        assert read_ml[name] == pytest.approx(4 / 3 * np.pi * radius_mm**3 / 1000, rel=0.2)
    total = np.zeros(ct.geometry.shape, dtype=int)
    for mask in masks.values():
        total += mask
    assert total.max() == 1  # no voxel in two


def test_burden_by_class_is_the_same_everywhere(chosen):
    findings = results_of(chosen)["exams"][0]["findings"]
    by_class = {each["class"]["name"]: each["totals"] for each in findings["by_class"]}
    for name, totals in by_class.items():
        own = [each for each in findings["lesions"] if each["class_name"] == name]
        assert totals["mtv_ml"] == pytest.approx(sum(each["mtv_ml"] for each in own))
        assert totals["tlg_g"] == pytest.approx(sum(each["tlg_g"] for each in own))
    assert findings["totals"]["mtv_ml"] == pytest.approx(sum(each["mtv_ml"] for each in by_class.values()))
    groups = {group.tracking_id: group for group in read_measurement_report(chosen / "dicom/exam-1-sr.dcm")}
    for name, totals in by_class.items():
        read = {m.name.value: m.value for m in groups[f"All regions of class {name}"].measurements}
        assert (read["126032"], read["126033"]) == pytest.approx((totals["mtv_ml"], totals["tlg_g"]))


def test_folds_that_take_the_node_for_a_primary_are_flagged(chosen):
    primary, node = lesions_of(chosen)[:2]
    assert primary["agreement"]["split"] is False
    assert primary["agreement"]["found_by"] == 3
    assert node["class_name"] == "lymph_node_metastasis"
    assert node["agreement"]["split"] is True
    assert node["agreement"]["votes"] == [
        {"class_name": "lymph_node_metastasis", "folds": 2},
        {"class_name": "primary_tumour", "folds": 1},
    ]
    assert node["agreement"]["confidence"] > 0.9  # they agree that there is something
    words = " ".join(" ".join(page.extract_text() for page in PdfReader(chosen / "report.pdf").pages).split())
    assert "Lesion 2: the folds differ on its class (Lymph node metastasis 2, Primary tumour 1)" in words


def test_the_graph_does_the_same(place, chosen):
    from apps.monai_deploy.__main__ import main as graph

    root, ours = logging.getLogger(), logging.getLogger("uptake")
    before, own = list(root.handlers), list(ours.handlers)
    line = ["-i", place / "exam", "-o", place / "graph", "-m", place / "models", "--settings", place / "plain.json"]
    try:
        assert graph([str(each) for each in line]) == 0
    finally:
        logging.captureWarnings(False)
        root.handlers, ours.handlers = before, own
    theirs, mine = results_of(place / "graph"), results_of(chosen)
    assert theirs["files"] == mine["files"]
    assert "dicom/exam-1-rtstruct.dcm" in theirs["files"]
    assert theirs["task"] == mine["task"]
    ct = read_exams(place / "exam")[0].ct
    one, other = (read_contours(out / "dicom/exam-1-rtstruct.dcm", ct) for out in (place / "graph", chosen))
    assert list(one) == list(other)
    assert all(np.array_equal(one[name], other[name]) for name in one)
    ours_told, told = ([each["agreement"] for each in lesions_of(out)] for out in (place / "graph", chosen))
    assert ours_told == told


def test_other_matrices_and_voxels_give_the_same_lesions(place, uptake_run, chosen):
    write_head_neck_exam(place / "other", pet=grid((5.0, 4.5, 7.0)), ct=grid((8.0, 3.0, 5.0)))
    assert uptake_run("other-out", "--task", "head-neck", "--no-rtstruct", exam="other") == 0
    ours, theirs = lesions_of(place / "other-out")[:2], lesions_of(chosen)[:2]
    assert [each["class_name"] for each in ours] == [each["class_name"] for each in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert one["centroid_mm"] == pytest.approx(other["centroid_mm"], abs=4)
    spheres_ml = 4 / 3 * np.pi * (PRIMARY_RADIUS_MM**3 + NODE_RADIUS_MM**3) / 1000
    # The network's threshold lies above half of their SUV, so within them.
    assert 0.75 < results_of(place / "other-out")["exams"][0]["findings"]["totals"]["mtv_ml"] / spheres_ml < 1.05
    assert not (place / "other-out/dicom/exam-1-rtstruct.dcm").exists()


@pytest.mark.parametrize(
    ("chosen", "asked", "wanted"),
    [("head-neck", None, True), ("head-neck", False, False), ("lesions", None, False), ("lesions", True, True)],
)
def test_structures_are_for_head_and_neck_unless_said_otherwise(chosen, asked, wanted):
    task = TaskChoice("auto", chosen, "", "A test.")
    assert FindingPlan(task, None, RunSettings(structure_set=asked)).structure_set is wanted


def test_structures_of_a_threshold_can_be_asked_for(place, uptake_run):
    assert uptake_run("with", "--method", "fixed-4.0", "--rtstruct") == 0
    why = "It was asked for, without a network."
    assert results_of(place / "with")["task"] == {"asked": "lesions", "chosen": "lesions", "bundle": "", "why": why}
    names = [each.ROIName for each in dcmread(place / "with/dicom/exam-1-rtstruct.dcm").StructureSetROISequence]
    assert names == ["Region_1", "Region_2"]
    assert any("ml on the CT's grid" in each for each in results_of(place / "with")["exams"][0]["findings"]["caveats"])
    assert validity_errors(place / "with/dicom/exam-1-rtstruct.dcm") == []


def test_a_pet_alone_gets_no_structures_and_that_is_said(place):
    prepared = prepare(read_exams(place / "exam/PT")[0])
    alone = make_plan([prepared], RunSettings(structure_set=True), place / "no-models", lambda text: None)
    found = find_lesions(prepared, alone)
    assert found.planning is None
    assert any("No RT Structure Set: there is no CT" in caveat for caveat in found.caveats)


def test_a_ct_askew_to_the_pet_gets_no_structures_and_that_is_said(place):
    prepared = prepare(read_exams(place / "exam")[0])
    angle = np.radians(4.0)
    axes = ((0.0, -np.sin(angle), np.cos(angle)), (0.0, np.cos(angle), np.sin(angle)), (1.0, 0.0, 0.0))
    tilted = replace(prepared, ct=ct_volume(replace(grid((8.0, 8.0, 8.0)), axes=axes)))
    settings = RunSettings(task="head-neck", network=NetworkSettings(engine="torch"))
    chosen = make_plan([tilted], settings, place / "models", lambda text: None)
    found = find_lesions(tilted, chosen)
    assert found.planning is None
    assert any("not parallel" in caveat for caveat in found.caveats)
    assert len(found.class_names) >= 2


def refused(place, out, capfd):
    """The line that a refused run said; nothing but the metadata was written."""
    assert [path.name for path in (place / out).rglob("*")] == ["metadata.json"]
    (line,) = [each for each in capfd.readouterr().err.splitlines() if each.strip()]
    return line


def test_psma_is_refused(place, uptake_run, capfd):
    write_head_neck_exam(place / "psma", injection=PSMA)
    assert uptake_run("psma-out", "--task", "head-neck", exam="psma") == 2
    assert "the tracer is a PSMA ligand" in refused(place, "psma-out", capfd)


@pytest.mark.parametrize(
    ("name", "grids", "words"),
    [
        ("trunk", {"pet": grid((8.0, 8.0, 8.0), -300.0, -40.0), "ct": grid((8.0, 8.0, 8.0), -300.0, -40.0)},
         "there is no head or neck in the field of view"),
        ("apart", {"ct": grid((8.0, 8.0, 8.0), 1000.0, 1200.0)}, "the PET and the CT do not overlap."),
        ("low", {"ct": grid((8.0, 8.0, 8.0), -230.0, -60.0)}, "the PET and the CT do not overlap enough"),
    ],
)  # fmt: skip
def test_a_field_of_view_without_what_is_needed_is_refused(place, uptake_run, capfd, name, grids, words):
    write_head_neck_exam(place / name, **grids)
    assert uptake_run(f"{name}-out", "--task", "head-neck", exam=name) == 2
    assert words in refused(place, f"{name}-out", capfd)


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("psma", "The task psma is not there yet"),
        ("response", "The task response is not there yet"),
        ("head-neck", "needs the model bundle head_neck_mtv with its weights, which is not installed"),
    ],
)
def test_what_is_not_there_is_one_line(place, uptake_run, capfd, task, words):
    assert uptake_run(f"{task}-none", "--task", task, models="no-models") == 2
    assert words in refused(place, f"{task}-none", capfd)


def test_a_task_that_there_is_not_and_a_method_for_a_network_are_wrong_usage(uptake_run):
    assert uptake_run("usage", "--task", "knee") == 64
    assert uptake_run("usage", "--task", "head-neck", "--method", "adaptive") == 64
