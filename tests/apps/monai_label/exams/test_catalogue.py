from apps.monai_label.exams.catalogue import Catalogue, ListedExam, digest


def exam(uid, started, patient="p", born="b", study=None):
    return ListedExam(uid, study or f"9.{uid}", patient, born, started, 10)


def test_the_prior_is_the_same_patients_latest_earlier_exam():
    found = Catalogue(
        [exam("1.3", "20240301"), exam("1.1", "20240101"), exam("1.2", "20240201"), exam("1.9", "20240210", "other")]
    )
    assert [each.series_uid for each in found] == ["1.1", "1.2", "1.9", "1.3"]
    assert [each.series_uid for each in found.earlier("1.3")] == ["1.2", "1.1"]
    assert found.key(found.find("1.3")).prior_pet_series_uid == "1.2"
    assert found.key(found.find("1.1")).prior_pet_series_uid is None


def test_two_birth_dates_are_two_patients_and_no_id_is_nobody():
    found = Catalogue([exam("1.1", "20240101", born="x"), exam("1.2", "20240201"), exam("1.3", "20240301", born="")])
    assert found.earlier("1.2") == ()
    assert [each.series_uid for each in found.earlier("1.3")] == ["1.2", "1.1"]
    nobody = Catalogue([exam("1.1", "20240101", patient=""), exam("1.2", "20240201", patient="")])
    assert nobody.earlier("1.2") == ()


def test_an_exam_of_the_same_study_or_without_a_date_is_no_prior():
    assert Catalogue([exam("1.1", "20240101", study="9"), exam("1.2", "20240102", study="9")]).earlier("1.2") == ()
    assert Catalogue([exam("1.1", ""), exam("1.2", "20240102")]).earlier("1.2") == ()


def test_a_digest_hides_the_patient_and_repr_too():
    assert digest("") == "" == digest("  ", "x")
    assert digest("A1") == digest(" A1 ") != digest("A2")
    assert "A1" not in digest("A1")
    assert "2024" not in repr(exam("1.1", "20240101"))
