"""What is measured in a noise-free exam within its truth labels; no code is shared with the product's own measures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from uptake.phantom.checking.anatomy import numbers_of, numbers_of_group, sites
from uptake.phantom.checking.peak import peak
from uptake.phantom.checking.reference_regions import Reference, blood_pool, core_mean, liver_sphere
from uptake.phantom.plan import BodyPlan, ExamPlan, LesionPlan
from uptake.volume import LabelMap, SuvVolume


@dataclass(frozen=True, slots=True)
class MeasuredLesion:
    """One lesion of an exam, within its truth label.

    Parameters
    ----------
    identity, site, kind, fate, parents
        As planned (``LesionPlan``).
    mitnm, in_thorax
        What its site counts as: ``T``, ``N``, ``M1a``, ``M1b``, ``M1c`` or ``-``; and whether it is thoracic.
    suv_max, suv_mean, suv_peak, sul_peak
        g/ml; the peaks in a sphere of 1 cm3. 0 where the lesion has no voxel.
    mtv_ml, tlg_g
        Volume of its voxels, and that times the mean SUV.
    """

    identity: str
    site: str
    kind: str
    fate: str
    parents: tuple[str, ...]
    mitnm: str
    in_thorax: bool
    suv_max: float
    suv_mean: float
    suv_peak: float
    sul_peak: float
    mtv_ml: float
    tlg_g: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One exam's numbers. SUV in g/ml; None where the organ is not in the image.

    Parameters
    ----------
    sul_per_suv
        Lean body mass over body weight: SUL = SUV x this.
    parotid_suv, spleen_suv
        Means of the organs' inner parts.
    liver_ml, bone_ml
        Volumes of the organ and of all bones in the image.
    """

    number: int
    lesions: tuple[MeasuredLesion, ...]
    sul_per_suv: float
    liver: Reference | None
    blood_pool: Reference | None
    parotid_suv: float | None
    spleen_suv: float | None
    liver_ml: float
    bone_ml: float

    @property
    def present(self) -> tuple[MeasuredLesion, ...]:
        """The lesions that are there: planned as resolved, they are not."""
        return tuple(lesion for lesion in self.lesions if lesion.fate != "resolved")


def measure_exam(noise_free: SuvVolume, lesions: LabelMap, structures: LabelMap, plan: ExamPlan) -> Measured:
    """Measure an exam's lesions and reference regions.

    Parameters
    ----------
    noise_free
        SUV after resolution and breathing, before noise.
    lesions
        On the same grid; 1 is the first of the plan's lesions.
    structures
        On the same grid; numbers of ``body/structures.csv``.

    Raises
    ------
    ValueError
        If the three are not on one grid, or a lesion label has no lesion in the plan.
    """
    geometry = noise_free.geometry
    if not (lesions.geometry.same_grid(geometry) and structures.geometry.same_grid(geometry)):
        raise ValueError("the PET and its truth labels must lie on one grid")
    if int(lesions.array.max(initial=0)) > len(plan.lesions):
        raise ValueError(f"label {int(lesions.array.max())} but only {len(plan.lesions)} lesions are planned")
    ratio = lean_body_mass_kg(plan.body) / plan.body.weight_kg
    boxes = ndimage.find_objects(lesions.array, max_label=len(plan.lesions))
    found = [
        _measure(noise_free, lesions, number, box, lesion, ratio)
        for number, (box, lesion) in enumerate(zip(boxes, plan.lesions, strict=True), start=1)
    ]
    count = np.bincount(structures.array.ravel(), minlength=256)
    return Measured(
        number=plan.number,
        lesions=tuple(found),
        sul_per_suv=ratio,
        liver=liver_sphere(noise_free, structures, lesions),
        blood_pool=blood_pool(noise_free, structures),
        parotid_suv=core_mean(noise_free, structures, "parotid_right", "parotid_left"),
        spleen_suv=core_mean(noise_free, structures, "spleen"),
        liver_ml=float(count[list(numbers_of("liver"))].sum()) * geometry.voxel_volume_ml,
        bone_ml=float(count[list(numbers_of_group("bone"))].sum()) * geometry.voxel_volume_ml,
    )


def lean_body_mass_kg(body: BodyPlan) -> float:
    """Lean body mass by sex, weight and body mass index.

    References
    ----------
    Janmahasatian S et al., Clin Pharmacokinet 2005;44:1051-1065.
    """
    body_mass_index = body.weight_kg / body.height_m**2
    if body.sex == "M":
        return 9270 * body.weight_kg / (6680 + 216 * body_mass_index)
    return 9270 * body.weight_kg / (8780 + 244 * body_mass_index)


def _measure(
    suv: SuvVolume,
    labels: LabelMap,
    number: int,
    box: tuple[slice, ...] | None,
    lesion: LesionPlan,
    sul_per_suv: float,
) -> MeasuredLesion:
    site = sites()[lesion.site]
    highest = mean = peak_suv = volume_ml = 0.0
    if box is not None:
        inside = np.argwhere(labels.array[box] == number) + [part.start for part in box]
        values = suv.array[tuple(inside.T)].astype(np.float64)
        highest, mean = float(values.max()), float(values.mean())
        peak_suv = peak(suv.array, inside, suv.geometry.spacing_mm)
        volume_ml = len(values) * suv.geometry.voxel_volume_ml
    return MeasuredLesion(
        identity=lesion.identity,
        site=lesion.site,
        kind=lesion.kind,
        fate=lesion.fate,
        parents=lesion.parents,
        mitnm=site.mitnm,
        in_thorax=site.in_thorax,
        suv_max=highest,
        suv_mean=mean,
        suv_peak=peak_suv,
        sul_peak=peak_suv * sul_per_suv,
        mtv_ml=volume_ml,
        tlg_g=volume_ml * mean,
    )
