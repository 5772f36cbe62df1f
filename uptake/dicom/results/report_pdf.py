"""Wraps a PDF report as a DICOM object, so that a PACS keeps it with the study."""

from __future__ import annotations

from highdicom.base import SOPClass
from pydicom import Dataset
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian

from uptake.dicom.results.codes import code
from uptake.dicom.results.output_instance import (
    DicomInstanceContext,
    complete_instance,
    instance_keywords,
    source_references,
)
from uptake.dicom.results.source_headers import SourceHeaders


def build_encapsulated_pdf(source: SourceHeaders, pdf: bytes, title: str, context: DicomInstanceContext) -> Dataset:
    """Encapsulate a PDF in the study of its PET series.

    Parameters
    ----------
    source
        Headers of the PET series.
    pdf
        The document's bytes.
    title
        Document title, cut at 1024 characters.
    context
        Time and exam number of the run.

    Raises
    ------
    ValueError
        If the bytes are not a PDF.

    References
    ----------
    DICOM PS3.3 A.45.1 (Encapsulated PDF IOD) and C.24.2 (Encapsulated Document Module).
    """
    if not pdf.startswith(b"%PDF-"):
        raise ValueError("the report's bytes are not a PDF")
    header = source.datasets[0]
    instance = SOPClass(
        study_instance_uid=header.StudyInstanceUID,
        sop_class_uid=EncapsulatedPDFStorage,
        modality="DOC",
        transfer_syntax_uid=ExplicitVRLittleEndian,
        **instance_keywords("report", context),
    )
    instance.ConversionType = "SYN"
    instance.AcquisitionDateTime = ""
    # The report's head names the patient.
    instance.BurnedInAnnotation = "YES"
    instance.SourceInstanceSequence = source_references(source)
    instance.DocumentTitle = title[:1024]
    instance.ConceptNameCodeSequence = [_title_code()]
    instance.MIMETypeOfEncapsulatedDocument = "application/pdf"
    instance.EncapsulatedDocumentLength = len(pdf)
    instance.EncapsulatedDocument = pdf + b"\x00" * (len(pdf) % 2)
    return complete_instance(instance, source, context)


def _title_code() -> Dataset:
    concept, item = code("pet_measurement_report"), Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = (
        concept.value,
        concept.scheme_designator,
        concept.meaning,
    )
    return item
