"""Uptake: lesions in oncologic PET/CT, found, measured and reported as DICOM (for research use)."""

__version__ = "0.1.0"
