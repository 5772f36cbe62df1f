import dataclasses
from datetime import datetime

import pytest
from pydicom import dcmread

from tests.dicom.report_objects import CONTEXT, series_of
from tests.dicom.series_factory import SeriesPlan
from uptake.dicom.results.output_instance import DicomInstanceContext, instance_keywords, nameless, save_dataset
from uptake.dicom.results.report_pdf import build_encapsulated_pdf
from uptake.dicom.results.source_headers import load_source_headers


def test_each_kind_and_exam_has_a_series_number_of_its_own():
    kinds = ("segmentation", "measurement report", "real world value map", "report", "key image")
    contexts = [DicomInstanceContext(datetime(2024, 1, 1), number) for number in (1, 2)]
    made = [instance_keywords(kind, context) for kind in kinds for context in contexts]
    for key in ("series_number", "series_instance_uid", "sop_instance_uid"):
        assert len({keywords[key] for keywords in made}) == 10
    with pytest.raises(KeyError):
        instance_keywords("poem", CONTEXT)


def test_names_are_kept_from_highdicom_but_not_lost(tmp_path):
    source = load_source_headers(series_of(tmp_path, SeriesPlan(slices=2, patient_name="Mononym")))
    assert [str(header.get("PatientName", "")) for header in nameless(source)] == ["", ""]
    assert source.datasets[0].PatientName == "Mononym"


def test_a_study_uid_that_is_not_valid_is_kept(tmp_path):
    def spoil(dataset, _index):
        dataset["StudyInstanceUID"]._value = "1.2.03"

    series = series_of(tmp_path / "in", SeriesPlan(slices=2), edit=spoil)
    source = load_source_headers(dataclasses.replace(series, study_uid="1.2.03"))
    assert source.warnings == ("StudyInstanceUID is no valid UID: kept, so that references still match.",)
    with pytest.warns(UserWarning, match="Invalid value for VR UI"):
        made = build_encapsulated_pdf(source, b"%PDF-1.4\n", "Report", CONTEXT)
    save_dataset(made, tmp_path / "out.dcm")
    assert dcmread(tmp_path / "out.dcm").get_item("StudyInstanceUID").value == b"1.2.03"


def test_what_is_written_is_a_whole_part_10_file(tmp_path):
    source = load_source_headers(series_of(tmp_path / "in", SeriesPlan(slices=2)))
    made = build_encapsulated_pdf(source, b"%PDF-1.4\n", "Report", CONTEXT)
    save_dataset(made, tmp_path / "out.dcm")
    meta = dcmread(tmp_path / "out.dcm").file_meta
    assert (tmp_path / "out.dcm").read_bytes()[128:132] == b"DICM"
    assert meta.MediaStorageSOPInstanceUID == made.SOPInstanceUID
