from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import RealWorldValueMappingStorage, SecondaryCaptureImageStorage

from tests.dicom.series_factory import SeriesPlan, ct_plan, save, uid, write_series
from uptake.dicom.exams.exam_reader import read_exams, select_exams
from uptake.dicom.files.folder_scan import scan_folder
from uptake.errors import NoExamFound, SeriesRefused, SeveralPatients, SuvRefused

PET = SeriesPlan()


def _set(**values):
    def edit(dataset, _):
        for keyword, value in values.items():
            setattr(dataset, keyword, value)

    return edit


def _reason(exam, name: str) -> str:
    return next(decision.reason for decision in exam.decisions if decision.series_uid == uid(name))


def test_pet_and_ct_of_one_exam(tmp_path):
    write_series(tmp_path, PET, names="p{0}")
    write_series(tmp_path, ct_plan(), names="c{0}")

    (exam,) = read_exams(tmp_path)

    assert exam.pet.label == "PT series 3 'PET AC' (5 slices)"
    assert exam.ct.label == "CT series 2 'CT low dose' (7 slices)"
    assert exam.pet.acquired == datetime(2020, 5, 17, 10, 30)
    assert exam.pet.frame_of_reference_uid == exam.ct.frame_of_reference_uid == uid("frame")
    assert exam.acquisition.units == "BQML"
    assert len(exam.acquisition.slices) == 5
    assert {decision.reason for decision in exam.decisions} == {"the exam's PET", "the PET's CT"}
    assert exam.warnings == ()


def test_headers_reach_the_acquisition_in_plane_order(tmp_path):
    def later(dataset, index):
        dataset.AcquisitionTime = (PET.acquired + timedelta(minutes=index)).strftime("%H%M%S")

    write_series(tmp_path, PET, edit=later, names="x{0}")
    (exam,) = read_exams(tmp_path)

    assert [each.acquired.minute for each in exam.acquisition.slices] == [30, 31, 32, 33, 34]


@pytest.mark.parametrize(
    ("edit", "error", "message"),
    [
        (_set(Units="PROPCNTS"), SuvRefused, r"Units \(0054,1001\): PROPCNTS cannot become SUV"),
        (_set(Units=None), SuvRefused, "missing cannot become SUV"),
        (_set(CorrectedImage=["DECY", "NORM"]), SuvRefused, "not attenuation-corrected"),
        (_set(SeriesType=["DYNAMIC", "IMAGE"]), SeriesRefused, "a dynamic series"),
        (_set(SeriesType=["GATED", "IMAGE"]), SeriesRefused, "a gated series"),
        (_set(SeriesType=["WHOLE BODY", "REPROJECTION"]), SeriesRefused, "a MIP or reprojection"),
        (_set(ImageType=["DERIVED", "SECONDARY", "MIP"]), SeriesRefused, "a MIP"),
        (_set(ImageType=["DERIVED", "SECONDARY", "PROJECTION IMAGE"]), SeriesRefused, "a projection"),
        (_set(ImageType=["DERIVED", "SECONDARY", "REFORMATTED"]), SeriesRefused, "a reformatted series"),
        (_set(ImageType=["DERIVED", "SECONDARY", "SCREEN SAVE"]), SeriesRefused, "a screenshot"),
        (_set(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]), SeriesRefused, "a localizer"),
        (_set(SamplesPerPixel=3), SeriesRefused, "a picture"),
    ],
)
def test_what_cannot_be_measured_is_refused_by_name(tmp_path, edit, error, message):
    write_series(tmp_path, PET, edit=edit)

    with pytest.raises(error, match=message):
        read_exams(tmp_path)


def test_all_refusals_are_told_when_nothing_is_left(tmp_path):
    write_series(tmp_path / "1", PET, edit=_set(Units="PROPCNTS"))
    write_series(tmp_path / "2", replace(PET, name="other", number=9), edit=_set(CorrectedImage=["DECY"]))

    with pytest.raises(SuvRefused, match=r"PROPCNTS.*series 9.*not attenuation-corrected"):
        read_exams(tmp_path)


@pytest.mark.parametrize(
    ("other", "edit", "reason"),
    [
        ({}, _set(CorrectedImage=["DECY"]), "not attenuation-corrected"),
        ({}, _set(Units="PROPCNTS"), "PROPCNTS cannot become SUV"),
        ({"slices": 9}, _set(ImageType=["DERIVED", "SECONDARY"]), "it is derived, the chosen one original"),
        ({"slices": 4}, _set(), r"fewer slices (4, not 5)"),
        ({}, _set(Units="GML"), "its Units are GML, not BQML"),
        ({"slices": 9}, _set(Units="CNTS"), "counts without a scale factor"),
        ({"number": 7}, _set(), "its series number is higher"),
        ({"slices": 4, "acquired": PET.acquired + timedelta(minutes=60)}, _set(), "acquired 60 min later"),
        ({"slices": 9}, _set(SeriesType=["DYNAMIC", "IMAGE"]), "a dynamic series"),
    ],
)
def test_the_best_pet_is_taken_and_the_other_s_reason_told(tmp_path, other, edit, reason):
    write_series(tmp_path / "a", replace(PET, name="other", **{"number": 1, **other}), edit=edit)
    write_series(tmp_path / "b", PET)

    (exam,) = read_exams(tmp_path)

    assert exam.pet.series_uid == uid("series")
    assert reason in _reason(exam, "other")


def test_a_philips_factor_makes_counts_usable(tmp_path):
    def philips(dataset, _):
        dataset.Units = "CNTS"
        dataset.private_block(0x7053, "Philips PET Private Group", create=True).add_new(0, "DS", "0.00038")

    write_series(tmp_path, PET, edit=philips)

    assert read_exams(tmp_path)[0].acquisition.philips_suv_factor == 0.00038


def test_an_irregular_pet_gives_way_to_a_regular_one(tmp_path):
    paths = write_series(tmp_path / "a", replace(PET, name="holes", slices=9))
    paths[4].unlink()
    write_series(tmp_path / "b", PET)

    (exam,) = read_exams(tmp_path)

    assert exam.pet.series_uid == uid("series")
    assert "1 slice(s) of 3.00 mm missing" in _reason(exam, "holes")


def test_delayed_images_in_another_frame_of_reference_are_no_second_exam(tmp_path):
    write_series(tmp_path / "a", PET)
    late = PET.acquired + timedelta(minutes=90)
    write_series(tmp_path / "b", replace(PET, name="late", number=8, frame_of_reference="2", acquired=late))

    (exam,) = read_exams(tmp_path)

    assert exam.pet.series_uid == uid("series")
    assert "acquired 90 min later in the same study" in _reason(exam, "late")


def test_a_reconstruction_filed_in_another_study_is_the_same_exam(tmp_path):
    write_series(tmp_path / "a", PET)
    write_series(tmp_path / "b", replace(PET, name="research", study="research", number=80))

    (exam,) = read_exams(tmp_path)

    assert exam.pet.series_uid == uid("series")


def test_two_exams_come_in_time_order_each_with_its_ct(tmp_path):
    for name, year in (("new", 2021), ("old", 2019)):
        when = datetime(year, 3, 1, 9, 0)
        plan = replace(PET, name=f"pt {name}", study=name, frame_of_reference=name, acquired=when)
        write_series(tmp_path / name / "pt", plan)
        write_series(
            tmp_path / name / "ct", ct_plan(name=f"ct {name}", study=name, frame_of_reference=name, acquired=when)
        )

    old, new = read_exams(tmp_path)

    assert (old.pet.series_uid, new.pet.series_uid) == (uid("pt old"), uid("pt new"))
    assert (old.ct.series_uid, new.ct.series_uid) == (uid("ct old"), uid("ct new"))
    assert _reason(old, "pt new") == "belongs to another exam"


def test_one_frame_of_reference_at_two_dates_is_two_exams_and_the_ct_of_its_own_date(tmp_path):
    for name, year in (("new", 2021), ("old", 2019)):
        when = datetime(year, 3, 1, 9, 0)
        write_series(tmp_path / name / "pt", replace(PET, name=f"pt {name}", study=name, acquired=when))
        write_series(tmp_path / name / "ct", ct_plan(name=f"ct {name}", study=name, acquired=when))

    old, new = read_exams(tmp_path)

    assert (old.ct.series_uid, new.ct.series_uid) == (uid("ct old"), uid("ct new"))


def test_a_lost_exam_is_told_in_the_one_that_is_left(tmp_path):
    write_series(tmp_path / "a", PET)
    bad = replace(PET, name="bad", study="2", frame_of_reference="2", acquired=datetime(2021, 1, 1))
    write_series(tmp_path / "b", bad, edit=_set(Units="CPS"))

    (exam,) = read_exams(tmp_path)

    assert any("an exam was left out" in warning and "CPS" in warning for warning in exam.warnings)


def test_ct_of_another_study_in_the_same_frame_of_reference_is_paired(tmp_path):
    write_series(tmp_path / "a", PET)
    write_series(tmp_path / "b", ct_plan(study="ct study"))

    (exam,) = read_exams(tmp_path)

    assert exam.ct.series_uid == uid("ct")
    assert exam.warnings == ()


@pytest.mark.parametrize("frame", ["", "another"])
def test_ct_of_the_same_study_without_the_frame_of_reference_is_paired_with_a_warning(tmp_path, frame):
    write_series(tmp_path / "a", PET)
    write_series(tmp_path / "b", ct_plan(frame_of_reference=frame))

    (exam,) = read_exams(tmp_path)

    assert exam.ct.series_uid == uid("ct")
    assert any("paired by study alone" in warning for warning in exam.warnings)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"study": "2", "frame_of_reference": "2"}, "another frame of reference and another study"),
        ({"origin_mm": (-20.0, -15.0, 900.0)}, "does not overlap"),
    ],
)
def test_ct_that_does_not_belong_to_the_pet_is_left(tmp_path, changes, reason):
    write_series(tmp_path / "a", PET)
    write_series(tmp_path / "b", ct_plan(**changes))

    (exam,) = read_exams(tmp_path)

    assert exam.ct is None
    assert reason in _reason(exam, "ct")
    assert "there is no CT that fits the PET: it is measured without one" in exam.warnings


@pytest.mark.parametrize(
    ("other", "edit"),
    [
        ({"slices": 2}, _set()),
        ({}, _set(ImageType=["DERIVED", "SECONDARY", "AXIAL"])),
        ({"acquired": PET.acquired + timedelta(hours=2)}, _set()),
        ({"number": 90}, _set()),
    ],
)
def test_the_ct_that_fits_best_is_taken(tmp_path, other, edit):
    write_series(tmp_path / "a", PET)
    write_series(tmp_path / "b", ct_plan())
    write_series(tmp_path / "c", ct_plan(**{"name": "other", "number": 1, **other}), edit=edit)

    (exam,) = read_exams(tmp_path)

    assert exam.ct.series_uid == uid("ct")
    assert "fits the PET better" in _reason(exam, "other")


def test_localizers_mixed_into_a_ct_are_dropped(tmp_path):
    write_series(tmp_path / "a", PET)
    write_series(tmp_path / "b", ct_plan())
    scout = ct_plan(name="scout", slices=1, orientation=(1, 0, 0, 0, 0, -1), rows=50)
    write_series(
        tmp_path / "c", scout, edit=_set(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], SeriesInstanceUID=uid("ct"))
    )

    (exam,) = read_exams(tmp_path)

    assert len(exam.ct.planes) == 7
    assert any("1 localizer image(s) left out" in warning for warning in exam.warnings)


def test_a_localizer_series_is_left_without_a_warning(tmp_path):
    write_series(tmp_path / "a", PET)
    write_series(tmp_path / "b", ct_plan())
    write_series(
        tmp_path / "c", ct_plan(name="scout", slices=1), edit=_set(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    )

    (exam,) = read_exams(tmp_path)

    assert "a localizer" in _reason(exam, "scout")
    assert exam.warnings == ()


@pytest.mark.parametrize(
    "other",
    [{"patient_id": "P-2"}, {"patient_id": "", "patient_name": "Roe^Al"}],
)
def test_several_patients_are_refused_or_kept_apart(tmp_path, other):
    write_series(tmp_path / "a", PET)
    write_series(tmp_path / "b", replace(PET, name="2", study="2", frame_of_reference="2", **other))

    with pytest.raises(SeveralPatients, match="2 patients") as refused:
        read_exams(tmp_path)
    assert "P-1" not in str(refused.value)

    exams = select_exams(scan_folder(tmp_path), several_patients=True)
    assert {(exam.patient.patient_id, exam.pet.series_uid) for exam in exams} == {
        ("P-1", uid("series")),
        (other["patient_id"], uid("2")),
    }


def test_a_ct_never_comes_from_another_patient(tmp_path):
    write_series(tmp_path / "a", PET)
    write_series(tmp_path / "b", ct_plan(patient_id="P-2"))

    (exam,) = select_exams(scan_folder(tmp_path), several_patients=True)

    assert exam.ct is None


def test_one_number_with_two_birth_dates_is_two_patients(tmp_path):
    write_series(tmp_path / "a", PET)
    write_series(tmp_path / "b", ct_plan(), edit=_set(PatientBirthDate=""))
    assert len(read_exams(tmp_path)) == 1

    write_series(tmp_path / "b", ct_plan(), edit=_set(PatientBirthDate="19810203"))
    with pytest.raises(SeveralPatients):
        read_exams(tmp_path)


def test_value_maps_of_the_study_go_with_the_exam(tmp_path):
    write_series(tmp_path / "a", PET)
    for name, study in (("own", "study"), ("foreign", "elsewhere")):
        dataset = Dataset()
        dataset.SOPClassUID, dataset.SOPInstanceUID = RealWorldValueMappingStorage, uid(name)
        dataset.Modality, dataset.PatientID = "RWV", "P-1"
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = uid(study), uid(f"{name} series")
        save(dataset, tmp_path / name)

    (exam,) = read_exams(tmp_path)

    assert exam.real_world_value_maps == (tmp_path / "own",)
    assert _reason(exam, "own series") == "not a PET or CT image"


def test_pictures_with_modality_pt_are_no_pet(tmp_path):
    write_series(tmp_path, PET, edit=_set(SOPClassUID=SecondaryCaptureImageStorage))

    with pytest.raises(NoExamFound, match=r"DICOM \(PT\) but neither PET nor CT images"):
        read_exams(tmp_path)
