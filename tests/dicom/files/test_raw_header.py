import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from tests.dicom.series_factory import SeriesPlan, write_series
from uptake.dicom.files.instance_header import WANTED, instance_header
from uptake.dicom.files.raw_header import read_header, read_raw_header

_SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless]


def _with_sequences(dataset, _):
    """Sequences of undefined length, nested, in front of what is wanted; and private elements."""
    inner, outer = Dataset(), Dataset()
    inner.CodeValue = "x"
    outer.PurposeOfReferenceCodeSequence = [inner]
    outer["PurposeOfReferenceCodeSequence"].is_undefined_length = True
    dataset.ReferencedImageSequence = [outer, Dataset()]
    dataset["ReferencedImageSequence"].is_undefined_length = True
    block = dataset.private_block(0x0009, "ACME", create=True)
    block.add_new(1, "UN", b"\x01\x02\x03\x04")
    block.add_new(2, "LO", "text")


@pytest.mark.parametrize("syntax", _SYNTAXES, ids=lambda syntax: syntax.keyword)
def test_headers_are_what_pydicom_reads(tmp_path, syntax):
    path = write_series(tmp_path, SeriesPlan(syntax=syntax), edit=_with_sequences)[1]
    expected = pydicom.dcmread(path, stop_before_pixels=True)

    assert read_header(path) == expected
    header = instance_header(path, read_raw_header(path, WANTED))
    assert header.position == tuple(expected.ImagePositionPatient)
    assert (header.pixels.encoding.rows, header.pixels.encoding.columns) == (expected.Rows, expected.Columns)
    assert header.facts.series_uid == expected.SeriesInstanceUID
    assert header.complete


@pytest.mark.parametrize("syntax", _SYNTAXES[:2], ids=lambda syntax: syntax.keyword)
def test_a_native_plane_is_found_in_its_file(tmp_path, syntax):
    path = write_series(tmp_path, SeriesPlan(syntax=syntax), edit=_with_sequences)[1]

    raw = read_raw_header(path, WANTED)

    assert path.read_bytes()[raw.pixel_offset :] == pydicom.dcmread(path).PixelData


def test_every_cut_of_a_file_is_noticed(tmp_path):
    path = write_series(tmp_path, SeriesPlan(), edit=_with_sequences)[1]
    whole = path.read_bytes()
    start = whole.index(b"ORIGINAL")
    for length in range(start, len(whole), 7):
        path.write_bytes(whole[:length])
        raw = read_raw_header(path, WANTED)
        assert not instance_header(path, raw).complete, length


def test_a_header_longer_than_the_first_read_is_read_on(tmp_path):
    def lengthen(dataset, _):
        dataset.ImageComments = "long " * 1000
        dataset.private_block(0x0009, "ACME", create=True).add_new(1, "OB", bytes(200_000))

    path = write_series(tmp_path, SeriesPlan(), edit=lengthen)[0]

    raw = read_raw_header(path, WANTED)

    assert raw.complete
    assert instance_header(path, raw).facts.units == "BQML"
    assert read_header(path) == pydicom.dcmread(path, stop_before_pixels=True)


def test_other_files_are_not_dicom(tmp_path):
    for content in (b"", b"DICM", b"\x89PNG" + bytes(200), bytes(132)):
        (tmp_path / "file").write_bytes(content)
        assert read_raw_header(tmp_path / "file", WANTED) is None
