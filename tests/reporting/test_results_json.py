"""results.json fits its schema, the schema is strict, the bytes are stable."""

import json
from dataclasses import fields, replace

import numpy as np
import pytest
from jsonschema import ValidationError

from tests.lesion_classes import SENTENCE, WEIGHTS
from tests.reporting.exam_factory import by_network, make_result
from uptake.exam import Patient, SeriesDecision
from uptake.fold_agreement import FoldAgreement
from uptake.lesion_class import Concept, LesionClass
from uptake.measurement import LesionMeasurement, Totals
from uptake.network_weights import FoldWeights
from uptake.reporting.results_json import SCHEMA, build_results, encode_json, validate_results
from uptake.settings import ENGINES, METHODS, TASKS, NetworkSettings, RunSettings, SegmentationSettings
from uptake.task import TaskChoice


def build(result=None, **options):
    return build_results([result or make_result()], RunSettings(), **options)


def schema():
    from importlib.resources import files

    return json.loads(files("uptake.reporting").joinpath("result-1.schema.json").read_text(encoding="utf-8"))


def objects(node):
    if isinstance(node, dict):
        if node.get("type") == "object":
            yield node
        for child in node.values():
            yield from objects(child)
    elif isinstance(node, list):
        for child in node:
            yield from objects(child)


@pytest.mark.parametrize(
    "result",
    [make_result(), make_result((), with_ct=False), make_result(sul_factor=None), by_network(make_result())],
    ids=["full", "empty", "no SUL", "network"],
)
def test_fits_its_schema_and_survives_the_file(result):
    document = build(result, files=("report.pdf", "dicom/exam-1-seg.dcm"))
    validate_results(document)
    again = json.loads(encode_json(document))
    assert again == document
    validate_results(again)


def test_numbers_are_the_findings_to_the_last_digit():
    result = make_result()
    listed = json.loads(encode_json(build(result)))["exams"][0]["findings"]["lesions"]
    for entry, lesion in zip(listed, result.findings.lesions, strict=True):
        for field in fields(LesionMeasurement):
            value = getattr(lesion, field.name)
            assert entry[field.name] == (list(value) if isinstance(value, tuple) else value)


def test_what_a_reader_needs_is_there():
    document = build()
    exam = document["exams"][0]
    assert document["schema"] == SCHEMA == "uptake.result/1"
    assert document["software"]["name"] == "Uptake"
    assert document["settings"]["segmentation"]["method"] == "fixed-4.0"
    assert document["weights"].startswith("none")
    assert "research" in document["for_research_use"]
    assert exam["suv"]["factor_min"] == exam["suv"]["factor_max"] == 4.2111e-4
    assert exam["series_decisions"][1]["taken"] is False
    assert exam["warnings"]
    assert exam["pet"]["acquired"] == "2024-03-01T10:30:00"


def test_every_object_of_the_schema_is_strict():
    found = list(objects(schema()))
    assert len(found) >= 9
    for node in found:
        assert node["additionalProperties"] is False
        assert sorted(node["required"]) == sorted(node["properties"])


@pytest.mark.parametrize(
    ("noun", "where"),
    [
        (LesionMeasurement, ("$defs", "lesion")),
        (Totals, ("$defs", "totals")),
        (Patient, ("properties", "patient")),
        (TaskChoice, ("$defs", "task")),
        (RunSettings, ("properties", "settings")),
        (SegmentationSettings, ("properties", "settings", "properties", "segmentation")),
        (NetworkSettings, ("properties", "settings", "properties", "network")),
        (LesionClass, ("$defs", "lesion_class")),
        (Concept, ("$defs", "concept")),
        (FoldWeights, ("$defs", "network", "properties", "folds", "items")),
        (SeriesDecision, ("$defs", "exam", "properties", "series_decisions", "items")),
    ],
)
def test_schema_and_nouns_go_together(noun, where):
    node = schema()
    for key in where:
        node = node[key]
    assert set(node["properties"]) == {field.name for field in fields(noun)}


def test_schema_knows_every_method():
    listed = schema()["properties"]["settings"]["properties"]["segmentation"]["properties"]["method"]["enum"]
    assert listed == list(METHODS)


def test_schema_knows_every_task():
    for node in (
        schema()["properties"]["settings"]["properties"]["task"],
        schema()["$defs"]["task"]["properties"]["asked"],
    ):
        assert node["enum"] == list(TASKS)


def test_schema_knows_every_engine():
    network = schema()["properties"]["settings"]["properties"]["network"]
    assert network["properties"]["engine"]["enum"] == list(ENGINES)


def test_a_network_s_weights_and_classes_are_there():
    document = build(by_network(make_result()))
    assert document["weights"] == SENTENCE
    network = document["network"]
    assert (network["bundle"], network["version"], network["digital_patients_only"]) == ("head_neck_mtv", "1.2.3", True)
    assert [each["sha256"] for each in network["folds"]] == [each.sha256 for each in WEIGHTS.folds]
    assert (network["engine"], network["engine_why"]) == (WEIGHTS.engine, WEIGHTS.engine_why)
    assert "research" in network["for_research_use"]
    findings = document["exams"][0]["findings"]
    assert [each["class_name"] for each in findings["lesions"]] == [
        "primary_tumour",
        "lymph_node_metastasis",
        "primary_tumour",
    ]
    primary, node = findings["by_class"]
    assert (primary["class"]["type"]["value"], primary["totals"]["lesions"]) == ("372087000", 2)
    assert (node["class"]["site"]["meaning"], node["totals"]["lesions"]) == ("Lymph Node", 1)


def test_agreement_of_folds_and_the_task_are_there():
    result = by_network(make_result())
    assert [each["agreement"] for each in build(result)["exams"][0]["findings"]["lesions"]] == [None] * 3
    told = FoldAgreement(5, 4, 0.71, (("primary_tumour", 3), ("lymph_node_metastasis", 1)))
    lesions = (replace(result.findings.lesions[0], agreement=told), *result.findings.lesions[1:])
    task = TaskChoice("auto", "head-neck", "head_neck_mtv", "It looks like it.")
    document = build(replace(result, findings=replace(result.findings, lesions=lesions, task=task)))
    validate_results(json.loads(encode_json(document)))
    assert document["exams"][0]["findings"]["lesions"][0]["agreement"] == {
        "folds": 5,
        "found_by": 4,
        "confidence": 0.71,
        "votes": [
            {"class_name": "primary_tumour", "folds": 3},
            {"class_name": "lymph_node_metastasis", "folds": 1},
        ],
        "split": True,
    }
    assert document["task"]["chosen"] == "head-neck"


def test_without_a_network_there_is_none():
    document = build()
    assert document["network"] is None
    assert document["exams"][0]["findings"]["by_class"] == []


@pytest.mark.parametrize(
    ("where", "value"),
    [(("exams", 0, "extra"), 1), (("exams", 0, "number"), "1"), (("patient", "name"), None), (("exams",), [])],
)
def test_what_does_not_fit_is_told(where, value):
    document = build()
    target = document
    for key in where[:-1]:
        target = target[key]
    target[where[-1]] = value
    with pytest.raises(ValidationError):
        validate_results(document)


def test_nan_never_reaches_a_file():
    result = make_result()
    lesion = replace(result.findings.lesions[0], suv_mean=float("nan"))
    spoilt = replace(result, findings=replace(result.findings, lesions=(lesion,)))
    with pytest.raises(ValueError, match="JSON compliant"):
        encode_json(build(spoilt))


def test_names_stay_readable_and_broken_ones_stay_json():
    written = encode_json(build(make_result(patient=Patient("1", "山田^太郎 \ud800", "", ""))))
    assert "山田^太郎".encode() in written
    assert json.loads(written)["patient"]["name"].startswith("山田^太郎")


def test_key_order_is_stable():
    assert encode_json(build()) == encode_json(dict(reversed(build().items())))


def test_factors_that_differ_by_slice():
    result = make_result()
    conversion = replace(result.prepared.conversion, factors=np.array([1e-4, 3e-4, 2e-4]))
    suv = build(replace(result, prepared=replace(result.prepared, conversion=conversion)))["exams"][0]["suv"]
    assert (suv["factor_min"], suv["factor_max"]) == (1e-4, 3e-4)


def test_two_patients_are_not_mixed():
    other = make_result(patient=Patient("other", "x", "", ""), number=2)
    with pytest.raises(ValueError, match="one patient"):
        build_results([make_result(), other], RunSettings())
