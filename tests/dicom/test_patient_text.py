import pytest

from tests.dicom.series_factory import SeriesPlan, ct_plan, write_series
from uptake.dicom.exams.exam_reader import read_exams
from uptake.dicom.files.instance_header import series_label

_JAPANESE = "Yamada^Tarou=山田^太郎=やまだ^たろう"


@pytest.mark.parametrize(
    ("character_set", "name"),
    [
        ("ISO_IR 192", "Müller^Jörg"),
        ("ISO_IR 192", _JAPANESE),
        (["", "ISO 2022 IR 87"], _JAPANESE),
        ("GB18030", "Wang^XiaoDong=王^小东"),
        ("ISO_IR 144", "Люкceмбypг"),
        ("ISO_IR 100", "Buc^Jérôme"),
        ("ISO_IR 192", "<img src='file:///etc/passwd'/>"),
    ],
)
def test_names_keep_every_character_and_their_dicom_form(tmp_path, character_set, name):
    write_series(tmp_path, SeriesPlan(character_set=character_set, patient_name=name))

    (exam,) = read_exams(tmp_path)

    assert exam.patient.name == name
    assert (exam.patient.patient_id, exam.patient.birth_date, exam.patient.sex) == ("P-1", "19600102", "F")


def test_nothing_printed_of_an_exam_names_the_patient(tmp_path):
    write_series(tmp_path, SeriesPlan(patient_name="Secret^Person", patient_id="ID-77"))

    (exam,) = read_exams(tmp_path)

    assert "Secret" not in repr(exam)
    assert "ID-77" not in repr(exam)


def test_a_name_spelled_differently_is_a_warning(tmp_path):
    write_series(tmp_path / "pt", SeriesPlan(patient_name="DOE^JO^^"))
    write_series(tmp_path / "ct", ct_plan(patient_name="Doe^Jo"))
    assert not any("spelled" in warning for warning in read_exams(tmp_path)[0].warnings)

    write_series(tmp_path / "ct", ct_plan(patient_name="Roe^Jo"))
    assert any("spelled" in warning for warning in read_exams(tmp_path)[0].warnings)


def test_labels_are_short_and_printable():
    assert series_label("PT", None, "a\x1b[31m\n" + "b" * 60, 1) == f"PT series 'a[31m{'b' * 35}' (1 slice)"
