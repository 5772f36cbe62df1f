"""Labels in their box, and the file that a viewer reads."""

import gzip

import nibabel
import numpy as np
import pytest
import SimpleITK

from apps.monai_label.infers.label_files import write_labels
from apps.monai_label.infers.placed_labels import Part, PlacedLabels, placed
from tests.apps.monai_label.infers.exam_of_spheres import CT_GRID, GRID, places
from uptake.errors import OutputFailed


@pytest.fixture
def some():
    """Value 3 at (z 5, y 6, x 7) and 1 two voxels further along x."""
    whole = np.zeros(GRID.shape, np.uint16)
    whole[5, 6, 7], whole[5, 6, 9] = 3, 1
    return PlacedLabels.cropped(whole, GRID)


def test_only_the_box_is_kept(some):
    assert some.values.tolist() == [[[3, 0, 1]]]
    assert some.start == (5, 6, 7)
    assert some.whole()[5, 6, 6:11].tolist() == [0, 3, 0, 1, 0]
    assert some.label_map().array.dtype == np.uint16
    assert np.count_nonzero(some.label_map().array) == 2


def test_any_box_can_be_read(some):
    assert some.at((slice(4, 7), slice(6, 7), slice(8, 12)))[1, 0].tolist() == [0, 1, 0, 0]
    assert not some.at((slice(20, 22), slice(0, 3), slice(0, 3))).any()


def test_parts_are_put_together_the_later_one_on_top():
    one = Part(np.ones((1, 1, 3), bool), (slice(2, 3), slice(4, 5), slice(6, 9)))
    two = Part(np.array([[[True, False]]]), (slice(2, 3), slice(4, 5), slice(8, 10)))
    together = placed([(one, 1), (two, 2)], GRID)
    assert together.start == (2, 4, 6)
    assert together.values.tolist() == [[[1, 1, 2, 0]]]
    assert not placed([], GRID).whole().any()


def test_on_the_ct_each_voxel_takes_the_pet_voxel_it_lies_in():
    x, y, z = places(GRID)
    whole = ((abs(x - 2) < 10) & (abs(y - 2) < 10) & (abs(z - 2) < 10)).astype(np.uint16)  # 5 voxels each way
    moved = PlacedLabels.cropped(whole, GRID).onto(CT_GRID)
    x, y, z = places(CT_GRID)
    # The block ends at 2 +- 10 mm; a CT voxel whose centre lies on a face goes up.
    wanted = (x >= -8) & (x < 12) & (y >= -8) & (y < 12) & (z >= -8) & (z < 12)
    assert np.array_equal(moved.whole() > 0, wanted)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="do not fit"):
        PlacedLabels(np.ones((2, 2, 2), np.uint8), (39, 0, 0), GRID)
    with pytest.raises(ValueError, match="do not fit"):
        PlacedLabels.cropped(np.zeros((3, 3, 3), np.uint8), GRID)


def test_the_nrrd_is_raw_with_x_fastest_as_the_viewer_reads_it(some, tmp_path):
    path = write_labels(some, ".nrrd", tmp_path)
    header, _, data = path.read_bytes().partition(b"\n\n")
    assert b"encoding: raw" in header
    assert b"type: unsigned char" in header
    assert b"sizes: 60 50 40" in header
    flat = np.frombuffer(data, np.uint8)
    assert {int(at): int(flat[at]) for at in flat.nonzero()[0]} == {
        (5 * 50 + 6) * 60 + 7: 3,
        (5 * 50 + 6) * 60 + 9: 1,
    }


@pytest.mark.parametrize("extension", [".nii.gz", ".nii", ".nrrd"])
def test_files_lie_where_the_pet_lies(some, tmp_path, extension):
    path = write_labels(some, extension, tmp_path)
    assert path.name.endswith(extension)
    image = SimpleITK.ReadImage(str(path))
    assert image.GetPixelID() == SimpleITK.sitkUInt8
    assert image.TransformIndexToPhysicalPoint((7, 6, 5)) == pytest.approx((-118 + 28, -98 + 24, -78 + 20))
    assert np.array_equal(SimpleITK.GetArrayFromImage(image), some.whole())


def test_nifti_is_in_the_other_handedness(some, tmp_path):
    image = nibabel.load(write_labels(some, ".nii.gz", tmp_path))
    assert image.affine @ [7, 6, 5, 1] == pytest.approx([90, 74, -58, 1])


def test_a_compressed_nrrd_is_one(some, tmp_path):
    path = write_labels(some, ".nrrd", tmp_path, compressed=True)
    header, _, data = path.read_bytes().partition(b"\n\n")
    assert b"encoding: gz" in header
    assert gzip.decompress(data) == some.whole().tobytes()


def test_a_file_that_cannot_be_made_is_one_error(some, tmp_path):
    with pytest.raises(OutputFailed):
        write_labels(some, ".nrrd", tmp_path / "nowhere")
