"""Digital patients: bodies of known uptake, written as real DICOM."""

from uptake.phantom.demo_body import DemoTruth, Organ, Sphere
from uptake.phantom.demo_patient import make_demo_patient

__all__ = ["DemoTruth", "Organ", "Sphere", "make_demo_patient"]
