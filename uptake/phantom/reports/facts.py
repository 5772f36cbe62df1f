"""What a report has to say, before anybody words it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from uptake.phantom.plan import FATES

REGIONS = ("head and neck", "chest", "abdomen and pelvis", "musculoskeletal")
CATEGORIES = ("progression", "stable", "partial response", "resolution")
DISEASES = ("head-neck", "breast", "prostate", "lymphoma")
FIELDS = ("whole-body", "head-neck")
TRACERS = ("fdg", "psma-11", "psma-1007")


@dataclass(frozen=True, slots=True)
class Finding:
    """One lesion as the report gives it.

    Parameters
    ----------
    identity
        Of the lesion, the same in all exams.
    site
        A name of ``body/sites.csv``.
    region
        One of ``REGIONS``.
    laterality
        ``right``, ``left`` or empty.
    suv_max, prior_suv_max
        Body-weight SUV, g/ml; None where it is not there (any more) or there was none before.
    long_axis_mm
        None for an uptake without a mass.
    fate
        Since the exam before: one of ``plan.FATES``.

    Raises
    ------
    ValueError
        For an unknown region or fate, an SUV that is not positive, or a resolved finding that has an SUV.
    """

    identity: str
    site: str
    region: str
    laterality: str
    suv_max: float | None
    long_axis_mm: float | None = None
    prior_suv_max: float | None = None
    fate: str = "baseline"
    volume_ml: float | None = None

    def __post_init__(self) -> None:
        if self.region not in REGIONS or self.fate not in FATES or self.laterality not in ("", "right", "left"):
            raise ValueError(f"{self.identity}: no such region, fate or side: {self.region}, {self.fate}")
        if any(value is not None and not value > 0 for value in (self.suv_max, self.prior_suv_max)):
            raise ValueError(f"{self.identity}: an SUV must be positive")
        if (self.suv_max is None) != (self.fate == "resolved"):
            raise ValueError(f"{self.identity}: a finding has no SUV now exactly where it resolved")
        if self.suv_max is None and self.prior_suv_max is None:
            raise ValueError(f"{self.identity}: a resolved finding had an SUV before")


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """One exam as the report gives it.

    Parameters
    ----------
    tracer, disease, category
        One of ``TRACERS``, ``DISEASES`` and ``CATEGORIES``; no category (None) without a comparison.
    comparison_date
        Of the exam before; None for the first.
    liver_suv_mean, blood_pool_suv_mean
        Of the reference regions; None where they are out of the field of view, and the report is silent on both.
    physiological
        Organ and SUVmax of normal uptake worth a word.
    prior_liver_suv_mean
        Of the exam before, where it is to be told.
    field
        ``whole-body``, or ``head-neck``, whose report leaves out the regions below unless they hold a finding.
    stage
        Text, for example ``miN1 M1b(o)``; empty where none is given.

    Raises
    ------
    ValueError
        For an unknown tracer, disease, category or field, or where prior values, fates or a category contradict the
        comparison.
    """

    exam_date: date
    tracer: str
    disease: str
    activity_bq: float
    uptake_min: float
    weight_kg: float
    findings: tuple[Finding, ...]
    liver_suv_mean: float | None = None
    blood_pool_suv_mean: float | None = None
    comparison_date: date | None = None
    physiological: tuple[tuple[str, float], ...] = ()
    category: str | None = None
    stage: str = ""
    prior_liver_suv_mean: float | None = None
    field: str = "whole-body"

    def __post_init__(self) -> None:
        if self.tracer not in TRACERS or self.disease not in DISEASES:
            raise ValueError(f"no such tracer or disease: {self.tracer}, {self.disease}")
        if self.field not in FIELDS:
            raise ValueError(f"no such field of view: {self.field}")
        if self.category is not None and self.category not in CATEGORIES:
            raise ValueError(f"no such category: {self.category}")
        if self.comparison_date is None:
            changed = [f.identity for f in self.findings if f.prior_suv_max is not None or f.fate != "baseline"]
            if changed or self.category is not None:
                raise ValueError(f"a first exam has nothing to compare with: {changed or self.category}")
        elif self.comparison_date >= self.exam_date:
            raise ValueError(f"the comparison ({self.comparison_date}) is not before the exam ({self.exam_date})")
