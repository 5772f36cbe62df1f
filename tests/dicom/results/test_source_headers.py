import warnings

import pytest
from pydicom import Dataset, dcmread
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from tests.dicom.report_objects import CONTEXT, enhanced_series_of, real_series, series_of
from tests.dicom.series_factory import SeriesPlan
from uptake.dicom.results.output_instance import save_dataset
from uptake.dicom.results.report_pdf import build_encapsulated_pdf
from uptake.dicom.results.source_headers import load_source_headers, repair_header
from uptake.errors import UnreadableFile

NAMES = {
    "latin": ("ISO_IR 100", "Müller^Jürgen"),
    "cyrillic": ("ISO_IR 144", "Иванов^Пётр"),
    "greek": ("ISO_IR 126", "Διονυσίου^Αθηνά"),
    "arabic": ("ISO_IR 127", "قباني^لنزار"),
    "utf8": ("ISO_IR 192", "Wang^XiaoDong=王^小東="),
    "chinese": ("GB18030", "Wang^XiaoDong=王^小东="),
    # Both bytes of a double-byte character may look like a delimiter: 0x5C in GB18030, 0x3D in ISO 2022 IR 87.
    "chinese with a backslash byte": ("GB18030", "Zhu^X=俓^乗="),
    "japanese": (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    "japanese with an equals byte": (["", "ISO 2022 IR 87"], "Haruyama^Jun=春山^純=はるやま^じゅん"),
    "korean": (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
}


@pytest.mark.parametrize("kind", NAMES)
def test_names_survive_in_any_character_set(tmp_path, kind):
    character_set, name = NAMES[kind]
    plan = SeriesPlan(slices=2, character_set=character_set, patient_name=name)
    source = load_source_headers(series_of(tmp_path / "in", plan))
    assert source.warnings == ()
    save_dataset(build_encapsulated_pdf(source, b"%PDF-1.4\n", "Report", CONTEXT), tmp_path / "out.dcm")
    written = dcmread(tmp_path / "out.dcm")
    assert written.SpecificCharacterSet == "ISO_IR 192"
    assert str(written.PatientName).rstrip("=") == name.rstrip("=")


def test_text_of_nested_items_survives(tmp_path):
    def deidentified(dataset, _index):
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "1", "99ВРАЧ", "Обезличено"
        dataset.PatientIdentityRemoved = "YES"
        dataset.DeidentificationMethodCodeSequence = [item]

    plan = SeriesPlan(slices=2, character_set="ISO_IR 144", patient_name="Иванов^Пётр")
    source = load_source_headers(series_of(tmp_path / "in", plan, edit=deidentified))
    save_dataset(build_encapsulated_pdf(source, b"%PDF-1.4\n", "Report", CONTEXT), tmp_path / "out.dcm")
    assert dcmread(tmp_path / "out.dcm").DeidentificationMethodCodeSequence[0].CodeMeaning == "Обезличено"


def test_single_frame_planes_lie_on_the_regular_grid(tmp_path):
    series = series_of(tmp_path, SeriesPlan(slices=4))
    source = load_source_headers(series)
    assert [dataset.SOPInstanceUID for dataset in source.datasets] == [p.sop_instance_uid for p in series.planes]
    assert [float(dataset.ImagePositionPatient[2]) for dataset in source.datasets] == [100, 103, 106, 109]
    assert source.datasets[0].PatientName == "Doe^Jo"
    assert all("PatientName" not in dataset for dataset in source.datasets[1:])
    assert all("PixelData" not in dataset for dataset in source.datasets)


def test_enhanced_frames_keep_the_files_order(tmp_path):
    source = load_source_headers(enhanced_series_of(tmp_path, SeriesPlan(slices=3)))
    (header,) = source.datasets
    frames = header.PerFrameFunctionalGroupsSequence
    assert [float(f.PlanePositionSequence[0].ImagePositionPatient[2]) for f in frames] == [106, 103, 100]


def test_type_2_attributes_that_are_missing_become_empty(tmp_path):
    def strip(dataset, _index):
        del dataset.PatientBirthDate, dataset.PatientSex, dataset.StudyTime

    header = load_source_headers(series_of(tmp_path, SeriesPlan(slices=2), edit=strip)).datasets[0]
    for keyword in ("PatientBirthDate", "PatientSex", "StudyTime", "AccessionNumber", "ReferringPhysicianName"):
        assert keyword in header
        assert not header[keyword].value


def test_broken_bytes_are_repaired_and_reported_without_their_value():
    header = Dataset()
    raw = {"PatientID": b"SECRET\\1", "PatientBirthDate": b"1960-01-02", "PatientWeight": b"SECRET",
           "StudyID": b"SECRET" * 4, "PatientName": b"SECRET\xff^\xfe"}  # fmt: skip
    for keyword, value in raw.items():
        tag = Tag(keyword)
        header._dict[tag] = RawDataElement(tag, None, len(value), value, 0, True, True)
    header.SpecificCharacterSet = "ISO_IR 192"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        repaired, warned = repair_header(header)
    assert repaired.PatientID == "SECRET/1"
    assert repaired.PatientBirthDate == "19600102"
    assert "PatientWeight" not in repaired
    assert len(repaired.StudyID) == 16
    assert len(warned) == 5
    assert not any("SECRET" in text for text in warned)


def test_an_unreadable_header_is_refused(tmp_path):
    series = series_of(tmp_path, SeriesPlan(slices=2))
    series.planes[0].path.write_bytes(b"no longer DICOM")
    with pytest.raises(UnreadableFile, match="PT 3 PET AC: its header could not be read"):
        load_source_headers(series)


def test_a_frame_of_reference_with_a_taken_uid_gets_its_own_the_same_each_time(tmp_path):
    series = series_of(tmp_path, SeriesPlan(slices=2, study="same", frame_of_reference="same"))
    first, second = (load_source_headers(series) for _ in range(2))
    assert "FrameOfReferenceUID is also the UID of the study or the series" in first.warnings[0]
    written = first.datasets[0].FrameOfReferenceUID
    assert written.is_valid
    assert written not in {series.study_uid, series.series_uid}
    assert {dataset.FrameOfReferenceUID for dataset in (*first.datasets, *second.datasets)} == {written}


@pytest.mark.data
@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("acrin_042/PT_AC", ["A required clinical trial attribute"]),
        ("sts/STS_001/PET/image", ["StudyID was 18 characters, at most 16 are allowed: cut."]),
        ("sts_raw/STS_001/image", []),
    ],
)
def test_faults_of_real_headers(data_folder, folder, said):
    source = load_source_headers(real_series(data_folder / folder))
    assert len(source.warnings) == len(said)
    assert all(warned.startswith(start) for warned, start in zip(source.warnings, said, strict=True))
