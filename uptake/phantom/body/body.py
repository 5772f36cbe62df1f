"""A whole digital patient's body as parts in painting order."""

from __future__ import annotations

from functools import lru_cache

from uptake.phantom.body.build import build_of
from uptake.phantom.body.envelope import envelope_parts
from uptake.phantom.body.head_neck import head_neck_parts
from uptake.phantom.body.parts import Part
from uptake.phantom.body.skeleton import skeleton_parts
from uptake.phantom.body.trunk_organs import trunk_organ_parts
from uptake.phantom.plan import BodyPlan


@lru_cache(maxsize=8)
def body_parts(body: BodyPlan, *, arms_up: bool) -> tuple[Part, ...]:
    """All parts of a body, in painting order: outline, organs of the trunk, skeleton, head and neck.

    Parameters
    ----------
    body
        The person.
    arms_up
        Arms beside the head, or beside the trunk.
    """
    build = build_of(body)
    return (
        *envelope_parts(build, arms_up=arms_up),
        *trunk_organ_parts(build),
        *skeleton_parts(build, arms_up=arms_up),
        *head_neck_parts(build),
    )
