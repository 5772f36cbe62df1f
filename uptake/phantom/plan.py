"""What a digital patient is to be: the nouns that one step decides and the next one makes.

Nothing here is drawn or computed. Body coordinates are those of the stylised reference adult of Cristy and Eckerman
(ORNL/TM-8381, 1987), in millimetres: the origin in the centre of the trunk's lower end, x to the left, y to the back,
z up, which is DICOM's LPS. Patient coordinates are the scanner's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from uptake.exam import Patient
from uptake.geometry import Vector

GENERATOR_VERSION = "1"
SYSTEMS = ("head-neck", "breast-pairs", "psma", "response")
FATES = ("baseline", "resolved", "smaller", "cooler", "stable", "grown", "new", "merged", "split")


@dataclass(frozen=True, slots=True)
class BodyPlan:
    """A person's build; ``seed`` fixes the shapes and places of organs, which stay the same from exam to exam."""

    seed: int
    sex: str
    age_y: float
    height_m: float
    weight_kg: float


@dataclass(frozen=True, slots=True)
class PosePlan:
    """How the person lies in one exam.

    Parameters
    ----------
    arms_up
        Arms beside the head, or beside the trunk.
    rotation_deg
        Of the whole body about x, y and z of the patient coordinates.
    shift_mm
        Of the whole body: where the body's origin lies in patient coordinates (table position included).
    bend_seed, bend_mm
        A smooth deformation of this exam alone, and its largest displacement: nobody lies the same way twice.
    """

    arms_up: bool = True
    rotation_deg: Vector = (0.0, 0.0, 0.0)
    shift_mm: Vector = (0.0, 0.0, 0.0)
    bend_seed: int = 0
    bend_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class LesionPlan:
    """One lesion as it is in one exam.

    Parameters
    ----------
    identity
        Stays the same through all exams of a patient.
    site
        A name of ``body/sites.csv``.
    kind
        ``primary``, ``node``, ``bone``, ``liver``, ``lung``, ``soft-tissue``, ``prostate`` or ``marrow``.
    centre_mm, half_axes_mm, rotation_deg
        An ellipsoid in body coordinates; the angles about x, y and z.
    roughness_mm, seed
        Depth and source of the irregularity of its surface.
    suv
        Body-weight SUV before any blur, g/ml.
    core, core_suv
        A necrotic centre: its half axes as a share of the lesion's, and its SUV. 0: none.
    hu
        In CT; None keeps what is there (an uptake without a mass, as in marrow).
    fate
        What became of it since the exam before: one of ``FATES``.
    parents
        Identities of the lesions of the exam before that it came from, where it merged or split.
    """

    identity: str
    site: str
    kind: str
    centre_mm: Vector
    half_axes_mm: Vector
    rotation_deg: Vector
    roughness_mm: float
    seed: int
    suv: float
    core: float = 0.0
    core_suv: float = 0.0
    hu: float | None = 45.0
    fate: str = "baseline"
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TracerPlan:
    """What was injected, and what it does in healthy tissue.

    Parameters
    ----------
    name
        ``fdg``, ``psma-11`` or ``psma-1007``.
    seed
        Fixes the person's own organ uptake within the published ranges.
    traps
        Physiological uptake that looks like disease and is present in this exam: names of ``tracers/traps.csv``.
    uptake_s
        From injection to scan.
    scale
        By material, factors on its uptake (a hot liver, a suppressed marrow); 1 where absent.
    """

    name: str
    seed: int
    traps: tuple[str, ...] = ()
    uptake_s: float = 3600.0
    scale: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScannerPlan:
    """A scanner, its protocol and its way of writing DICOM.

    Parameters
    ----------
    name, vendor
        A name of ``physics/scanners.csv``, and ``ge``, ``siemens``, ``philips``, ``cps`` or ``neutral``.
    pet_spacing_mm, ct_spacing_mm
        Voxel sizes z, y, x.
    fwhm_mm, fwhm_edge_mm
        PET resolution on the axis and 200 mm beside it.
    filter_mm
        FWHM of the Gaussian filter after reconstruction.
    noise
        Coefficient of variation in the liver of a 75 kg person with 4 MBq/kg, 2 min per bed and 60 min of uptake.
    frame_duration_s
        Per bed position.
    units
        ``BQML``, ``CNTS-SUV`` (7053,1000), ``CNTS-BQML`` (7053,1009) or ``GML``.
    decay_correction
        ``START``, ``ADMIN`` or ``NONE``.
    enhanced
        Multi-frame PET and CT.
    transfer_syntax
        ``explicit``, ``rle``, ``jpeg-ls``, ``jpeg-lossless``, ``jpeg-2000`` or ``deflated``.
    """

    name: str
    vendor: str
    pet_spacing_mm: Vector
    ct_spacing_mm: Vector
    fwhm_mm: float
    fwhm_edge_mm: float
    filter_mm: float
    noise: float
    frame_duration_s: float
    units: str = "BQML"
    decay_correction: str = "START"
    enhanced: bool = False
    transfer_syntax: str = "explicit"


@dataclass(frozen=True, slots=True)
class ExamPlan:
    """One PET/CT exam of one person.

    Parameters
    ----------
    number
        1 is the first in time.
    activity_bq
        Injected, at ``injected``.
    field
        ``whole-body`` (vertex to mid-thigh) or ``head-neck`` (vertex to below the collar bones).
    breath_mm, ct_breath_mm
        Path of the diaphragm during the PET, over which it is blurred, and how far below the PET's mean position it
        stood during the CT.
    metal, streaks
        Dental fillings or a hip, and how strong their streaks and those of the shoulders are (0 to 1), in CT.
    """

    number: int
    body: BodyPlan
    pose: PosePlan
    tracer: TracerPlan
    scanner: ScannerPlan
    lesions: tuple[LesionPlan, ...]
    activity_bq: float
    injected: datetime
    field: str = "whole-body"
    breath_mm: float = 8.0
    ct_breath_mm: float = 4.0
    metal: bool = False
    streaks: float = 0.3


@dataclass(frozen=True, slots=True)
class PatientPlan:
    """A person, the exams in time order, and what the exams are meant to show.

    Parameters
    ----------
    system
        One of ``SYSTEMS``.
    identity
        Text that every UID and every seed derives from.
    disease
        ``head-neck``, ``breast``, ``prostate`` or ``lymphoma``.
    intended
        By criterion (``percist``, ``lugano``, ``deauville``, ``suvmax-25``, ``onconet``, ``sulpeak``, ``tlg``, ``pbi``,
        ``pli``, ``recip``, ``mitnm``), the category that the exams were built to have.
    scenario
        The pattern it was built from (``complete``, ``partial``, ``N2 M1b-o`` ...).
    borderline
        Belongs to the set whose measurements lie near a cut-off on purpose.
    follow_up_days, event
        Time to progression or last contact, and whether the event was seen; None where no survival is drawn.
    """

    patient: Patient
    system: str
    identity: str
    disease: str
    exams: tuple[ExamPlan, ...]
    intended: Mapping[str, str]
    scenario: str
    borderline: bool = False
    follow_up_days: float | None = None
    event: bool | None = None
