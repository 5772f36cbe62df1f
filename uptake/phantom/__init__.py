"""Digital patients: PET/CT exams whose truth is known, written as DICOM."""
