"""write_ct_series: Hounsfield units, clipping, positions and orientation."""

import numpy as np
import pydicom
import pytest

from tests.dicom.exam_writer.written_exam import HEADER, protocol
from uptake.dicom.exam_writer.ct_series import write_ct_series
from uptake.geometry import ImageGeometry
from uptake.volume import CtVolume

GEOMETRY = ImageGeometry(shape=(4, 6, 5), spacing_mm=(3.0, 2.0, 1.5), origin_mm=(-10.0, 20.0, -300.0))
OBLIQUE = ((0.0, -0.6, 0.8), (0.0, 0.8, 0.6), (1.0, 0.0, 0.0))


def written(volume, folder, **changes):
    paths = write_ct_series(volume, HEADER, protocol(**changes), folder, description="CT")
    return [pydicom.dcmread(path) for path in paths]


@pytest.mark.parametrize(("vendor", "lowest", "highest"), [("ge", -1600.0, 9000.0), ("siemens", -1024.0, 3071.0)])
def test_ct_reads_back_as_whole_hounsfield_units_within_the_vendors_range(vendor, lowest, highest, tmp_path):
    hu = np.random.default_rng(2).uniform(-1600, 9000, GEOMETRY.shape).astype(np.float32)
    headers = written(CtVolume(hu, GEOMETRY), tmp_path, vendor=vendor)
    again = np.stack([each.pixel_array * float(each.RescaleSlope) + float(each.RescaleIntercept) for each in headers])
    np.testing.assert_array_equal(again, np.rint(hu).clip(lowest, highest))


@pytest.mark.parametrize("axes", [GEOMETRY.axes, OBLIQUE], ids=["axial", "oblique"])
def test_positions_and_orientation_are_those_of_the_geometry(axes, tmp_path):
    geometry = ImageGeometry(GEOMETRY.shape, GEOMETRY.spacing_mm, GEOMETRY.origin_mm, axes)
    header = written(CtVolume(np.zeros(geometry.shape, np.float32), geometry), tmp_path)[3]
    corner = np.array(header.ImagePositionPatient, float)
    row_direction, column_direction = np.array(header.ImageOrientationPatient, float).reshape(2, 3)
    down, across = np.array(header.PixelSpacing, float)
    last = corner + row_direction * across * (header.Columns - 1) + column_direction * down * (header.Rows - 1)
    np.testing.assert_allclose(last, geometry.position_mm((3, 5, 4)), atol=1e-6)


def test_every_slice_has_its_own_uid_in_the_pets_frame_of_reference(tmp_path):
    headers = written(CtVolume(np.zeros(GEOMETRY.shape, np.float32), GEOMETRY), tmp_path)
    assert len({each.SOPInstanceUID for each in headers}) == 4
    assert {each.FrameOfReferenceUID for each in headers} == {HEADER.uid("frame of reference")}
    assert {each.StudyInstanceUID for each in headers} == {HEADER.uid("study")}
    assert headers[0].file_meta.MediaStorageSOPInstanceUID == headers[0].SOPInstanceUID
