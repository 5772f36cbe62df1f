import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import ComprehensiveSRStorage, generate_uid

from tests.dicom.series_factory import save
from uptake.dicom.annotations.measurement_report_reader import read_measurement_report
from uptake.errors import UnreadableFile


def code(value, meaning="m", scheme="DCM"):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return [item]


def content(kind, name=None, relation="CONTAINS", children=()):
    item = Dataset()
    item.ValueType, item.RelationshipType = kind, relation
    if name:
        item.ConceptNameCodeSequence = code(name)
    item.ContentSequence = list(children)
    return item


def number(name, value, relation="CONTAINS"):
    item, measured = content("NUM", name, relation), Dataset()
    if value is not None:
        measured.NumericValue, measured.MeasurementUnitsCodeSequence = value, code("ml", scheme="UCUM")
        item.MeasuredValueSequence = [measured]
    return item


def report(path, *children):
    document = content("CONTAINER", "126000", children=children)
    document.SOPClassUID, document.SOPInstanceUID = ComprehensiveSRStorage, generate_uid()
    save(document, path)
    return path


@pytest.mark.data
def test_the_numbers_of_dcmqis_example(data_folder):
    (group,) = read_measurement_report(data_folder / "reference_objects/dcmqi_sr_example/sr.dcm")
    read = {(m.name.meaning, m.derivation.meaning if m.derivation else ""): m.value for m in group.measurements}
    assert read[("SUVbw", "Mean")] == 6.01529
    assert read[("SUVbw", "Minimum")] == 2.91136
    assert read[("SUVbw", "Maximum")] == 10.3814
    assert read[("SUVbw", "Peak Value Within ROI")] == 9.45534
    assert read[("Volume", "")] == 33.5824
    assert group.tracking_id == "primary tumor"
    segmentation = dcmread(data_folder / "reference_objects/dcmqi_sr_example/seg.dcm", stop_before_pixels=True)
    assert group.segment[1] == 1
    assert group.segment[0].startswith("1.2.276")
    assert segmentation.SegmentSequence[0].SegmentNumber == 1
    volume = next(m for m in group.measurements if m.name.meaning == "Volume")
    assert volume.unit.value == "ml"
    assert [value.meaning for _, value in volume.modifiers] == ["Sum of segmented voxel volumes"]


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("iowa2dicom_testing/SR/measurements.dcm", ["Aortic arch", "Cerebellum", "Liver", "Neoplasm"]),
        ("highdicom/sr_document.dcm", ["Planar ROI Measurements"]),
        (
            "highdicom/sr_document_with_multiple_groups.dcm",
            ["Image0001", "LungNodule0001", "Aorta0001", "Vertebra0001"],
        ),
    ],
)
def test_reports_of_other_writers(data_folder, name, groups):
    assert [g.tracking_id for g in read_measurement_report(data_folder / "reference_objects" / name)] == groups


def test_numbers_of_context_and_missing_values_are_no_measurements(tmp_path):
    group = content("CONTAINER", "125007", children=[
        number("1", "2.5"), number("2", None), number("3", "7", relation="HAS ACQ CONTEXT"),
    ])  # fmt: skip
    (read,) = read_measurement_report(report(tmp_path / "sr", group))
    assert [m.value for m in read.measurements] == [2.5]
    assert (read.tracking_id, read.finding, read.segment) == ("", None, None)


def test_deep_nesting_and_control_characters_do_no_harm(tmp_path):
    text = content("TEXT", "112039")
    text.TextValue = "a\r\n\x1b[31mb"
    item = content("CONTAINER", "125007", children=[text, number("1", "1")])
    for _ in range(150):
        item = content("CONTAINER", "125007", children=[item])
    (read,) = read_measurement_report(report(tmp_path / "sr", item))
    assert read.tracking_id == "a [31mb"


def test_what_is_no_report_is_refused(tmp_path):
    (tmp_path / "text").write_text("no DICOM")
    with pytest.raises(UnreadableFile, match="SR: a file could not be read as a structured report"):
        read_measurement_report(tmp_path / "text")
    empty = Dataset()
    empty.SOPClassUID, empty.SOPInstanceUID = ComprehensiveSRStorage, generate_uid()
    save(empty, tmp_path / "empty")
    with pytest.raises(UnreadableFile):
        read_measurement_report(tmp_path / "empty")
