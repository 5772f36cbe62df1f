import numpy as np
import pytest
from pydicom import dcmread

from tests.dicom.object_checks import validity_errors
from tests.dicom.report_objects import CONTEXT, real_series, series_of
from tests.dicom.series_factory import SeriesPlan
from uptake.dicom.results.key_image import build_key_image
from uptake.dicom.results.output_instance import save_dataset
from uptake.dicom.results.source_headers import load_source_headers


@pytest.mark.parametrize("shape", [(31, 17, 3), (32, 40, 3)])
def test_the_picture_comes_back(tmp_path, shape):
    rgb = np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)
    series = series_of(tmp_path / "in", SeriesPlan(slices=3, patient_name="Mononym"))
    save_dataset(build_key_image(load_source_headers(series), rgb, "MIP", CONTEXT), tmp_path / "key.dcm")
    assert validity_errors(tmp_path / "key.dcm") == []
    read = dcmread(tmp_path / "key.dcm")
    assert np.array_equal(read.pixel_array, rgb)
    assert (read.PatientName, read.Modality, read.DerivationDescription) == ("Mononym", "OT", "MIP")
    assert [item.ReferencedSOPInstanceUID for item in read.SourceImageSequence] == [
        plane.sop_instance_uid for plane in series.planes
    ]


@pytest.mark.parametrize(("shape", "kind"), [((4, 4), np.uint8), ((4, 4, 4), np.uint8), ((4, 4, 3), np.float32)])
def test_what_is_no_rgb_picture_is_an_error(tmp_path, shape, kind):
    source = load_source_headers(series_of(tmp_path, SeriesPlan(slices=2)))
    with pytest.raises(ValueError, match="uint8"):
        build_key_image(source, np.zeros(shape, kind), "MIP", CONTEXT)


@pytest.mark.data
@pytest.mark.parametrize("folder", ["acrin_042/PT_AC", "sts/STS_001/PET/image"])
def test_real_headers(data_folder, tmp_path, folder):
    source = load_source_headers(real_series(data_folder / folder))
    rgb = np.zeros((20, 30, 3), dtype=np.uint8)
    save_dataset(build_key_image(source, rgb, "MIP", CONTEXT), tmp_path / "key.dcm")
    assert validity_errors(tmp_path / "key.dcm") == []
