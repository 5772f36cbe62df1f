import gzip

import nibabel
import numpy as np
import pytest
import SimpleITK

from apps.monai_label.exams.nifti_files import write_nifti
from apps.monai_label.labels.label_errors import LabelRefused
from apps.monai_label.labels.label_files import read_labels
from uptake.geometry import ImageGeometry

GRID = ImageGeometry((4, 5, 6), (3.0, 2.0, 2.5), (-10.0, -20.0, 30.0))


def labels():
    array = np.zeros(GRID.shape, np.uint8)
    array[1, 2, 3] = 2
    return array


@pytest.mark.parametrize("name", ["label.nii.gz", "label.nii"])
def test_a_label_comes_back_as_it_was_whatever_its_name(tmp_path, name):
    write_nifti(labels(), GRID, tmp_path / name)
    hidden = (tmp_path / name).rename(tmp_path / "upload")
    array, geometry = read_labels(hidden)
    assert array.dtype == np.uint8
    np.testing.assert_array_equal(array, labels())
    assert geometry.same_grid(GRID)


def test_nifti_is_ras_with_the_voxel_where_it_was(tmp_path):
    write_nifti(labels(), GRID, tmp_path / "label.nii.gz")
    image = nibabel.load(tmp_path / "label.nii.gz")
    x, y, z = np.argwhere(np.asarray(image.dataobj))[0]
    assert (x, y, z) == (3, 2, 1)
    # LPS: -10 + 3*2.5, -20 + 2*2, 30 + 1*3; RAS turns the sign of the first two.
    np.testing.assert_allclose(image.affine @ [x, y, z, 1], [2.5, 16.0, 33.0, 1])


def test_floats_that_are_whole_are_taken_others_not(tmp_path):
    write_nifti(labels().astype(np.float32), GRID, tmp_path / "label.nii.gz")
    np.testing.assert_array_equal(read_labels(tmp_path / "label.nii.gz")[0], labels())
    for wrong in (0.5, -1.0, 256.0):
        write_nifti(labels() + np.float32(wrong), GRID, tmp_path / "wrong.nii")
        with pytest.raises(LabelRefused):
            read_labels(tmp_path / "wrong.nii")


def test_nrrd_in_one_file_is_read(tmp_path):
    image = SimpleITK.GetImageFromArray(labels())
    SimpleITK.WriteImage(image, str(tmp_path / "label.nrrd"), True)
    np.testing.assert_array_equal(read_labels(tmp_path / "label.nrrd")[0], labels())


@pytest.mark.parametrize("line", [b"data file: /etc/passwd", b"datafile:secret.raw", b"Data File: LIST"])
def test_nrrd_that_names_another_file_of_this_machine_is_refused(tmp_path, line):
    (tmp_path / "secret.raw").write_bytes(bytes(120))
    header = b"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 6 5 4\nencoding: raw\n" + line + b"\n\n"
    (tmp_path / "label.nrrd").write_bytes(header)
    with pytest.raises(LabelRefused, match="another file"):
        read_labels(tmp_path / "label.nrrd")


@pytest.mark.parametrize("name", ["label.nii", "label.nii.gz", "label.nrrd"])
def test_a_file_that_was_cut_off_is_not_background(tmp_path, name):
    path = tmp_path / name
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(np.random.default_rng(0).integers(0, 3, (20, 20, 20))), str(path))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(LabelRefused):
        read_labels(path)


def _announcing(shape):
    header = nibabel.Nifti1Header()
    header.set_data_shape(shape)
    header.set_data_dtype(np.uint8)
    header["magic"], header["vox_offset"] = b"n+1", 352
    return header.binaryblock + b"\0" * 4


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x1f\x8b broken",
        b"PK\x03\x04 an archive",
        gzip.compress(b"plain text" * 100),
        _announcing((30000, 30000, 30000)),
        _announcing((10, 10, 10)),
        _announcing((5, 5, 5, 5)),
        b"NRRD0004\ntype: uchar",
    ],
    ids=["empty", "broken gzip", "archive", "gzip of text", "giant", "cut off", "four axes", "no header end"],
)
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "label.nii.gz").write_bytes(content)
    with pytest.raises(LabelRefused, match="Send NIfTI"):
        read_labels(tmp_path / "label.nii.gz")
