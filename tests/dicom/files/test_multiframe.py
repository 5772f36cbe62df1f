from datetime import timedelta

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.uid import LegacyConvertedEnhancedPETImageStorage

from tests.dicom.series_factory import SeriesPlan, ct_plan, make_headers, stored, write_enhanced, write_series
from uptake.dicom.exams.exam_reader import read_exams
from uptake.dicom.exams.pixel_reader import read_pet_pixels
from uptake.errors import SeriesRefused, SuvRefused, UnreadableFile

PLAN = SeriesPlan()


def _frames(dataset):
    return dataset.PerFrameFunctionalGroupsSequence


def test_an_enhanced_pet_is_the_series_it_would_have_been(tmp_path):
    write_enhanced(tmp_path / "many", PLAN)
    write_series(tmp_path / "one", PLAN)

    (many,), (one,) = read_exams(tmp_path / "many"), read_exams(tmp_path / "one")

    assert many.pet.geometry == one.pet.geometry
    assert many.acquisition.units == "BQML"
    assert [each.acquired for each in many.acquisition.slices] == [each.acquired for each in one.acquisition.slices]
    assert np.array_equal(read_pet_pixels(many.pet), read_pet_pixels(one.pet))


def test_frame_times_follow_the_planes(tmp_path):
    def later(dataset):
        for index, frame in enumerate(_frames(dataset)):
            when = PLAN.acquired + timedelta(minutes=index)
            frame.FrameContentSequence[0].FrameAcquisitionDateTime = when.strftime("%Y%m%d%H%M%S")

    write_enhanced(tmp_path, PLAN, edit=later)

    (exam,) = read_exams(tmp_path)

    assert [each.acquired.minute for each in exam.acquisition.slices] == [34, 33, 32, 31, 30]
    assert exam.pet.acquired == PLAN.acquired


def test_what_an_enhanced_pet_lacks_is_refused(tmp_path):
    def uncorrected(dataset):
        dataset.AttenuationCorrected = "NO"

    def unitless(dataset):
        del dataset.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence

    def dynamic(dataset):
        for index, frame in enumerate(_frames(dataset)):
            frame.PlanePositionSequence[0].ImagePositionPatient = [0, 0, index // 2]
            frame.FrameContentSequence[0].FrameAcquisitionDateTime = f"2020051710{30 + index}00"

    def short(dataset):
        dataset.PerFrameFunctionalGroupsSequence = _frames(dataset)[:3]

    def maximum(dataset):
        dataset.ImageType = ["DERIVED", "PRIMARY", "VOLUME", "MAXIMUM"]

    for edit, error, message in (
        (uncorrected, SuvRefused, "not attenuation-corrected"),
        (unitless, SuvRefused, "Units"),
        (dynamic, SeriesRefused, "a dynamic series"),
        (short, UnreadableFile, "end too early"),
        (maximum, SeriesRefused, "maximum"),
    ):
        write_enhanced(tmp_path, PLAN, edit=edit)
        with pytest.raises(error, match=message):
            read_exams(tmp_path)


def test_a_legacy_converted_pet_keeps_its_headers_in_unassigned_attributes(tmp_path):
    single = make_headers(PLAN)

    def convert(dataset):
        dataset.SOPClassUID = LegacyConvertedEnhancedPETImageStorage
        shared = dataset.SharedFunctionalGroupsSequence[0]
        del shared.RealWorldValueMappingSequence
        del dataset.AttenuationCorrected, dataset.DecayCorrected, dataset.DecayCorrectionDateTime
        item = Dataset()
        for keyword in ("Units", "CorrectedImage", "SeriesType", "DecayCorrection"):
            setattr(item, keyword, getattr(single[0], keyword))
        shared.UnassignedSharedConvertedAttributesSequence = [item]
        for frame in _frames(dataset):
            own = Dataset()
            own.AcquisitionDate, own.AcquisitionTime = single[0].AcquisitionDate, single[0].AcquisitionTime
            own.ActualFrameDuration, own.FrameReferenceTime = "120000", "0"
            frame.UnassignedPerFrameConvertedAttributesSequence = [own]

    write_enhanced(tmp_path, PLAN, edit=convert)

    (exam,) = read_exams(tmp_path)

    assert exam.acquisition.units == "BQML"
    assert exam.acquisition.decay_correction == "START"
    assert exam.acquisition.dose == 350e6
    assert {each.frame_duration_s for each in exam.acquisition.slices} == {120.0}
    assert np.array_equal(read_pet_pixels(exam.pet), stored(PLAN) * np.float32(0.5))


def test_an_enhanced_ct_stands_beside_a_single_frame_pet(tmp_path):
    write_series(tmp_path, PLAN)
    write_enhanced(tmp_path, ct_plan())

    (exam,) = read_exams(tmp_path)

    assert exam.ct.geometry.shape == (7, 10, 9)
    assert exam.warnings == ()
