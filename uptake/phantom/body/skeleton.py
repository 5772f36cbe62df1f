"""The skeleton below the neck, bone by bone, each with cortex and marrow."""

from __future__ import annotations

from uptake.phantom.body.build import Build
from uptake.phantom.body.limb_bones import limb_parts
from uptake.phantom.body.parts import Part
from uptake.phantom.body.pelvis_bones import pelvis_parts
from uptake.phantom.body.ribs import rib_cage_parts
from uptake.phantom.body.shoulder import shoulder_parts
from uptake.phantom.body.spine import spine_parts


def skeleton_parts(build: Build, *, arms_up: bool) -> tuple[Part, ...]:
    """All bones from the first rib to the knee, with discs, cartilages and the spinal canal, in painting order.

    Each bone is cortex with its marrow inset in it under the same structure's name: red in the trunk and the near ends
    of the limbs, fatty beyond. Cartilage, discs and fluid are structure ``body``. Skull, mandible and cervical spine
    belong to the head and neck.

    References
    ----------
    Cristy M, Eckerman KF. ORNL/TM-8381/V1, 1987 (places and overall sizes). ICRP Publication 70, 1995 (where active
    marrow lies in the adult). ICRP Publication 89, 2002 (masses).
    """
    return (
        *spine_parts(build),
        *rib_cage_parts(build),
        *pelvis_parts(build),
        *shoulder_parts(build, arms_up=arms_up),
        *limb_parts(build, arms_up=arms_up),
    )
