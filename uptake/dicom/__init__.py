"""DICOM in and out: the only part of Uptake that knows pydicom and highdicom."""
