"""All organs of the trunk, in painting order."""

from __future__ import annotations

from uptake.phantom.body import abdomen, bowel, chest, pelvis, vessels
from uptake.phantom.body.build import Build
from uptake.phantom.body.parts import Part


def trunk_organ_parts(build: Build) -> tuple[Part, ...]:
    """The organs between neck and thighs, to be painted over the envelope and under the skeleton.

    Sizes follow the reference adult man; a woman's come out smaller through the mapping of her body. Each organ has
    the person's own size and place.

    References
    ----------
    ICRP Publication 89, Ann ICRP 2002;32(3-4): masses of organs. Cristy M, Eckerman KF, ORNL/TM-8381/V1, 1987: the
    coordinate frame and the arrangement.
    """
    return (
        *chest.breast_parts(build),
        *chest.lung_parts(build),
        *abdomen.diaphragm_parts(),
        *chest.mediastinum_parts(build),
        *abdomen.psoas_parts(build),
        *abdomen.liver_parts(build),
        *abdomen.kidney_parts(build),
        *vessels.vessel_parts(),
        *chest.heart_parts(build),
        *vessels.aorta_parts(),
        *chest.airway_parts(),
        *chest.oesophagus_parts(),
        *bowel.small_bowel_parts(build),
        *abdomen.spleen_parts(build),
        *bowel.colon_parts(build),
        *abdomen.stomach_parts(build),
        *bowel.duodenum_parts(),
        *abdomen.pancreas_parts(build),
        *abdomen.coeliac_ganglion_parts(),
        *pelvis.bladder_parts(build),
        *pelvis.genital_parts(build),
        *pelvis.ureter_parts(build),
        *pelvis.sacral_ganglion_parts(),
    )
