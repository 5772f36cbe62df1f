import pytest
from pydicom import dcmread

from tests.dicom.object_checks import validity_errors
from tests.dicom.report_objects import CONTEXT, enhanced_series_of, real_series, series_of
from tests.dicom.series_factory import SeriesPlan
from uptake.dicom.results.output_instance import save_dataset
from uptake.dicom.results.report_pdf import build_encapsulated_pdf
from uptake.dicom.results.source_headers import load_source_headers


@pytest.mark.parametrize("pdf", [b"%PDF-1.4\nodd length", b"%PDF-1.4\neven length"])
@pytest.mark.parametrize("make", [series_of, enhanced_series_of])
def test_the_document_comes_back(tmp_path, pdf, make):
    series = make(tmp_path / "in", SeriesPlan(slices=3))
    made = build_encapsulated_pdf(load_source_headers(series), pdf, "Bericht für Müller", CONTEXT)
    save_dataset(made, tmp_path / "pdf.dcm")
    assert validity_errors(tmp_path / "pdf.dcm") == []
    read = dcmread(tmp_path / "pdf.dcm")
    assert read.EncapsulatedDocument[: read.EncapsulatedDocumentLength] == pdf
    assert (read.DocumentTitle, read.PatientID, read.SeriesNumber) == ("Bericht für Müller", "P-1", 9004)
    assert read.StudyInstanceUID == series.study_uid
    assert read.SourceInstanceSequence[0].ReferencedSOPInstanceUID == series.planes[0].sop_instance_uid


def test_bytes_that_are_no_pdf_are_an_error(tmp_path):
    source = load_source_headers(series_of(tmp_path, SeriesPlan(slices=2)))
    with pytest.raises(ValueError, match="not a PDF"):
        build_encapsulated_pdf(source, b"<html>", "Report", CONTEXT)


@pytest.mark.data
@pytest.mark.parametrize("folder", ["acrin_042/PT_AC", "sts/STS_001/PET/image", "sts_raw/STS_001/image"])
def test_real_headers(data_folder, tmp_path, folder):
    source = load_source_headers(real_series(data_folder / folder))
    save_dataset(build_encapsulated_pdf(source, b"%PDF-1.4\n", "Report", CONTEXT), tmp_path / "pdf.dcm")
    assert validity_errors(tmp_path / "pdf.dcm") == []
