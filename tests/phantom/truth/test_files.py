"""truth_files: what is written is whole, valid, readable and the same each time."""

import json
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK
from jsonschema import ValidationError
from pydicom.sr._concepts_dict import concepts

from tests.dicom.object_checks import validity_errors
from tests.dicom.report_objects import series_of
from tests.dicom.series_factory import SeriesPlan
from tests.phantom.checking.hand_made import EXAM, lesion_plan, patient
from uptake.dicom.annotations.segmentation_reader import read_segmentation
from uptake.phantom.checking.anatomy import numbers_of, sites, structures
from uptake.phantom.checking.measured import measure_exam
from uptake.phantom.truth.document import validate_truth
from uptake.phantom.truth.files import TruthExam, write_truth
from uptake.registration.resampling import from_sitk
from uptake.volume import LabelMap, SuvVolume

SERIES = SeriesPlan(slices=12, rows=16, columns=20, spacing_mm=(4.0, 4.0, 4.0))
# In neither DICOM's tables nor the other codes checked there: SNOMED CT body structures of TG-263's published mapping.
BEYOND_DICOM = {"88481005", "46105003"}


def truth_exam(folder, plan):
    series = series_of(folder, replace(SERIES, name=f"exam {plan.number}", study=f"study {plan.number}"))
    suv = np.ones(series.geometry.shape, np.float32)
    structures_ = np.zeros(series.geometry.shape, np.uint16)
    structures_[1:9, 2:14, 2:10] = numbers_of("liver")[0]
    structures_[1:9, 2:14, 12:15] = numbers_of("kidney_left")[0]
    structures_[0] = numbers_of("skin")[0]
    labels = np.zeros(series.geometry.shape, np.uint16)
    for number in range(1, len(plan.lesions) + 1):
        labels[2:6, 2 + 4 * number : 5 + 4 * number, 3:6] = number
        suv[labels == number] = 4.0 * number
    volumes = LabelMap(structures_, series.geometry), LabelMap(labels, series.geometry)
    measured = measure_exam(SuvVolume(suv, series.geometry), volumes[1], volumes[0], plan)
    return TruthExam(plan, measured, *volumes, series)


@pytest.fixture
def written(tmp_path):
    lesions = (lesion_plan("L1"), lesion_plan("L2", site="external_iliac_right", kind="node", core=0.4))
    plans = (
        replace(EXAM, lesions=lesions),
        replace(EXAM, number=2, lesions=()),
    )
    whole = patient(*plans, intended={"suvmax-25": "resolution"})
    exams = [truth_exam(tmp_path / f"pet-{plan.number}", plan) for plan in plans]
    write_truth(tmp_path / "a", whole, exams)
    return tmp_path, whole, exams


def test_the_document_says_what_is_known(written):
    folder, _, exams = written
    truth = json.loads((folder / "a" / "truth" / "truth.json").read_text())
    assert (truth["schema"], truth["digital_patient"], truth["generator"]["version"]) == ("uptake.truth/1", True, "1")
    assert truth["verdicts"]["suvmax-25"]["category"] == truth["intended"]["suvmax-25"] == "resolution"
    assert truth["verdicts"]["suvmax-25"]["margin"] == pytest.approx(3.0)
    assert truth["verdicts"]["percist"]["category"] == "NOT_EVALUABLE"  # no blood pool, no second liver
    first, second = truth["exams"][0]["lesions"]
    assert (first["label"], first["identity"], first["site"], first["mitnm"]) == (1, "L1", "sacrum", "M1b")
    assert first["volume_ml"] == pytest.approx(4.18879)  # a sphere of 10 mm radius
    assert first["measured"]["mtv_ml"] == pytest.approx(4 * 3 * 3 * 0.064)
    assert (first["measured"]["suv_max"], second["core"]) == (4.0, 0.4)
    organs = {organ["name"]: organ["volume_ml"] for organ in truth["exams"][0]["organs"]}
    wanted = {"skin": 20.48, "liver": 49.152, "kidney_left": 18.432}
    assert organs == {name: pytest.approx(volume) for name, volume in wanted.items()}
    assert truth["exams"][0]["pet_series_uid"] == exams[0].pet_series.series_uid
    assert truth["follow_up"] is None


def test_lesions_that_are_not_there_any_more_are_named(written):
    folder, _, _ = written
    truth = json.loads((folder / "a" / "truth" / "truth.json").read_text())
    assert [exam["resolved"] for exam in truth["exams"]] == [[], ["L1", "L2"]]


def test_the_files_are_those_the_document_names(written):
    folder, _, _ = written
    truth = json.loads((folder / "a" / "truth" / "truth.json").read_text())
    names = {path.name for path in (folder / "a" / "truth").iterdir()}
    assert names == {"truth.json", *truth["exams"][0]["files"], *truth["exams"][1]["files"]}
    assert "exam-1-lesions.dcm" in names
    assert "exam-2-lesions.dcm" not in names  # nothing to say
    assert "exam-2-lesions.nii.gz" in names


def test_labels_come_back_as_they_were(written):
    folder, _, exams = written
    for kind, labels in (("lesions", exams[0].lesions), ("organs", exams[0].structures)):
        stem = folder / "a" / "truth" / f"exam-1-{kind}"
        array, geometry = from_sitk(SimpleITK.ReadImage(f"{stem}.nii.gz"))
        assert geometry.same_grid(labels.geometry)
        assert np.array_equal(array, labels.array)
        assert validity_errors(stem.with_suffix(".dcm")) == []
        segmentation = read_segmentation(stem.with_suffix(".dcm"))
        # Segments are numbered in the order of the labels that occur.
        inner = np.where(labels.array == numbers_of("skin")[0], 0, labels.array)
        renumbered = np.unique(inner, return_inverse=True)[1].reshape(inner.shape)
        assert np.array_equal(segmentation.label_map(labels.geometry).array, renumbered)
    lesion = read_segmentation(folder / "a" / "truth" / "exam-1-lesions.dcm").segments[0]
    assert (lesion.category.value, lesion.type.value) == ("49755003", "52988006")


def test_the_same_patient_gives_the_same_bytes(written):
    folder, whole, exams = written
    write_truth(folder / "b", whole, exams)
    first = {path.name: path.read_bytes() for path in (folder / "a" / "truth").iterdir()}
    assert first == {path.name: path.read_bytes() for path in (folder / "b" / "truth").iterdir()}


def test_follow_up_and_painted_volumes_are_kept(written):
    folder, whole, exams = written
    later = replace(whole, follow_up_days=412.0, event=True)
    write_truth(folder / "b", later, [replace(exams[0], volumes_ml=(3.5, 2.25)), exams[1]])
    truth = json.loads((folder / "b" / "truth" / "truth.json").read_text())
    assert truth["follow_up"] == {"days": 412.0, "event": True}
    assert [lesion["volume_ml"] for lesion in truth["exams"][0]["lesions"]] == [3.5, 2.25]


def test_another_patients_exams_are_an_error(written):
    folder, whole, exams = written
    with pytest.raises(ValueError, match="not those of the patient"):
        write_truth(folder / "b", whole, exams[:1])


def test_the_schema_refuses_what_is_not_truth(written):
    folder, _, _ = written
    truth = json.loads((folder / "a" / "truth" / "truth.json").read_text())
    for change in ({"digital_patient": False}, {"exams": []}, {"system": "other"}, {"unknown": 1}):
        with pytest.raises(ValidationError):
            validate_truth({**truth, **change})
    truth["exams"][0]["lesions"][0].pop("fate")
    with pytest.raises(ValidationError, match="fate"):
        validate_truth(truth)


def test_every_structure_code_means_what_it_says():
    known = {}
    for entries in concepts["SCT"].values():
        for value, (meaning, _) in entries.items():
            known.setdefault(value, set()).add(meaning.lower())
    rows = [row for row in structures().values() if row.code not in BEYOND_DICOM]
    assert [row.name for row in rows if row.meaning.lower() not in known.get(row.code, set())] == []
    unknown = {site.code for site in sites().values()} - set(known)
    assert unknown == set()


def test_left_and_right_share_a_code():
    for name, row in structures().items():
        if name.endswith("_right"):
            other = structures()[name.replace("_right", "_left")]
            assert (row.laterality, other.laterality, row.code) == ("right", "left", other.code)
