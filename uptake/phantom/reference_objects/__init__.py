"""Reference objects: phantoms whose SUV is known at every point, in every vendor's DICOM."""

from uptake.phantom.reference_objects.making import make_reference_objects

__all__ = ["make_reference_objects"]
