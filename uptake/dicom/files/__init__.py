"""Finding DICOM files in a folder and reading what their headers and frames say of themselves."""
