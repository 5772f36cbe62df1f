"""The MONAI Deploy application: same files as ``uptake run``, exit status, a log without patient data."""

import json
import logging
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest
from pypdf import PdfReader

from apps.monai_deploy.__main__ import main
from operators.segmentation_operator import SegmentationOperator
from tests.lesion_bundle import NAME, SENTENCE, save_lesion_bundle
from tests.small_exam import NAME as PATIENT
from tests.small_exam import SECOND_IS_DENSE, write_small_exam
from uptake.cli import main as command
from uptake.inference.bundle_engines import predictors

REPOSITORY = Path(__file__).resolve().parents[2]
UID = re.compile(r"\b[12]\.[\d.]{20,}\b")
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d| UTC)?")


@pytest.fixture
def run_here(capfd, monkeypatch):
    """The application in this process; gives exit status and all that was said. Logging is put back afterwards."""
    monkeypatch.setenv("HOLOSCAN_LOG_LEVEL", "OFF")
    root, ours = logging.getLogger(), logging.getLogger("uptake")
    before = list(root.handlers)
    monkeypatch.setattr(ours, "handlers", [])

    def run(*arguments):
        status = main([str(argument) for argument in arguments])
        said = capfd.readouterr()
        return status, said.out + said.err

    yield run
    logging.captureWarnings(False)
    root.handlers = before


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """One exam through the graph and through the command; input is read-only meanwhile."""
    folder = tmp_path_factory.mktemp("both")
    write_small_exam(folder / "in")
    before = {path: path.stat().st_mtime_ns for path in (folder / "in").rglob("*")}
    python = Path(sys.executable)
    ours = [python, "-m", "apps.monai_deploy", "-i", folder / "in", "-o", folder / "graph", "-m", REPOSITORY / "models"]
    theirs = [python.with_name("uptake"), "run", folder / "in", folder / "direct"]
    graph, direct = (
        subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=200)
        for command in (ours, theirs)
    )
    assert before == {path: path.stat().st_mtime_ns for path in (folder / "in").rglob("*")}
    return folder / "graph", folder / "direct", graph, direct


@pytest.fixture(scope="module", params=["threshold", "network"])
def twins(request):
    """Graph and command on one exam; a network's engine has been chosen on this host before."""
    if request.param == "threshold":
        return request.getfixturevalue("both")[:2]
    return request.getfixturevalue("both_by_network")


@pytest.fixture(scope="module")
def both_by_network(tmp_path_factory):
    folder = tmp_path_factory.mktemp("network")
    write_small_exam(folder / "in", hounsfield=SECOND_IS_DENSE)
    bundle = save_lesion_bundle(folder / "models")
    root, ours = logging.getLogger(), logging.getLogger("uptake")
    before, own = list(root.handlers), list(ours.handlers)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UPTAKE_CACHE", str(folder / "cache"))
        patch.setenv("HOLOSCAN_LOG_LEVEL", "OFF")
        predictors(bundle, "torch", print)
        options = ["--engine", "torch"]
        line = ["-i", folder / "in", "-o", folder / "graph", "-m", folder / "models", "--bundle", NAME, *options]
        assert main([str(each) for each in line]) == 0
        line = ["run", folder / "in", folder / "direct", "--models", folder / "models", "--model", NAME, *options]
        patch.setattr(sys, "argv", ["uptake", *map(str, line)])
        with pytest.raises(SystemExit) as stopped:
            command()
    logging.captureWarnings(False)
    root.handlers, ours.handlers = before, own
    assert stopped.value.code == 0
    return folder / "graph", folder / "direct"


def files_of(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def neutral(text):
    return TIME.sub("TIME", UID.sub("UID", text))


def without_uids_and_times(path):
    dataset = pydicom.dcmread(path)

    def drop(parent, element):
        if element.VR in {"UI", "DA", "TM", "DT"} or element.keyword == "EncapsulatedDocument":
            del parent[element.tag]

    dataset.walk(drop)
    return dataset.to_json_dict()


def pages_of(path):
    """Every page's text and pictures."""
    pages = PdfReader(path).pages
    return [(neutral(page.extract_text()), [picture.data for picture in page.images]) for page in pages]


def test_graph_writes_the_same_files_as_the_command(both):
    graph, direct, of_graph, of_direct = both
    assert of_graph.returncode == 0, of_graph.stderr
    assert of_direct.returncode == 0, of_direct.stderr
    assert files_of(graph) == files_of(direct)
    assert {"report.pdf", "results.json", "metadata.json"} <= set(files_of(graph))


def test_graph_writes_the_same_content_as_the_command(twins):
    graph, direct = twins
    assert files_of(graph) == files_of(direct)
    for name in files_of(graph):
        ours, theirs = graph / name, direct / name
        if name.endswith(".png"):
            assert ours.read_bytes() == theirs.read_bytes(), name
        elif name.endswith(".json"):
            assert neutral(ours.read_text()) == neutral(theirs.read_text()), name
        elif name.endswith(".pdf"):
            assert pages_of(ours) == pages_of(theirs), name
        elif name.endswith(".dcm"):
            assert without_uids_and_times(ours) == without_uids_and_times(theirs), name


def test_result_holds_the_two_spheres(both):
    graph, *_ = both
    exams = json.loads((graph / "results.json").read_text())["exams"]
    assert [len(exam["findings"]["lesions"]) for exam in exams] == [2]


def test_result_of_a_network_names_classes_and_weights(both_by_network):
    graph, _ = both_by_network
    document = json.loads((graph / "results.json").read_text())
    assert document["weights"] == SENTENCE
    found = document["exams"][0]["findings"]["lesions"]
    assert [lesion["class_name"] for lesion in found] == ["primary_tumour", "lymph_node_metastasis"]


def test_no_patient_data_in_the_log(both):
    *_, of_graph, _ = both
    said = of_graph.stdout + of_graph.stderr
    assert "done" in said
    for secret in (*PATIENT.split("^"), "SECRETID-77", "19610709"):
        assert secret not in said


def test_refused_input_is_2_with_metadata_and_nothing_for_the_pacs(tmp_path, run_here):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").write_text("no images here")
    status, said = run_here("-i", tmp_path / "in", "-o", tmp_path / "out")
    assert status == 2
    assert "none of the 1 files is DICOM" in said
    assert files_of(tmp_path / "out") == ["metadata.json"]
    assert json.loads((tmp_path / "out/metadata.json").read_text())["status"] == "refused"


def test_damaged_pixels_are_refused_without_a_name_in_the_log(tmp_path, run_here):
    write_small_exam(tmp_path / "in")
    victim = tmp_path / "in/PT/0011.dcm"
    victim.write_bytes(victim.read_bytes()[:-500])
    status, said = run_here("-i", tmp_path / "in", "-o", tmp_path / "out")
    assert status == 2
    assert "SMALL PET AC" in said
    assert "Secretname" not in said
    assert files_of(tmp_path / "out") == ["metadata.json"]


def test_foreign_error_is_3_and_its_text_is_not_shown(tmp_path, run_here, monkeypatch):
    def fail(self, op_input, op_output, context):
        raise RuntimeError(f"cannot handle {PATIENT}")

    monkeypatch.setattr(SegmentationOperator, "compute", fail)
    write_small_exam(tmp_path / "in")
    status, said = run_here("-i", tmp_path / "in", "-o", tmp_path / "out")
    assert status == 3
    assert "RuntimeError" in said
    assert "Secretname" not in said + (tmp_path / "out/metadata.json").read_text()


def test_graph_that_stalls_is_a_failure(tmp_path, run_here, monkeypatch):
    def receive_and_forget(self, op_input, op_output, context):
        op_input.receive("prepared")

    monkeypatch.setattr(SegmentationOperator, "compute", receive_and_forget)
    write_small_exam(tmp_path / "in")
    status, said = run_here("-i", tmp_path / "in", "-o", tmp_path / "out")
    assert status == 3
    assert "graph ended before its results were written" in said
    assert files_of(tmp_path / "out") == ["metadata.json"]


def test_two_exams_from_two_folders_pass_through_together(tmp_path, run_here):
    write_small_exam(tmp_path / "now", identity="second", day=20)
    write_small_exam(tmp_path / "before", identity="first", day=5)
    shutil.rmtree(tmp_path / "now/CT")
    status, said = run_here("-i", tmp_path / "now", "--baseline", tmp_path / "before", "-o", tmp_path / "out")
    assert status == 0
    assert "WARNING" in said
    exams = json.loads((tmp_path / "out/results.json").read_text())["exams"]
    assert [exam["ct"] is None for exam in exams] == [False, True]
    assert (tmp_path / "out/dicom/exam-2-seg.dcm").is_file()
