"""Reading of public patient data and digital reference objects."""

import nibabel
import numpy as np
import pydicom
import pytest
import SimpleITK
from pydicom.pixels import apply_rescale
from scipy import ndimage

from uptake.dicom.annotations.rt_structure import read_contours
from uptake.dicom.exams.exam_reader import read_exams, select_exams
from uptake.dicom.exams.pixel_reader import read_ct_volume, read_pet_pixels
from uptake.dicom.files.folder_scan import scan_folder
from uptake.errors import NoExamFound, SeriesRefused, SeveralPatients, SuvRefused

pytestmark = pytest.mark.data


def test_the_lung_exam_takes_the_corrected_pet_its_ct_and_the_value_maps(data_folder):
    (exam,) = read_exams(data_folder / "acrin_042")

    assert exam.pet.label == "PT series 1 'PET AC' (135 slices)"
    assert exam.ct.label == "CT series 2 'CT IMAGES' (135 slices)"
    assert len(exam.real_world_value_maps) == 3
    (left,) = (decision for decision in exam.decisions if "NAC" in decision.label)
    assert not left.taken
    assert left.reason == "Units (0054,1001): PROPCNTS cannot become SUV."
    assert exam.warnings == ()


def test_pixels_are_those_of_pydicom(data_folder):
    (exam,) = read_exams(data_folder / "acrin_042")

    voxels, hounsfield = read_pet_pixels(exam.pet), read_ct_volume(exam.ct).array
    for series, volume in ((exam.pet, voxels), (exam.ct, hounsfield)):
        for index in range(0, len(series.planes), 20):
            dataset = pydicom.dcmread(series.planes[index].path)
            assert np.array_equal(volume[index], apply_rescale(dataset.pixel_array, dataset).astype(np.float32))


def test_the_series_that_cannot_become_suv_is_refused(data_folder):
    with pytest.raises(SuvRefused, match="PROPCNTS"):
        read_exams(data_folder / "acrin_042" / "PT_NAC")
    with pytest.raises(NoExamFound, match="CT"):
        read_exams(data_folder / "acrin_042" / "CT")
    with pytest.raises(NoExamFound, match="RWV, SEG, SR"):
        read_exams(data_folder / "reference_objects")


def test_the_sarcoma_exam_and_its_contours(data_folder):
    (exam,) = read_exams(data_folder / "sts_raw")
    voxels = read_pet_pixels(exam.pet)
    (path,) = (data_folder / "sts_raw" / "STS_001" / "mask").iterdir()

    masks = read_contours(path, exam.pet)

    assert exam.ct is None
    assert exam.pet.geometry.spacing_mm == pytest.approx((3.27, 4.6875, 4.6875), abs=1e-4)
    assert list(masks) == ["GTV_Mass", "GTV_Edema"]
    suv = voxels[masks["GTV_Mass"]] * 2.42903e-4
    assert 7.9 < suv.max() < 8.0
    assert 0.15 < suv.min() < 0.20


def test_every_sarcoma_patient_has_a_pet_a_ct_and_contours_that_agree(data_folder):
    folders = sorted((data_folder / "sts").glob("STS_*"))
    assert len(folders) == 24
    for folder in folders:
        (exam,) = read_exams(folder)
        volumes = []
        for series, name in ((exam.pet, "PET"), (exam.ct, "CT")):
            (mask,) = read_contours(folder / name / "mask" / "RS.dcm", series).values()
            volumes.append(mask.sum() * series.geometry.voxel_volume_ml)
        assert volumes[0] == pytest.approx(volumes[1], rel=0.03), folder.name
        assert exam.warnings == ()


def test_patients_of_one_folder_are_kept_apart(data_folder):
    with pytest.raises(SeveralPatients, match="24 patients"):
        read_exams(data_folder / "sts")

    exams = select_exams(scan_folder(data_folder / "sts"), several_patients=True)
    assert len({exam.patient.patient_id for exam in exams}) == len(exams) == 24


def test_reference_objects_and_their_contours(data_folder):
    folders = sorted((data_folder / "suv_dro").glob("DRO_*"))
    assert len(folders) == 10
    for folder in folders:
        (exam,) = read_exams(folder)
        (contours,) = (folder / "RS").iterdir()
        (image,) = (folder / "mask").iterdir()
        # NIfTI runs x, y, z; its mask is drawn one voxel wider than the contours, which stop inside it.
        expected = np.asarray(nibabel.load(image).dataobj).transpose(2, 1, 0) > 0
        (mask,) = read_contours(contours, exam.pet).values()
        assert mask.any()
        assert not (mask & ~expected).any()
        assert not (ndimage.binary_erosion(expected, iterations=2) & ~mask).any()


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("acrin_flt_breast_028_siemens1094.dcm", (SeriesRefused, "dynamic")),
        ("acrin_flt_breast_029_siemens1094.dcm", None),
        ("fodicom_GH184_ge_bqml_jpegll.dcm", None),
        ("fodicom_GH610_ge_propcps_modlut.dcm", (SuvRefused, "PROPCPS")),
    ],
)
def test_edge_cases_are_read_or_refused(data_folder, name, outcome):
    path = data_folder / "edge_cases" / name
    if outcome:
        with pytest.raises(outcome[0], match=outcome[1]):
            read_exams(path)
        return

    (exam,) = read_exams(path)

    # SimpleITK decodes with GDCM, which we do not use.
    reference = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path), SimpleITK.sitkFloat64))
    np.testing.assert_allclose(read_pet_pixels(exam.pet), reference, rtol=1e-6)
    assert any("single slice" in warning for warning in exam.warnings)
