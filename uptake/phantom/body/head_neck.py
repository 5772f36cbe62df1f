"""Head and neck, put together in painting order."""

from __future__ import annotations

from uptake.phantom.body.brain import brain_parts
from uptake.phantom.body.build import Build
from uptake.phantom.body.cervical import cervical_spine_parts
from uptake.phantom.body.neck import brown_fat_parts, ganglion_parts, neck_parts, paravertebral_fat_parts
from uptake.phantom.body.parts import Part
from uptake.phantom.body.skull import face_parts, skull_parts
from uptake.phantom.body.throat import gland_parts, mouth_parts, throat_parts


def head_neck_parts(build: Build) -> tuple[Part, ...]:
    """All parts of head and neck in body coordinates (mm), to be painted after the envelope, trunk and skeleton.

    From the vertex (z 950) to the upper end of the thorax; sizes are the reference man's, and a woman's follow from
    the mapping's scale.
    """
    return (
        *neck_parts(build),
        *skull_parts(build),
        *brain_parts(build),
        *mouth_parts(),
        *face_parts(build),
        *cervical_spine_parts(),
        *throat_parts(build),
        *brown_fat_parts(build),
        *paravertebral_fat_parts(),
        *gland_parts(build),
        *ganglion_parts(),
    )
