"""The CT of a planned exam, on its own grid and at its own breath."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uptake.phantom.body.body import body_parts
from uptake.phantom.body.envelope import table_parts
from uptake.phantom.body.mapping import table_mapping
from uptake.phantom.body.materials import material_hu
from uptake.phantom.body.painting import paint, paint_over
from uptake.phantom.body.parts import Part
from uptake.phantom.physics.ct import acquired
from uptake.phantom.plan import ExamPlan
from uptake.phantom.rendering.grids import body_mapping, ct_geometry
from uptake.phantom.rendering.lesions import blend, lesion_share
from uptake.volume import CtVolume

_AIR_HU = -1000.0
_NECROSIS_HU = 22.0


def render_ct(exam: ExamPlan, random: np.random.Generator) -> CtVolume:
    """Paint the exam's body and table in Hounsfield units and scan them."""
    geometry = ct_geometry(exam)
    mapping = body_mapping(exam, during_ct=True)
    table, parts = table_parts(), body_parts(exam.body, arms_up=exam.pose.arms_up)
    painted = paint(
        geometry, table, _hounsfield(table, exam.body.seed), table_mapping(exam.body, exam.pose), outside=_AIR_HU
    )
    paint_over(painted, parts, _hounsfield(parts, exam.body.seed), mapping)
    for lesion in exam.lesions:
        share = lesion_share(lesion, geometry, mapping) if lesion.hu is not None else None
        if share is not None and lesion.hu is not None:
            blend(painted.values, share, lesion.hu, min(lesion.hu, _NECROSIS_HU))
    return acquired(painted, exam.scanner, streaks=exam.streaks, metal=exam.metal, rng=random)


def _hounsfield(parts: tuple[Part, ...], seed: int) -> NDArray[np.float32]:
    hu = material_hu(seed)
    return np.array([hu[part.material] for part in parts], np.float32)
